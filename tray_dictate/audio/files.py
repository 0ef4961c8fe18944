"""Reads sound files of any format as one channel at the engine's rate.

Files are read in blocks, so that three hours need no more memory than three seconds. Headers are
not trusted: they may be damaged, unfinished, or forged to fill the memory.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import soundfile
import soxr

from tray_dictate.audio.header import WholeFile
from tray_dictate.core.errors import AudioFileError

STDIN = Path("-")
_FORMATS = "Give a WAV, FLAC, OGG or MP3 file."
_BLOCK = 32768  # samples of each channel
_RATES = range(1000, 768_001)  # Hz
_CHANNELS = 32
_LONGEST = 24 * 3600.0  # seconds: a megabyte of compressed silence can be weeks
_LARGEST_PIPE = 32 << 30  # bytes
_soundfile, _soxr = cast("Any", soundfile), cast("Any", soxr)  # they have no types
Samples = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class _Forward(_soundfile.SoundFile):  # pyright: ignore[reportUntypedBaseClass]
    """Reads forward only: a FLAC file from a pipe has no length, so seeking in it fails."""

    def seekable(self) -> bool:
        """Return False: soundfile asks this before it seeks."""
        return False


class Sound:
    """An open file. Each method raises AudioFileError; a pipe is read to its end first."""

    def __init__(self, path: Path) -> None:
        """`path` may be STDIN."""
        self.name = "stdin" if path == STDIN else str(path)
        self.torn = ""  # the error where the file cannot be read to its end
        self._ending = ExitStack()
        with ExitStack() as ending:
            self._whole = WholeFile(ending.enter_context(_opened(path, self.name)))
            self._sound = self._opened_sound()
            ending.callback(self._sound.close)
            self._ending = ending.pop_all()

    @property
    def seconds(self) -> float:
        """The length by the file's header; 0 where it gives none."""
        frames = self._sound.frames
        return frames / self._sound.samplerate if 0 < frames < 1 << 48 else 0.0

    def blocks(self, rate: int) -> Iterator[bytes]:
        """Yield the sound once as PCM16 mono, `rate` samples a second, in pieces of any length."""
        native = self._sound.samplerate
        resampler = (
            _soxr.ResampleStream(native, rate, 1, dtype="float32") if native != rate else None
        )  # fmt: skip
        heard = 0
        while len(block := self._next(first=not heard)):
            heard += len(block)
            if heard > _LONGEST * native:
                raise self._too_long()
            mono = block.mean(axis=1, dtype=np.float32)
            yield _pcm16(resampler.resample_chunk(mono) if resampler else mono)
        if not heard:
            raise AudioFileError(f"{self.name} is empty: it holds no sound. {_FORMATS}")
        if resampler:
            yield _pcm16(resampler.resample_chunk(np.zeros(0, np.float32), last=True))

    def close(self) -> None:
        """Close the file; idempotent."""
        self._ending.close()

    def _opened_sound(self) -> Any:
        """Open the sound in the file. Raises AudioFileError."""
        if not self._whole.read(1):
            raise AudioFileError(f"{self.name} is empty: it holds no sound. {_FORMATS}")
        self._whole.seek(0)
        sound: Any = self._checked(lambda: _Forward(self._whole))
        rate, channels = sound.samplerate, sound.channels
        if rate not in _RATES or channels > _CHANNELS:
            raise AudioFileError(
                f"{self.name} says that it has {rate} samples a second and {channels} channels; "
                f"speech has {_RATES[0]} to {_RATES[-1]} and at most {_CHANNELS}. Its header is "
                "damaged: convert it again."
            )
        if sound.frames == 0:
            raise AudioFileError(f"{self.name} is empty: it holds no sound. {_FORMATS}")
        if sound.frames < 1 << 48 and sound.frames > _LONGEST * rate:
            raise self._too_long()
        return sound

    def _next(self, *, first: bool) -> Samples:
        """Return all channels, -1 to 1; an empty block at the end, or before a damaged rest."""
        try:
            return self._checked(lambda: self._sound.read(_BLOCK, dtype="float32", always_2d=True))
        except AudioFileError as error:
            if first:
                raise
            self.torn = str(error)
            return np.zeros((0, 1), np.float32)

    def _checked(self, work: Callable[[], Any]) -> Any:
        try:
            done = work()
        except _soundfile.LibsndfileError as error:
            raise AudioFileError(
                f"{self.name} is not a sound file that can be read: {error.error_string} {_FORMATS}"
            ) from error
        except MemoryError as error:
            raise AudioFileError(
                f"{self.name} needs more memory than this computer has."
            ) from error
        if self._whole.trouble:
            raise _unreadable(self.name, self._whole.trouble)
        return done

    def _too_long(self) -> AudioFileError:
        return AudioFileError(
            f"{self.name} holds more than {_LONGEST / 3600:g} hours of sound. Cut it into pieces."
        )


def is_pipe(path: Path) -> bool:
    """Return whether the file is a pipe, so that reading it may wait for another program."""
    with suppress(OSError):  # it cannot be looked at: opening it says why
        return path == STDIN or path.is_fifo()
    return False


def read(path: Path, rate: int) -> bytes:
    """Return the file's sound as PCM16 mono, `rate` samples per second. Raises AudioFileError."""
    sound = Sound(path)
    try:
        return b"".join(sound.blocks(rate))
    except MemoryError as error:
        raise AudioFileError(f"{path} needs more memory than this computer has.") from error
    finally:
        sound.close()


def _pcm16(mono: np.ndarray[Any, np.dtype[np.float32]]) -> bytes:
    return np.round(np.clip(mono, -1, 32767 / 32768) * 32768).astype("<i2").tobytes()


def _opened(path: Path, name: str) -> BinaryIO:
    """Return the open file, or the copy of a pipe, which cannot seek."""
    try:
        file = _stdin() if path == STDIN else path.open("rb")
        if file.seekable():
            return file
        with file:
            return _copied(file, name)
    except FileNotFoundError as error:
        raise AudioFileError(f"{name} does not exist. Check the name.") from error
    except OSError as error:
        raise _unreadable(name, error) from error


def _stdin() -> BinaryIO:
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - closed, or pythonw.exe
        raise AudioFileError("There is no stdin to read.")
    if sys.stdin.closed:
        raise AudioFileError("stdin has been read already.")
    return sys.stdin.buffer


def _copied(pipe: BinaryIO, name: str) -> BinaryIO:
    """Return a nameless file with everything read from the pipe.

    Raises OSError, AudioFileError.
    """
    if pipe.isatty():
        raise AudioFileError(f"{name} is a terminal. Redirect a sound file into it: < FILE")
    with ExitStack() as ending:
        copy = ending.enter_context(tempfile.TemporaryFile())
        while block := pipe.read(1 << 20):
            copy.write(block)
            if copy.tell() > _LARGEST_PIPE:
                raise AudioFileError(f"{name} sends more than {_LARGEST_PIPE >> 30} GiB.")
        copy.seek(0)
        ending.pop_all()
    return cast("BinaryIO", copy)


def _unreadable(name: str, error: OSError) -> AudioFileError:
    return AudioFileError(f"{name} cannot be read: {error.strerror or error}.")
