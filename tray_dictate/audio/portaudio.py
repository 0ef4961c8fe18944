"""Opens and closes PortAudio's streams on a thread of their own: a device may take seconds.

A call may also never return: if a stream dies before its first sample, PortAudio up to 19.7 waits
for an endless loop of its own (its issue 1037), and if the sound server is stopped, a call waits
for the server. Then all that wait for the thread get an error, and `hung` is emitted. Only another
process can record, unless the call returns after all.

PortAudio lists the devices once, when it starts; only restarting it, with no stream open, finds
devices that were plugged in since.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import Any, TypeVar, cast

from tray_dictate.audio.sound_server import SoundServer
from tray_dictate.core.errors import CaptureError
from tray_dictate.core.signals import Signal
from tray_dictate.system.lifetime import acquire, release
from tray_dictate.system.remedies import ALLOW_MICROPHONE, RESTART_SOUND, SOUND_LIBRARY
from tray_dictate.system.worker import Worker

log = logging.getLogger(__name__)
T = TypeVar("T")

_REMEDY = f"{ALLOW_MICROPHONE[0].upper()}{ALLOW_MICROPHONE[1:]}."
NO_ANSWER = "The sound system does not answer."
HANGS = f"{NO_ANSWER} {RESTART_SOUND}"
_PATIENCE = 8.0  # seconds for a call: a Bluetooth headset, or many sound cards, take some
_CUE = 3.0  # seconds for a cue
_BLOCKS = 100  # a second: speech arrives two blocks late, so small blocks are quick

OnAudio = Callable[[bytes, bool], None]  # PCM16 mono, whether samples were lost before it
Opened = tuple[Any, int]  # a running stream, and its samples per second


class PortAudio:
    """The library, loaded at first use (it scans the sound cards).

    One worker opens and closes; cues play on another, so that no microphone waits for them.
    """

    def __init__(
        self, load: Callable[[], Any] | None = None, *, patience: float = _PATIENCE
    ) -> None:
        """`load` returns the library; without, it is sounddevice. A call of `patience` s hangs."""
        self.library = load or library
        self.server = SoundServer()  # to which a device of ALSA leads; asked on the worker
        self.hung = Signal[()]()  # on the loop; again at each further wait
        self._worker = Worker("microphone", patience)
        self._player = Worker("cues", min(patience, _CUE))
        self._waiting = set[asyncio.Timeout]()
        self._watch: asyncio.TimerHandle | None = None
        self._open = 0
        self._playing = threading.Lock()
        self._stderr = _Stderr()

    @property
    def hangs(self) -> bool:
        """Whether a call does not return, so that nothing can be opened or closed."""
        return self._worker.hangs

    async def call(self, work: Callable[[], T]) -> T:
        """Run blocking work on the worker. Raises CaptureError where that hangs."""
        return await self._bounded(self._call(work))

    async def acquire(self, work: Callable[[], Opened]) -> Opened:
        """Return a stream that `work` opens on the worker; end it where this is cancelled.

        Raises CaptureError where the worker hangs; the stream is ended if it opens after all.
        """
        return await self._bounded(acquire(work, lambda opened: self.end(opened[0]), self._worker))

    async def release(self, stream: Any) -> None:
        """End a stream on the worker, also where this is cancelled.

        Raises CaptureError where the worker hangs; the stream is ended if the worker goes on.
        """
        await self._bounded(release(partial(self.end, stream), self._worker))

    def wait(self, work: Callable[[], T]) -> T:
        """Run blocking work on the worker, and block. Raises CaptureError where that hangs."""
        answer = self._worker.submit(work)
        try:
            return answer.result(max(0.0, self._worker.left))
        except TimeoutError:
            if answer.done():
                raise
            self._stderr.restore()
            raise CaptureError(HANGS) from None

    def play(self, samples: bytes, rate: int) -> Future[None]:
        """Play PCM16 mono in the background, after the cues that play already."""
        return self._player.submit(self._play, samples, rate)

    def close(self) -> None:
        """End the workers, after the streams that they still have to end, unless one hangs."""
        self._player.shutdown(cancel_futures=True)
        self._worker.shutdown()

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    async def _bounded(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of work that waits for the worker. Raises CaptureError if it hangs."""
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._waiting.add(limit)
                self._watch = self._watch or self._look_later()
                return await work
        except TimeoutError:
            if limit.expired():
                raise CaptureError(HANGS) from None
            raise
        finally:
            self._waiting.discard(limit)

    def _look_later(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, self._worker.left), self._look)

    def _look(self) -> None:
        """If a call hangs, end the waiting for it, and emit `hung` even if nothing waits."""
        self._watch = None
        if self._worker.hangs:
            self._stderr.restore()
            log.warning("a call into the sound library does not return")
            while self._waiting:
                self._waiting.pop().reschedule(0)
            self.hung.emit()
        elif self._worker.is_busy:
            self._watch = self._look_later()

    # What follows blocks: call it through `call`.

    def inputs(self) -> list[tuple[int, str, bool]]:
        """Return (index, name, is the default) of every device that records.

        Raises CaptureError.
        """
        sd = self.library()
        with _in_words(sd):
            default = sd.default.device[0]
            return [
                (index, str(info["name"]), index == default)
                for index, info in enumerate(sd.query_devices())
                if info["max_input_channels"] > 0
            ]

    def rescan(self) -> None:
        """Find new devices by restarting PortAudio, unless a stream is open or a cue plays.

        Raises CaptureError.
        """
        if self._open == 0 and self._playing.acquire(blocking=False):
            try:
                sd = self.library()
                with suppress(sd.PortAudioError):  # it may not have begun the last time
                    sd._terminate()  # noqa: SLF001 - the documented way, without a public name
                with _in_words(sd):
                    sd._initialize()  # noqa: SLF001
            finally:
                self._playing.release()

    def open_input(
        self, device: int | None, rate: int, on_audio: OnAudio, on_end: Callable[[], None]
    ) -> Opened:
        """Return a running stream and its rate: `rate`, or the device's own where it refuses.

        Raises CaptureError. `on_audio` and `on_end` run on PortAudio's thread.
        """
        sd = self.library()

        def callback(data: Any, _frames: int, _time: object, status: Any) -> None:
            on_audio(bytes(data), bool(status.input_overflow))  # copy, hand over, return

        def start(at: int) -> Any:
            stream = sd.RawInputStream(
                samplerate=at, blocksize=at // _BLOCKS, device=device, channels=1, dtype="int16",
                callback=callback, finished_callback=on_end,
            )  # fmt: skip
            try:
                stream.start()
            except BaseException:
                stream.close()  # it is open, though it does not run
                raise
            return stream

        try:
            try:
                stream, actual = start(rate), rate
            except sd.PortAudioError as refused:
                actual = int(sd.query_devices(device, "input")["default_samplerate"])
                if actual == rate:
                    raise
                log.info("the microphone refuses %d Hz (%s); opening at %d", rate, refused, actual)
                stream = start(actual)
        except (sd.PortAudioError, ValueError) as reason:
            raise CaptureError(f"The microphone would not open: {_words(reason)}.") from reason
        self._open += 1
        return stream, actual

    def end(self, stream: Any) -> None:
        """Close a stream at once: `stop()` would wait forever for a stalled device."""
        self._open -= 1
        try:
            stream.abort()
            stream.close()
        except self.library().PortAudioError as reason:
            log.debug("closing a stream: %s", reason)

    def _play(self, samples: bytes, rate: int) -> None:
        try:
            sd = self.library()
            with (
                self._playing,
                sd.RawOutputStream(samplerate=rate, channels=1, dtype="int16") as stream,
            ):
                stream.write(samples)
        except Exception as reason:  # noqa: BLE001 - an ornament, at a thread's boundary
            log.info("the cue could not be played: %s", reason)


class _Stderr:
    """Where stderr leads: sounddevice sends it nowhere while PortAudio starts, which may hang."""

    def __init__(self) -> None:
        self._copy: int | None = None
        with suppress(OSError):  # a program without a terminal may have none
            self._copy = os.dup(2)

    def restore(self) -> None:
        """Have it lead there again."""
        if self._copy is not None:
            os.dup2(self._copy, 2)


@cache
def library() -> Any:
    """Import sounddevice. Raises CaptureError where PortAudio is missing, or fails to start."""
    os.environ.setdefault("PIPEWIRE_ALSA", '{ application.name = "tray_dictate" }')
    os.environ.setdefault("PULSE_PROP_application.name", "tray_dictate")
    try:
        import sounddevice  # noqa: PLC0415 - loads PortAudio, which may be missing
    except OSError as reason:
        raise CaptureError(
            f"The sound library is missing: {reason}. Install it: {SOUND_LIBRARY}."
        ) from reason
    except Exception as reason:
        raise CaptureError(f"The sound system fails: {_words(reason)}. {_REMEDY}") from reason
    sd = cast("Any", sounddevice)
    atexit.unregister(sd._exit_handler)  # noqa: SLF001 - it waits for a stream that hangs
    _drop_plugins()
    return sd


def _drop_plugins() -> None:
    """Unload what ALSA has loaded to list the devices: libavcodec and more, 11 MB on Debian.

    ALSA counts a plugin's users; those in use stay, and the others are loaded again when needed.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # PortAudio may have been built without ALSA
            ctypes.CDLL("libasound.so.2").snd_config_update_free_global()


@contextmanager
def _in_words(sd: Any) -> Generator[None]:
    """Raise CaptureError where the sound system as a whole fails."""
    try:
        yield
    except sd.PortAudioError as reason:
        raise CaptureError(f"The sound system fails: {_words(reason)}. {_REMEDY}") from reason


def _words(reason: Exception) -> str:
    """Return PortAudio's own words without its prefixes and codes."""
    text = str(reason).removeprefix("Error opening RawInputStream: ")
    return text.split(" [PaErrorCode")[0].rstrip(".")
