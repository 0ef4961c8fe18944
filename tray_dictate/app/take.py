"""One dictation from its first sample to its last segment, and the record of what became of it.

    microphone ──chunks──▶ queue ──▶ session ──events──▶ spoken order ──▶ observer

The microphone opens before the engine does, and its chunks wait in the queue, so no word is lost
while a model loads. After the release the tail ends as soon as the user is silent, since the text
is wanted at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import CaptureError, DictateError
from tray_dictate.core.pcm import HOP, seconds
from tray_dictate.core.ports import Capture, Engine, Microphone, Session
from tray_dictate.core.samples import Meter
from tray_dictate.core.segments import Failed, Segment, Spoken, SpokenOrder
from tray_dictate.history import recordings
from tray_dictate.history.entries import Entry, State
from tray_dictate.history.statistics import Timings

log = logging.getLogger(__name__)

_TAIL_LEAST = 0.055  # seconds after the release in which earlier speech still arrives
_QUIET = 0.064  # seconds without speech, beyond the hangover of the voice detector
_SPEAKING = 4 * HOP  # of a chunk while the user speaks: no pause is complete within it


@dataclass(slots=True)
class TakeRecord:
    """The result and the times of one dictation, collected for the history.

    `at` is time.time(), the other times are of the loop's clock, in seconds. `failed` if some
    speech was not transcribed; `audio` is then the path of the recording.
    """

    at: float = field(default_factory=time.time)
    engine: str = ""
    language: str = ""
    text: str = ""
    raw: str = ""
    state: State = "delivered"
    application: str = ""
    seconds: float = 0.0  # of sound
    audio: str = ""
    failed: bool = False
    rescued: bool = False  # the offline engine did what the engine could not
    pressed: float | None = None
    heard: float | None = None  # the first sample
    released: float | None = None
    transcribed: float | None = None  # the text of the last segment arrived
    inserted: float | None = None  # its last character was in the window

    @classmethod
    def of(cls, engine: EngineSettings) -> TakeRecord:
        """Return the record of a dictation that starts now with this engine."""
        known = "en" if engine.name == "offline" else ""
        return cls(engine=engine.name, language=", ".join(engine.languages) or known)

    @property
    def engines(self) -> str:
        """The engines that transcribed it: "openai", or "openai, offline" if it was rescued."""
        return f"{self.engine}, offline" if self.rescued else self.engine

    @property
    def complete(self) -> bool:
        """Whether all speech was transcribed and the text was not dropped or kept back."""
        return bool(self.text) and not self.failed and self.state not in ("dropped", "kept")

    def strand(self, raw: str) -> None:
        """Add a text that will not be delivered."""
        self.raw = f"{self.raw} {raw}".strip()
        self.text = f"{self.text} {raw}".strip()
        self.state = "kept"

    @property
    def outcome(self) -> State:
        """The state that the history shows."""
        if not self.failed or self.state == "dropped":
            return self.state
        return "partly" if self.raw else "failed"

    @property
    def timings(self) -> Timings:
        """How long the stages of the dictation took."""
        return Timings(
            heard_ms=_between(self.pressed, self.heard),
            engine_ms=_between(self.released, self.transcribed),
            text_ms=_between(self.released, self.inserted),
        )

    def entry(self) -> Entry:
        """Return the record as an entry of the history."""
        return Entry(
            0, self.at, self.text, self.raw, self.outcome, self.application, self.engines,
            self.language, round(self.seconds, 2), self.audio, self.timings,
        )  # fmt: skip


def _between(start: float | None, end: float | None) -> float | None:
    """Return the milliseconds, at least 0, as text may arrive before the release."""
    return None if start is None or end is None else round(max(0.0, end - start) * 1e3, 1)


class TakeObserver(Protocol):
    """Follows one dictation; called on the loop."""

    def heard(self) -> None:
        """The first sample has been recorded."""
        ...

    def level(self, level: float) -> None:
        """The current input level, 0.0 to 1.0."""
        ...

    def recorded(self) -> None:
        """The recording has ended, including the tail."""
        ...

    def segment(self, spoken: Spoken) -> None:
        """The text of the next segment, in spoken order."""
        ...


def _unfiltered(chunk: bytes) -> bytes:
    return chunk


@dataclass(slots=True)
class Take:
    """One dictation; `run` is its task. Times are of the loop's clock, in seconds."""

    number: int
    microphone: Microphone
    engine: Engine
    tail: float
    pressed: float  # when the key went down
    observer: TakeObserver
    clean: Callable[[bytes], bytes] = _unfiltered  # removes cue sounds picked up by the microphone
    trouble: str = ""
    record: TakeRecord = field(default_factory=TakeRecord)
    _lost: str = ""  # why speech was not transcribed
    # the transcribed parts of the recording: start and end, in seconds
    _transcribed: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    _audio: bytearray = field(default_factory=bytearray)
    _chunks: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue[bytes | None])
    _capture: Capture | None = None
    _session: Session | None = None

    async def run(self) -> None:
        """Record and transcribe. On failure, set `trouble` and save the recording."""
        self.record.pressed = self.pressed
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._record())
            tasks.create_task(self._transcribe())
        if self._lost:  # saved only now, when the recording is complete
            self.trouble = f"{self._lost} {self.keep(self._lost)}"

    def finish(self, let_go: float | None = None) -> None:
        """End the recording a tail after `let_go`, the time of the release; None: now."""
        loop = asyncio.get_running_loop()
        released = self.record.released = loop.time() if let_go is None else let_go
        if self._session:
            self._session.key_released()
        if self._capture:
            self._end(self._capture, released)

    def keep(self, reason: str) -> str:
        """Save the recording to a file; return a sentence about it for the user."""
        self.record.failed = True
        sentence, self.record.audio = recordings.save(
            self._audio, self.engine.rate, reason, self._transcribed
        )
        return sentence

    async def _record(self) -> None:
        capture = self.microphone.capture(self.engine.rate)
        meter = Meter(self.engine.rate)
        self._capture = capture
        if self.record.released is not None:  # the key was released before the microphone opened
            self._end(capture, self.record.released)
        try:
            async with capture.open() as chunks:
                async for recorded in chunks:
                    if not self._audio:
                        self._first_chunk()
                    chunk = self.clean(recorded)
                    self._audio += chunk
                    self.record.seconds = seconds(len(self._audio), self.engine.rate)
                    self._chunks.put_nowait(chunk)
                    if (level := meter.feed(chunk)) is not None:
                        self.observer.level(level)
                self.observer.recorded()
                self._chunks.put_nowait(None)  # now: the text does not wait for the device to close
        except CaptureError as reason:
            self.trouble = str(reason)
        finally:
            self._chunks.put_nowait(None)

    def _end(self, capture: Capture, released: float) -> None:
        """End the recording a tail after the release; until then nothing of it may wait."""
        capture.pace(0)
        asyncio.get_running_loop().call_at(released + self.tail, capture.stop)

    def _first_chunk(self) -> None:
        self.record.heard = asyncio.get_running_loop().time()
        waited = self.record.heard - self.pressed
        log.info("dictation %d: first sample %.0f ms after the press", self.number, waited * 1e3)
        self.observer.heard()

    async def _transcribe(self) -> None:
        first = await self._chunks.get()
        if first is None:
            return  # nothing was recorded
        try:
            async with self.engine.session(self._audio) as session, asyncio.TaskGroup() as tasks:
                self._session = session
                if self.record.released is not None:
                    session.key_released()
                tasks.create_task(self._receive(session))
                await self._send(session, first)
        except* DictateError as reasons:
            self._lost = str(reasons.exceptions[0])

    async def _send(self, session: Session, chunk: bytes | None) -> None:
        while chunk is not None:
            await session.send(chunk)
            self._follow(session)
            chunk = await self._chunks.get()
        await session.finish()

    def _follow(self, session: Session) -> None:
        """Set the pace of the recording; end the tail early once the user is silent."""
        if self._capture is None:
            return
        if self.record.released is None:
            silent = session.silence_seconds() > HOP
            self._capture.pace(HOP if silent else _SPEAKING)
            return
        since = asyncio.get_running_loop().time() - self.record.released
        if since >= min(_TAIL_LEAST, self.tail) and session.silence_seconds() >= _QUIET:
            self._capture.stop()

    async def _receive(self, session: Session) -> None:
        order = SpokenOrder()
        async for event in session.events():
            if isinstance(event, Failed):
                self._lost = f"Part of what you said could not be transcribed: {event.reason}"
            self.record.rescued = session.rescued
            self._hand_out(order.feed(event))
        self._hand_out(order.drain())

    def _hand_out(self, segments: list[Segment]) -> None:
        for segment in segments:
            if segment.span:
                self._transcribed.append(segment.span)
            self.record.transcribed = asyncio.get_running_loop().time()
            self.observer.segment(segment.spoken)
