"""One take over a network that may fail: no word lost, none twice.

    chunks ──▶ sound (kept until its text is handed out) ──▶ turns ──▶ link ──▶ server
                                                               └──▶ embedded engine, if need be

What is covered is the turns' affair: whichever connection or engine settles a turn, its text is
handed out once. So a failure needs no bookkeeping here: connect again, and what is owed is said
again. A refusal that no retry can mend, or an outage that outlasts the user's patience, and the
embedded engine does what is left.

What is left of a take, done by the embedded engine where the server's way has ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.core.pcm import SAMPLE, Resampler
from tray_dictate.core.ports import Session
from tray_dictate.core.segments import Segment, SessionEvent, SpokenOrder
from tray_dictate.engine.realtime.connection import WarmConnection
from tray_dictate.engine.realtime.patience import Patience
from tray_dictate.engine.realtime.protocol.conversation import Read
from tray_dictate.engine.realtime.protocol.errors import LostError
from tray_dictate.engine.realtime.protocol.turns import Turn, Turns
from tray_dictate.engine.segmenter import RATE, PauseDetector
from tray_dictate.engine.sound_buffer import Sound

_CHUNK = 0.1  # seconds
Open = Callable[[], AbstractAsyncContextManager[Session]]


@dataclass(slots=True)
class OfflineFallback:
    """Settles the turns of one take, oldest first; the open one while it is still spoken."""

    turns: Turns
    read: Read
    rate: int  # samples per second of the turns
    open: Open  # a session of the embedded engine
    changed: asyncio.Event  # set when there is more sound
    on_text: Callable[[], None]
    key_is_up: bool = False
    _session: Session | None = None

    async def run(self) -> None:
        """Return when the take is done. Raises EngineError."""
        while not self.turns.done:
            if turn := next(self.turns.unsettled(), None):
                await self._transcribe(turn)
            else:
                await self._more()

    def key_released(self) -> None:
        """The key is up."""
        self.key_is_up = True
        if self._session:
            self._session.key_released()

    async def _transcribe(self, turn: Turn) -> None:
        start, end = turn.start, turn.end
        async with self.open() as session:
            self._session = session
            if self.key_is_up:
                session.key_released()
            listening = asyncio.create_task(self._listen(session, start, end))
            try:
                await self._send(session, start, end)
                await session.finish()
                await listening
            finally:
                self._session = None
                listening.cancel()
        if rest := self.turns.cut(self.turns.end if end is None else end):
            self.turns.settle(rest, "")  # nobody spoke in it
        self.on_text()

    async def _send(self, session: Session, start: int, end: int | None) -> None:
        resampler = Resampler(self.rate, RATE)
        while True:
            known = self.turns.end if end is None else end
            if start < known:
                chunk = self.read(start, min(known, start + int(self.rate * _CHUNK)))
                start = min(known, start + int(self.rate * _CHUNK))
                await session.send(resampler.feed(chunk))
            elif end is not None or self.turns.finished:
                break
            else:
                await self._more()
        await session.send(resampler.feed(b"", last=True))

    async def _listen(self, session: Session, start: int, end: int | None) -> None:
        order = SpokenOrder()
        async for event in session.events():
            for segment in order.feed(event):
                self._settle(segment, start, end)
        for segment in order.drain():
            self._settle(segment, start, end)

    def _settle(self, segment: Segment, start: int, end: int | None) -> None:
        assert segment.span is not None  # the embedded engine tells
        at = start + round(segment.span[1] * self.rate)
        if turn := self.turns.cut(at if end is None else min(at, end)):
            self.turns.settle(turn, segment.text)
            self.on_text()

    async def _more(self) -> None:
        self.changed.clear()
        await self.changed.wait()


log = logging.getLogger(__name__)

_BACKOFF, _LONGEST_BACKOFF = 0.1, 2.0  # seconds
_LAST = 0.5  # seconds for the last try
_TRIES = 2  # that a turn may fail on a server before it is given to the embedded engine


class Links(Protocol):
    """Where connections come from and go to."""

    async def take(self, limit: float) -> WarmConnection:
        """Return a warm one, or connect in so many seconds.

        Raises LostError, RefusedError, UnavailableError.
        """
        ...

    def give(self, link: WarmConnection) -> None:
        """Keep one for the next take, or close it."""
        ...


Turning = Literal["pauses", "release", "server"]  # when a turn ends


@dataclass(frozen=True, slots=True)
class Plan:
    """How a take is to be transcribed."""

    rate: int
    turns: Turning
    patience: float  # seconds without progress before the embedded engine takes over
    tell: Callable[[str], None]
    rescue: Open | None  # a session of the embedded engine; None where it knows no such language


class ResilientSession:
    """One take; lives on the loop."""

    def __init__(
        self, plan: Plan, links: Links, listener: PauseDetector | None,
        recording: bytearray | None = None,
    ) -> None:  # fmt: skip
        """`recording` holds what is sent, if somebody keeps it anyway."""
        self._plan, self._links, self._listener = plan, links, listener
        self._turns = Turns(plan.rate)
        self._sound, self._recording = Sound(), recording
        self._changed = asyncio.Event()
        self._events: asyncio.Queue[SessionEvent | None] = asyncio.Queue()
        self._link: WarmConnection | None = None
        self._rescuer: OfflineFallback | None = None
        self._key_is_up = False
        self._patience = Patience(plan.patience)
        self._silent_since = 0.0
        self._backoff = _BACKOFF
        self._work = asyncio.create_task(self._run())
        self._work.add_done_callback(lambda _: self._events.put_nowait(None))

    async def send(self, chunk: bytes) -> None:
        """Take a chunk; it never waits for the network."""
        if self._recording is None:
            self._sound.append(chunk)
        self._turns.grow(len(chunk) // SAMPLE)
        over = self._listener.hear(chunk) if self._listener else False
        if over and self._cuts_at_pauses:
            self._turns.cut(self._turns.end)
        self._changed.set()
        await asyncio.sleep(0)

    def silence_seconds(self) -> float:
        """Return for how many seconds nobody has spoken, up to the end of what was sent."""
        return self._listener.quiet if self._listener else 0.0

    def key_released(self) -> None:
        """The key is up: the pauses are heard sooner."""
        self._key_is_up = True
        if self._listener:
            self._listener.key_released()
        if self._rescuer:
            self._rescuer.key_released()

    async def finish(self) -> None:
        """End the last turn."""
        speaking = self._link is not None and self._link.conversation.speaking
        if self._listener and not speaking:
            self._turns.finish(self._listener.spoken_until)
        else:
            self._turns.finish()
        self._hand_out()
        self._changed.set()

    @property
    def rescued(self) -> bool:
        """Whether the embedded engine does what the server could not."""
        return self._rescuer is not None

    async def events(self) -> AsyncIterator[SessionEvent]:
        """Yield events until nothing is owed. Raises EngineError."""
        while (event := await self._events.get()) is not None:
            yield event
        if not self._work.cancelled():
            self._work.result()  # raises what ended it

    async def give_up(self) -> None:
        """Stop transcribing; what is owed stays owed. A connection in mid-take is closed."""
        self._work.cancel()
        await asyncio.wait([self._work])

    @property
    def _cuts_at_pauses(self) -> bool:
        if self._rescuer:
            return False
        refused = self._link is not None and not self._link.conversation.detects
        return self._plan.turns == "pauses" or (self._plan.turns == "server" and refused)

    async def _run(self) -> None:
        while not self._turns.done:
            try:
                await self._converse()
            except LostError as lost:
                if not self._turns.done and (reason := await self._recover(lost)):
                    await self._rescue(reason)
            except (EngineError, UnavailableError) as refused:
                await self._rescue(str(refused))

    async def _converse(self) -> None:
        """Use one link until the take is done or the link is old."""
        loop = asyncio.get_running_loop()
        self._silent_since = loop.time()
        link = self._link = await self._links.take(max(self._patience.left, _LAST))
        began = loop.time()
        try:
            await link.converse(
                self._turns, self._read, self._changed, self._hand_out, self._patience
            )
        finally:
            self._silent_since = link.silent_since
            self._link = None
            if not link.conversation.owed and loop.time() - began > self._plan.patience:
                self._recovered()  # it has served well until now
            for note in link.conversation.notes:
                self._plan.tell(note)
            link.conversation.notes.clear()
            self._links.give(link)

    async def _recover(self, lost: LostError) -> str:
        """Wait before the next try; return why there should be none."""
        now = asyncio.get_running_loop().time()
        owed = self._turns.seconds(self._turns.end - self._turns.covered)
        log.warning("%s %.1f s of sound are to be said again", lost, owed)
        self._patience.lose(self._silent_since, now)
        left, wait = self._patience.left, max(self._backoff, lost.wait)
        hopeless = any(turn.failures >= _TRIES for turn in self._turns.unsettled())
        if hopeless or left <= 0 or lost.wait > left:
            return str(lost)
        if self._plan.turns == "server":
            self._turns.reopen()
        await asyncio.sleep(min(wait, left))
        self._patience.lose(self._silent_since, asyncio.get_running_loop().time())
        self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF)
        return ""

    def _recovered(self) -> None:
        self._patience.regain()
        self._backoff = _BACKOFF

    async def _rescue(self, reason: str) -> None:
        """Let the embedded engine do what is left."""
        if self._plan.rescue is None:
            raise EngineError(f"{reason} The embedded engine knows English only.")
        self._plan.tell(f"{reason} This dictation is finished by the embedded engine.")
        self._rescuer = OfflineFallback(
            self._turns, self._read, self._plan.rate, self._plan.rescue, self._changed,
            self._hand_out, self._key_is_up,
        )  # fmt: skip
        try:
            await self._rescuer.run()
        except EngineError as error:
            raise EngineError(f"{reason} {error}") from error

    def _read(self, start: int, end: int) -> bytes:
        if self._recording is None:
            return self._sound.pcm(start, end)
        return bytes(self._recording[start * SAMPLE : end * SAMPLE])

    def _hand_out(self) -> None:
        for event in self._turns.due():
            self._recovered()
            self._events.put_nowait(event)
        self._sound.forget(self._turns.covered)
