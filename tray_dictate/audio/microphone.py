"""The microphone: PortAudio's callback -> async chunks, for one recording at a time.

It is open from the key-down to the end of the tail and no longer, unless `audio.warm` keeps it:
then a ring of the last moments (the pre-roll) stands before the next recording. PortAudio tells
nothing of a stalled device: only the time since the last callback does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from tray_dictate.audio import sources
from tray_dictate.audio.portaudio import PortAudio, library
from tray_dictate.bridge import Bridge
from tray_dictate.config import AudioSettings
from tray_dictate.errors import CaptureError
from tray_dictate.pcm import SAMPLE, Resampler, peak, seconds

log = logging.getLogger(__name__)

_FIRST_SAMPLE = 5.0  # seconds to wait for: a Bluetooth headset changes its profile first
_STALLED = 1.5  # seconds without a callback
_SILENT = 2.0  # seconds of nothing but zeros: a real microphone has noise
_FAINT = 0.003  # full scale: below this in a whole recording, nobody was heard


class Microphone:
    """ports.Microphone over PortAudio; lives on the loop."""

    def __init__(
        self,
        settings: AudioSettings,
        portaudio: PortAudio,
        bridge: Bridge,
        on_notice: Callable[[str], None],
    ) -> None:
        self._settings, self._portaudio, self._bridge = settings, portaudio, bridge
        self._notice = on_notice
        self._stream: Any = None
        self._serial = 0  # of the stream: late callbacks of a closed one are dropped
        self._resampler: Resampler | None = None
        self._rate = 0
        self._captures: list[Recording] = []
        self._ring = b""
        self._opening = asyncio.Lock()
        self._cooling: asyncio.TimerHandle | None = None
        self._background: asyncio.Task[None] | None = None  # a task needs someone to hold it
        self._last_callback = 0.0
        self._missing = ""
        self.overflows = 0

    def capture(self, rate: int) -> Recording:
        """Return a recording to be opened, at `rate` samples per second."""
        return Recording(self, rate)

    async def warm_up(self, rate: int) -> None:
        """Load PortAudio, and open the device where it is to be open always; see ports."""
        await self._portaudio.call(library)
        if self._settings.warm == "always":
            await self._ensure(rate)

    async def close(self) -> None:
        """Let go of the device."""
        async with self._opening:
            await self._shut()

    async def attach(self, recording: Recording, rate: int) -> None:
        """Give the recording what comes from now on, after the pre-roll. Raises CaptureError."""
        for earlier in self._captures:  # its tail would be heard twice
            earlier.stop()
        if self._cooling:
            self._cooling.cancel()
        self._captures.append(recording)
        try:
            await self._ensure(rate)
        except BaseException:
            self._captures.remove(recording)
            raise
        if self._ring:
            recording.put(self._ring)
            self._ring = b""

    async def detach(self, recording: Recording) -> None:
        """Take the recording off; close the device, or keep it warm."""
        self._captures.remove(recording)
        if self._captures:
            return
        warm = self._settings.warm
        if warm == 0:
            await self.close()
        elif warm != "always":
            loop = asyncio.get_running_loop()
            self._cooling = loop.call_later(warm, self._cool)

    def check(self) -> None:
        """Raise CaptureError where the open device has stopped sending."""
        silent_for = asyncio.get_running_loop().time() - self._last_callback
        if silent_for > _STALLED and self._stream is not None:
            raise CaptureError(
                "The microphone stopped sending sound. "
                "Check that it is connected, or choose another with audio.device."
            )

    def _cool(self) -> None:
        if not self._captures:
            self._background = asyncio.get_running_loop().create_task(self.close())

    async def _ensure(self, rate: int) -> None:
        async with self._opening:
            if self._stream is not None and self._rate == rate:
                return
            await self._shut()
            self._serial += 1
            heard = partial(self._heard, self._serial)
            ended = partial(self._ended, self._serial)
            work = partial(
                self._open,
                rate,
                partial(self._bridge.post, heard),
                partial(self._bridge.post, ended),
            )
            self._stream, actual = await self._portaudio.call(work)
            self._rate = rate
            self._resampler = Resampler(actual, rate) if actual != rate else None
            loop = asyncio.get_running_loop()
            self._last_callback = loop.time() + _FIRST_SAMPLE - _STALLED
            self._background = loop.create_task(self._portaudio.call(self._look_for_mute))

    def _open(self, rate: int, on_audio: Any, on_end: Any) -> tuple[Any, int]:
        """Open the chosen microphone, else the default one; blocks, on PortAudio's worker."""
        device = sources.point_at(self._wanted())
        try:
            return self._portaudio.open_input(device, rate, on_audio, on_end)
        except CaptureError as first:
            log.info("trying once more after: %s", first)
            self._portaudio.rescan()
            device = sources.point_at(self._wanted())
            return self._portaudio.open_input(device, rate, on_audio, on_end)

    def _wanted(self) -> sources.Source | None:
        """Return the microphone of `audio.device`, None for the default one."""
        wanted = self._settings.device
        if not wanted:
            return None  # nothing to look up: the fastest way to the first sample
        source = sources.choose(sources.sources(self._portaudio), wanted)
        if source is None:
            self._portaudio.rescan()
            source = sources.choose(sources.sources(self._portaudio), wanted)
        if source is None:
            self._tell_missing(wanted)
        return source

    def _look_for_mute(self) -> None:
        """Tell the user where the sound server says that the microphone is muted; blocks."""
        source = sources.choose(sources.sources(self._portaudio), self._settings.device)
        if source is not None and source.muted:
            self._tell(f"The microphone {source.name!r} is muted. Unmute it in the sound settings.")

    def _tell_missing(self, wanted: str) -> None:
        if self._missing != wanted:  # once, not at every press
            self._missing = wanted
            self._tell(
                f"No microphone has {wanted!r} in its name; the default one is used. "
                "Connect it, or set audio.device (tray-dictate devices lists them)."
            )

    def _tell(self, message: str) -> None:
        self._bridge.post(self._notice, message)

    async def _shut(self) -> None:
        stream, self._stream, self._ring = self._stream, None, b""
        if stream is not None:
            await self._portaudio.call(partial(self._portaudio.end, stream))

    def _heard(self, serial: int, data: bytes, lost: bool) -> None:
        """Take what a callback brought."""
        if serial != self._serial:
            return
        self._last_callback = asyncio.get_running_loop().time()
        if lost:
            self.overflows += 1
            log.warning("samples were lost before this chunk (%d times so far)", self.overflows)
        chunk = self._resampler.feed(data) if self._resampler else data
        for recording in self._captures:
            recording.put(chunk)
        if not self._captures:
            keep = int(self._rate * self._settings.preroll_ms / 1000) * SAMPLE
            self._ring = (self._ring + chunk)[-keep:] if keep else b""

    def _ended(self, serial: int) -> None:
        """Learn that PortAudio ended the stream: the device or the sound server has gone."""
        if serial != self._serial or self._stream is None:
            return
        gone = CaptureError(
            "The microphone has gone away. Connect it again; what you said until then is kept."
        )
        for recording in self._captures:
            recording.fail(gone)
        self._background = asyncio.get_running_loop().create_task(self.close())

    def report(self, message: str) -> None:
        """Tell the user something of this recording."""
        self._notice(message)


class Recording:
    """ports.Capture: one recording."""

    def __init__(self, microphone: Microphone, rate: int) -> None:
        self._microphone, self._rate = microphone, rate
        self._chunks: asyncio.Queue[bytes | CaptureError | None] = asyncio.Queue()
        self._stopped = False
        self._zeros = self._captured = 0.0  # seconds
        self._loudest = 0.0

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Start the microphone; see ports.Capture."""
        await self._microphone.attach(self, self._rate)
        try:
            yield self._iterate()
        finally:
            await self._microphone.detach(self)
            if self._captured > 1 and 0 < self._loudest < _FAINT:
                self._microphone.report(
                    "The microphone is very quiet: hardly anything was heard. "
                    "Raise its level in the sound settings, or choose another with audio.device."
                )

    def stop(self) -> None:
        """End the iterator after what is queued."""
        if not self._stopped:
            self._stopped = True
            self._chunks.put_nowait(None)

    def put(self, chunk: bytes) -> None:
        """Queue a chunk, unless it was stopped."""
        if chunk and not self._stopped:
            self._chunks.put_nowait(chunk)

    def fail(self, error: CaptureError) -> None:
        """End the iterator with an error after what is queued."""
        if not self._stopped:
            self._stopped = True
            self._chunks.put_nowait(error)

    async def _iterate(self) -> AsyncIterator[bytes]:
        while True:
            try:
                chunk = await asyncio.wait_for(self._chunks.get(), 1)
            except TimeoutError:
                self._microphone.check()
                continue
            if chunk is None:
                return
            if isinstance(chunk, CaptureError):
                raise chunk
            self._listen(chunk)
            yield chunk

    def _listen(self, chunk: bytes) -> None:
        """Notice a microphone that sends only zeros, once in a recording."""
        length, level = seconds(len(chunk), self._rate), peak(chunk)
        self._captured += length
        self._loudest = max(self._loudest, level)
        before, self._zeros = self._zeros, self._zeros + length if self._loudest == 0 else 0.0
        if before < _SILENT <= self._zeros:
            self._microphone.report(
                "The microphone sends only silence. It may be muted, by a switch on it or in the "
                "sound settings; or choose another with audio.device."
            )
