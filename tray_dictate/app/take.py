"""One dictation from its first sample to its last event.

    microphone ──chunks──▶ queue ──▶ session ──events──▶ spoken order ──▶ on_segment

The microphone is opened before the engine is asked, and what it brings waits in the queue: a
model that still loads costs no word. After the release the tail is recorded only as long as
somebody speaks, since the text is wanted now.

What became of one dictation, and when what happened, as it is gathered for the history.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tray_dictate.config.schema import EngineSettings
from tray_dictate.core.errors import CaptureError, DictateError
from tray_dictate.core.pcm import Meter, seconds
from tray_dictate.core.ports import Engine, Microphone, Session
from tray_dictate.core.segments import Failed, Segment, Spoken, SpokenOrder
from tray_dictate.history import recordings
from tray_dictate.history.entries import Entry, State
from tray_dictate.history.statistics import Timings


@dataclass(slots=True)
class TakeRecord:
    """What became of one dictation; `at` is time.time(), all else of the loop's clock, in seconds.

    `failed` where speech did not become text; `audio` is then the path of the recording.
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
    rescued: bool = False  # the embedded engine did what the engine could not
    pressed: float | None = None
    heard: float | None = None  # the first sample
    released: float | None = None
    transcribed: float | None = None  # the last segment's text was there
    inserted: float | None = None  # its last character was in the window

    @classmethod
    def of(cls, engine: EngineSettings) -> TakeRecord:
        """Return one that begins now."""
        known = "en" if engine.name == "offline" else ""
        return cls(engine=engine.name, language=", ".join(engine.languages) or known)

    @property
    def engines(self) -> str:
        """Who turned it into text: "openai", or "openai, offline" where it was rescued."""
        return f"{self.engine}, offline" if self.rescued else self.engine

    @property
    def complete(self) -> bool:
        """Whether all that was said is text, and wanted."""
        return bool(self.text) and not self.failed and self.state not in ("dropped", "kept")

    def strand(self, raw: str) -> None:
        """Add what will not be delivered any more."""
        self.raw = f"{self.raw} {raw}".strip()
        self.text = f"{self.text} {raw}".strip()
        self.state = "kept"

    @property
    def outcome(self) -> State:
        """What is said of it in the history."""
        if not self.failed or self.state == "dropped":
            return self.state
        return "partly" if self.raw else "failed"

    @property
    def timings(self) -> Timings:
        """How long what took."""
        return Timings(
            heard_ms=_between(self.pressed, self.heard),
            engine_ms=_between(self.released, self.transcribed),
            text_ms=_between(self.released, self.inserted),
        )

    def entry(self) -> Entry:
        """Return what the history keeps of it."""
        return Entry(
            0, self.at, self.text, self.raw, self.outcome, self.application, self.engines,
            self.language, round(self.seconds, 2), self.audio, self.timings,
        )  # fmt: skip


def _between(start: float | None, end: float | None) -> float | None:
    """Return the milliseconds; 0 for text that was there before the release."""
    return None if start is None or end is None else round(max(0.0, end - start) * 1e3, 1)


log = logging.getLogger(__name__)

_TAIL_LEAST = 0.055  # seconds after the release: what was said until it is still on its way
_QUIET = 0.064  # seconds without speech, beyond what the voice detector itself holds on


@dataclass(slots=True)
class Take:
    """One dictation; `run` is its task. Times are of the loop's clock, in seconds."""

    number: int
    microphone: Microphone
    engine: Engine
    tail: float
    started: float  # when the key went down
    on_heard: Callable[[], None]
    on_segment: Callable[[Spoken], None]
    on_recorded: Callable[[], None] = lambda: None  # nothing more will be recorded, tail and all
    on_level: Callable[[float], None] = lambda _: None  # how loud it is, 0.0 to 1.0
    clean: Callable[[bytes], bytes] = lambda chunk: chunk  # of the cues that the speakers play
    trouble: str = ""
    story: TakeRecord = field(default_factory=TakeRecord)
    _lost: str = ""  # why speech did not become text
    _done: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])  # seconds
    _audio: bytearray = field(default_factory=bytearray)
    _chunks: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue[bytes | None])
    _stop: Callable[[], None] | None = None
    _released: float | None = None
    _session: Session | None = None

    async def run(self) -> None:
        """Record and transcribe; what goes wrong is in `trouble`, and the audio is kept."""
        self.story.pressed = self.started
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._record())
            tasks.create_task(self._transcribe())
        if self._lost:  # saved now, when all of it is there
            self.trouble = f"{self._lost} {self.keep(self._lost)}"

    def finish(self, let_go: float | None = None) -> None:
        """End the recording after the tail, which began when the key was let go; None: now."""
        loop = asyncio.get_running_loop()
        self._released = self.story.released = loop.time() if let_go is None else let_go
        if self._session:
            self._session.key_released()
        if self._stop:
            loop.call_at(self._released + self.tail, self._stop)

    def keep(self, reason: str) -> str:
        """Save what was recorded to a file; return a sentence that says where it is."""
        self.story.failed = True
        sentence, self.story.audio = recordings.save(
            self._audio, self.engine.rate, reason, self._done
        )
        return sentence

    async def _record(self) -> None:
        capture = self.microphone.capture(self.engine.rate)
        meter = Meter(self.engine.rate, self.on_level)
        self._stop = capture.stop
        if self._released is not None:  # the key was up before we came this far
            asyncio.get_running_loop().call_at(self._released + self.tail, capture.stop)
        try:
            async with capture.open() as chunks:
                async for recorded in chunks:
                    if not self._audio:
                        self._first_chunk()
                    chunk = self.clean(recorded)
                    self._audio += chunk
                    self.story.seconds = seconds(len(self._audio), self.engine.rate)
                    self._chunks.put_nowait(chunk)
                    meter.feed(chunk)
                self.on_recorded()
        except CaptureError as reason:
            self.trouble = str(reason)
        finally:
            self._chunks.put_nowait(None)

    def _first_chunk(self) -> None:
        self.story.heard = asyncio.get_running_loop().time()
        waited = self.story.heard - self.started
        log.info("dictation %d: first sample %.0f ms after the press", self.number, waited * 1e3)
        self.on_heard()

    async def _transcribe(self) -> None:
        first = await self._chunks.get()
        if first is None:
            return  # nothing was recorded
        try:
            async with self.engine.session(self._audio) as session, asyncio.TaskGroup() as tasks:
                self._session = session
                if self._released is not None:
                    session.key_released()
                tasks.create_task(self._receive(session))
                await self._send(session, first)
        except* DictateError as reasons:
            self._lost = str(reasons.exceptions[0])

    async def _send(self, session: Session, chunk: bytes | None) -> None:
        while chunk is not None:
            await session.send(chunk)
            self._end_tail_early(session)
            chunk = await self._chunks.get()
        await session.finish()

    def _end_tail_early(self, session: Session) -> None:
        if self._released is None or self._stop is None:
            return
        since = asyncio.get_running_loop().time() - self._released
        if since >= min(_TAIL_LEAST, self.tail) and session.silence_seconds() >= _QUIET:
            self._stop()

    async def _receive(self, session: Session) -> None:
        order = SpokenOrder()
        async for event in session.events():
            if isinstance(event, Failed):
                self._lost = f"A part of what you said could not be transcribed: {event.reason}"
            self.story.rescued = session.rescued
            self._hand_out(order.feed(event))
        self._hand_out(order.drain())

    def _hand_out(self, segments: list[Segment]) -> None:
        for segment in segments:
            if segment.span:
                self._done.append(segment.span)
            self.story.transcribed = asyncio.get_running_loop().time()
            self.on_segment(segment.spoken)
