"""The microphone, and its recordings as async iterators of chunks.

The device is open from the key-down to the end of the tail, unless `audio.warm` keeps it open
longer: then the last moments of sound (the pre-roll) are put before the next recording. PortAudio
does not report a stalled device: only the time since the last callback shows it.

A device that disappears during a take is replaced by the one that the sound server or PortAudio
offers next; the take goes on, and the user is told how many seconds were not recorded. Where
PortAudio itself hangs, recordings end with what they have.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tray_dictate.audio import devices
from tray_dictate.audio.blocks import NOT_YET, Blocks
from tray_dictate.audio.devices import Picked
from tray_dictate.audio.highpass import HighPass
from tray_dictate.audio.portaudio import Opened, PortAudio
from tray_dictate.audio.sound_server import Route
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.errors import CaptureError
from tray_dictate.core.pcm import HOP, SAMPLE, seconds
from tray_dictate.core.ports import Notifier
from tray_dictate.core.samples import Resampler, peak
from tray_dictate.core.signals import Signal
from tray_dictate.system.lifetime import finish
from tray_dictate.system.threads import Bridge, TaskSet

log = logging.getLogger(__name__)

_GONE = "The microphone has gone away. Reconnect it; what you said until then is kept."
_SILENT = 2.0  # seconds of nothing but zeros: a real microphone has noise
_FAINT = 0.003  # of full scale: a recording below this contains no speech
_CHECK = 0.5  # seconds between two looks at whether the device still sends
_RESTING = 0.2  # seconds of sound that are handed over at once while nothing is recorded


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a device may take, in seconds."""

    first_sample: float = 5.0  # a Bluetooth headset changes its profile first
    stalled: float = 1.5  # without a callback
    replacement: float = 5.0  # to find the next device: a sound server takes two to come back
    first_sample_of_next: float = 2.5
    retry: float = 0.2  # between two tries to open one
    slow_retry: float = 15.0  # the same, while nothing is recorded


_LIMITS = Limits()


class Recording:
    """ports.Capture: one recording."""

    def __init__(self, microphone: Microphone, rate: int) -> None:
        self._microphone, self._rate = microphone, rate
        self._chunks: asyncio.Queue[bytes | CaptureError | None] = asyncio.Queue()
        self._stopped = False
        self._pace = HOP  # seconds
        self._queued = 0  # samples
        self._zeros = self._captured = 0.0  # seconds
        self._loudest = 0.0

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Start the microphone; see ports.Capture."""
        await self._microphone.attach(self, self._rate)
        self._check_later()
        try:
            yield self._iterate()
        finally:
            self._checking.cancel()
            await self._microphone.detach(self)
            if self._captured > 1 and 0 < self._loudest < _FAINT:
                self._microphone.report(
                    "The microphone is very quiet: hardly anything was heard. "
                    "Raise its level in the sound settings, or choose another with audio.device."
                )

    def pace(self, seconds: float) -> None:
        """Yield chunks of about this length; see ports.Capture."""
        if seconds != self._pace:
            self._pace = seconds
            if seconds:
                self._microphone.gather()
            else:
                self._microphone.catch_up()

    def stop(self) -> None:
        """End the iterator after what was recorded until now."""
        if not self._stopped:
            self._microphone.catch_up()
            self._stopped = True
            self._chunks.put_nowait(None)

    @property
    def wanted(self) -> float:
        """The seconds of sound until something can be done with it; 0 if it is wanted at once.

        The first sample starts a cue, and what follows completes a multiple of the pace.
        """
        if not self._pace or not self._queued:
            return 0
        return self._pace - self._queued / self._rate % self._pace

    def put(self, chunk: bytes) -> None:
        """Queue a chunk, unless it was stopped."""
        if chunk and not self._stopped:
            self._queued += len(chunk) // SAMPLE
            self._chunks.put_nowait(chunk)

    def fail(self, error: CaptureError) -> None:
        """End the iterator with an error after what is queued."""
        if not self._stopped:
            self._stopped = True
            self._chunks.put_nowait(error)

    async def _iterate(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            if isinstance(chunk, CaptureError):
                raise chunk
            self._listen(chunk)
            yield chunk

    def _check_later(self) -> None:
        self._checking = asyncio.get_running_loop().call_later(_CHECK, self._check)

    def _check(self) -> None:
        try:
            self._microphone.check()
        except CaptureError as error:
            self.fail(error)
        else:
            self._check_later()

    def _listen(self, chunk: bytes) -> None:
        """Report a microphone that sends only zeros, once in a recording."""
        if self._loudest >= _FAINT:
            return  # it sends speech
        length, level = seconds(len(chunk), self._rate), peak(chunk)
        self._captured += length
        self._loudest = max(self._loudest, level)
        before, self._zeros = self._zeros, self._zeros + length if self._loudest == 0 else 0.0
        if before < _SILENT <= self._zeros:
            self._microphone.report(
                "The microphone sends only silence. It may be muted, by a switch on it or in the "
                "sound settings; or choose another with audio.device."
            )


class Microphone:
    """ports.Microphone over PortAudio; on the loop."""

    def __init__(
        self,
        settings: AudioSettings,
        portaudio: PortAudio,
        bridge: Bridge,
        notices: Notifier,
        limits: Limits = _LIMITS,
    ) -> None:
        self._limits = limits
        self._settings, self._portaudio, self._bridge = settings, portaudio, bridge
        self._notices = notices
        self._stream: Any = None
        self._serial = 0  # of the stream: late callbacks of a closed one are dropped
        self._lost = False  # the stream is open, and its device has gone
        self._resampler: Resampler | None = None
        self._highpass = HighPass(48000)  # of the stream, at its own rate
        self._blocks = Blocks(0, bridge, self)  # of the stream
        self._rate = self._actual = 0  # samples per second: wanted, and of the device
        self._captures: list[Recording] = []
        self._ring = b""
        self._opening = asyncio.Lock()
        self._cooling: asyncio.TimerHandle | None = None
        self._tasks = TaskSet()
        self._last_callback = 0.0
        self._noted = ""  # the last note on the choice of the device
        self._route: Route | None = None  # the way to the sound server of the last one opened
        self._gone_since: float | None = None  # set until a replacement sends samples
        self.overflows = 0
        self.is_open = False
        self.open_changed = Signal[()]()

    def capture(self, rate: int) -> Recording:
        """Return a recording to be opened, at `rate` samples per second."""
        return Recording(self, rate)

    async def warm_up(self, rate: int) -> None:
        """Load PortAudio, and open the device if it is to stay open; see ports."""
        await self._portaudio.call(self._load)
        if self._settings.warm == "always":
            await self._ensure(rate)

    async def close(self) -> None:
        """Close the device."""
        if self._cooling:
            self._cooling.cancel()
        self._gone_since = None
        async with self._opening:
            await self._shut()

    async def after_resume(self) -> None:
        """Reopen an open device: after a suspend it may send nothing."""
        if self._stream is not None:
            self._lose()

    async def attach(self, recording: Recording, rate: int) -> None:
        """Give the recording the pre-roll and all chunks from now on. Raises CaptureError."""
        self.catch_up()
        for earlier in self._captures:  # or its tail would be transcribed twice
            earlier.stop()
        if not self._captures:
            self._gone_since = None  # no recording has missed anything
        if self._cooling:
            self._cooling.cancel()
        self._captures.append(recording)
        try:
            await self._ensure(rate)
        except BaseException:
            await self.detach(recording)
            raise
        if self._ring:
            recording.put(self._ring)
            self._ring = b""
        self.gather()

    async def detach(self, recording: Recording) -> None:
        """Give the recording no more chunks; close the device, or keep it warm."""
        self._captures.remove(recording)
        self.gather()
        if self._captures:
            return
        warm = self._settings.warm
        if warm == 0:
            await finish(self._rest())  # also where this is cancelled twice
        elif warm != "always":
            loop = asyncio.get_running_loop()
            self._cooling = loop.call_later(warm, self._cool)

    def check(self) -> None:
        """Look for another device where this one has stopped sending. Raises CaptureError."""
        if not self._is_stalled():
            return
        self.catch_up()
        if not self._is_stalled():
            return
        if self._gone_since is not None:  # the replacement has stalled, too
            self._gone_since = None
            raise CaptureError(
                "The microphone stopped sending sound. "
                "Check that it is connected, or choose another with audio.device."
            )
        self._lose()

    def _is_stalled(self) -> bool:
        silent_for = asyncio.get_running_loop().time() - self._last_callback
        return silent_for > self._limits.stalled and self._stream is not None

    def _cool(self) -> None:
        self._tasks.start(self._rest())

    async def _rest(self) -> None:
        """Close the device, unless a take has begun while this waited for its turn."""
        async with self._opening:
            if not self._captures:
                self._gone_since = None
                await self._shut()

    async def _ensure(self, rate: int) -> None:
        async with self._opening:
            if self._stream is None or self._rate != rate or self._lost:
                await self._shut()
                await self._start(rate)

    async def _start(self, rate: int) -> None:
        """Open a stream; none may be open."""
        self._serial += 1
        self._lost = False
        self._rate = rate
        # its blocks wait until its rate is known; those of a stream that was given up are gone
        self._blocks = Blocks(self._serial, self._bridge, self)
        opening = partial(self._open, rate, self._blocks)
        self._stream, self._actual = await self._portaudio.acquire(opening)
        self._resampler = Resampler(self._actual, rate) if self._actual != rate else None
        self._highpass = HighPass(rate)
        self._expect_sample(self._limits.first_sample)
        self._say_open(True)
        self._blocks.wanted = 0
        self.catch_up()
        if self._settings.warm:
            loop = asyncio.get_running_loop()
            loop.call_later(self._limits.slow_retry, self._look_at, self._blocks)

    def _look_at(self, blocks: Blocks) -> None:
        """Replace a stream that has sent nothing yet, unless a recording checks it.

        PortAudio does not report that a stream died before its first sample.
        """
        if blocks.serial == self._serial and self._stream and not blocks.at and not self._captures:
            self._lose()

    def _expect_sample(self, seconds: float) -> None:
        """Treat the device as stalled if no sample arrives in this many seconds from now."""
        now = asyncio.get_running_loop().time()
        self._last_callback = now + seconds - self._limits.stalled

    def _load(self) -> None:
        """Load PortAudio and list the devices, both slow at first. Raises CaptureError."""
        self._portaudio.library()
        devices.sources(self._portaudio)

    def _open(self, rate: int, blocks: Blocks) -> Opened:
        """Open the chosen microphone, else the default one; blocks, on PortAudio's worker."""
        try:
            return self._open_once(rate, blocks)
        except CaptureError as first:
            log.info("looking for devices and trying again: %s", first)
            self._portaudio.rescan()
            return self._open_once(rate, blocks)

    def _open_once(self, rate: int, blocks: Blocks) -> Opened:
        with devices.pointing_at(self._pick()) as device:
            return self._portaudio.open_input(device, rate, blocks.put, blocks.end)

    def _pick(self) -> Picked:
        """Return the source to open, after telling the user what is wrong with it.

        Asking the sound server takes a millisecond. Raises CaptureError.
        """
        wanted = self._settings.device
        picked = devices.pick(devices.find_sources(self._portaudio, wanted), wanted)
        if picked.note and picked.note != self._noted:  # once, not at every press
            self._tell(picked.note)
        self._noted, self._route = picked.note, picked.source.route
        if picked.source.muted:
            name = picked.source.name
            self._tell(f"The microphone {name!r} is muted. Unmute it in the sound settings.")
        return picked

    def _tell(self, message: str) -> None:
        self._bridge.post(self._notices.tell, message, "microphone")

    async def _shut(self) -> None:
        """Close the stream. Where PortAudio hangs, it is given up: opening raises the error."""
        stream, self._stream, self._ring = self._stream, None, b""
        if stream is not None:
            try:
                await self._portaudio.release(stream)
            except CaptureError as reason:
                log.info("the microphone does not close: %s", reason)
            finally:
                self._say_open(False)

    def _say_open(self, is_open: bool) -> None:
        self.is_open = is_open
        self.open_changed.emit()

    def catch_up(self) -> None:
        """Process what was recorded until now; let the rest come as it is wanted now."""
        self.gather()
        self.heard(self._blocks)

    def heard(self, blocks: Blocks) -> None:
        """Process the blocks of the stream; see StreamListener."""
        if blocks.serial != self._serial or blocks.wanted == NOT_YET:
            return  # of an earlier stream, or of one whose rate is not known yet
        while (taken := blocks.take())[0]:  # again: some may have come before `gather`
            self._last_callback = blocks.at
            self._process(*taken)
            self.gather()

    def _process(self, data: bytes, losses: int) -> None:
        if self._gone_since is not None:
            self._back()
        if losses:
            self.overflows += losses
            log.warning("samples were lost before this chunk (%d times so far)", self.overflows)
        chunk = self._highpass.feed(self._resampler.feed(data) if self._resampler else data)
        for recording in self._captures:
            recording.put(chunk)
        if not self._captures:
            keep = int(self._rate * self._settings.preroll_ms / 1000) * SAMPLE
            self._ring = (self._ring + chunk)[-keep:] if keep else b""

    def gather(self) -> None:
        """Say how much sound of an open stream is to come at once."""
        if self._blocks.wanted != NOT_YET:
            latest = self._captures[-1].wanted if self._captures else _RESTING
            self._blocks.wanted = round(latest * self._actual) * SAMPLE

    def ended(self, blocks: Blocks) -> None:
        """Replace the device: PortAudio ended the stream, as when the sound server has gone."""
        if blocks.serial == self._serial and self._stream is not None:
            self._lose()

    def _lose(self) -> None:
        """Look for the next device, if there is a recording or the microphone is to stay open."""
        self.catch_up()
        log.info("the microphone has gone; looking for another")
        self._gone_since = self._gone_since or min(
            self._last_callback, asyncio.get_running_loop().time()
        )
        self._serial += 1  # later callbacks of the old stream are dropped
        self._lost = True
        self._tasks.start(self._replace(self._serial))

    async def _replace(self, serial: int) -> None:
        """Open the next device: try often for a recording, seldom for a warm microphone.

        Give up where `serial` is not the stream's any more: another has been opened meanwhile.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.replacement
        if self._route == "pipewire":
            # Only its end ends a stream. One that opens while it ends, and dies before its first
            # sample, is caught in an endless loop in PortAudio up to 19.7 (its issue 1037).
            await asyncio.sleep(self._limits.retry)
        while self._gone_since is not None and self._is_wanted:
            async with self._opening:
                if serial != self._serial:
                    return
                await self._shut()
                try:
                    await self._start(self._rate)
                except CaptureError as reason:
                    log.info("no other microphone yet: %s", reason)
                    serial = self._serial
                    if self._portaudio.hangs:
                        self._fail(reason)
                        return
                else:
                    self._expect_sample(self._limits.first_sample_of_next)
                    return
            if loop.time() >= until:
                self._fail(CaptureError(_GONE))
            soon = loop.time() < until
            await asyncio.sleep(self._limits.retry if soon else self._limits.slow_retry)
        async with self._opening:
            if serial == self._serial:
                await self._shut()

    def _fail(self, error: CaptureError) -> None:
        for recording in self._captures:
            recording.fail(error)

    @property
    def _is_wanted(self) -> bool:
        return bool(self._captures) or self._settings.warm == "always"

    def _back(self) -> None:
        """Tell the user how many seconds were not recorded: samples arrive again."""
        assert self._gone_since is not None
        missed = asyncio.get_running_loop().time() - self._gone_since
        self._gone_since = None
        log.info("the microphone is back after %.1f s", missed)
        if self._captures:
            self.report(
                "The microphone disappeared while you spoke; the next one, or the same, took over. "
                f"{missed:.1f} s were not recorded."
            )

    def report(self, message: str) -> None:
        """Tell the user about a problem of the current recording."""
        self._notices.tell(message, "microphone")
