"""Transcribes one take over a network that may fail, without losing or repeating a word.

    chunks ──▶ sound (kept until its text is handed out) ──▶ turns ──▶ connection ──▶ server
                                                               └──▶ offline engine, if need be

The turns know what is covered: whichever connection or engine settles a turn, its text is handed
out once. So a failure needs no bookkeeping here: connect again, and send again what has no text.
After a refusal that no retry can cure, or an outage of more than engine.patience_seconds, the
offline engine transcribes the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.core.ports import Session
from tray_dictate.core.samples import Resampler
from tray_dictate.core.segments import Segment, SessionEvent, SpokenOrder
from tray_dictate.engine.realtime.connection import WarmConnection
from tray_dictate.engine.realtime.protocol.errors import LostError
from tray_dictate.engine.realtime.protocol.turns import Turn
from tray_dictate.engine.realtime.retry_budget import RetryBudget
from tray_dictate.engine.realtime.take_progress import TakeProgress
from tray_dictate.engine.segmenter import RATE, PauseDetector

log = logging.getLogger(__name__)

_CHUNK = 0.1  # seconds
_LAST = 0.5  # seconds for the last try
_TRIES = 2  # failures of a turn on a server before the offline engine gets it


class Rescue(Protocol):
    """The offline engine, which transcribes what a server could not."""

    async def load(self) -> None:
        """Load the model. Raises UnavailableError, such as without one that knows the language."""
        ...

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open a session for a turn. Raises EngineError."""
        ...

    def warning(self) -> str:
        """Return which languages in the settings its model does not know; empty if none."""
        ...


class ConnectionSource(Protocol):
    """Lends connections to takes."""

    async def acquire(self, limit: float) -> WarmConnection:
        """Return a warm connection, or connect within `limit` seconds.

        Raises LostError, RefusedError, UnavailableError.
        """
        ...

    def release(self, connection: WarmConnection) -> None:
        """Keep a connection for the next take, or close it."""
        ...


TurnEnd = Literal["pauses", "release", "server"]  # what ends a turn


@dataclass(frozen=True, slots=True)
class Plan:
    """How to transcribe a take."""

    rate: int
    turns: TurnEnd
    patience: float  # seconds without progress before the offline engine takes over
    tell: Callable[[str], None]
    rescue: Rescue


class ResilientSession:
    """One take; it lives on the event loop."""

    def __init__(
        self, plan: Plan, connections: ConnectionSource, pauses: PauseDetector | None,
        recording: bytearray | None = None,
    ) -> None:  # fmt: skip
        """`recording` holds all sound that is sent, if the caller keeps it anyway."""
        self._plan, self._connections, self._pauses = plan, connections, pauses
        self._budget = RetryBudget(plan.patience)
        self._take = TakeProgress(plan.rate, self._budget, recording)
        self._turns = self._take.turns
        self._connection: WarmConnection | None = None
        self._fallback: OfflineFallback | None = None
        self._key_is_up = False
        self._silent_since = 0.0
        self._work = asyncio.create_task(self._run())
        self._work.add_done_callback(lambda _: self._take.events.put_nowait(None))

    async def send(self, chunk: bytes) -> None:
        """Accept a chunk, without waiting for the network."""
        self._take.append(chunk)
        pause_begins = self._pauses.hear(chunk) if self._pauses else False
        if pause_begins and self._cuts_at_pauses:
            self._turns.cut(self._turns.end)
        self._take.changed.set()
        await asyncio.sleep(0)

    def silence_seconds(self) -> float:
        """Return the length of the trailing silence in the sound sent so far, in seconds."""
        return self._pauses.quiet if self._pauses else 0.0

    def key_released(self) -> None:
        """Detect pauses sooner: the user has released the key."""
        self._key_is_up = True
        if self._pauses:
            self._pauses.key_released()
        if self._fallback:
            self._fallback.key_released()

    async def finish(self) -> None:
        """End the last turn."""
        speaking = self._connection is not None and self._connection.conversation.speaking
        if self._pauses and not speaking:
            self._turns.finish(self._pauses.spoken_until)
        else:
            self._turns.finish()
        self._take.hand_out()
        self._take.changed.set()

    @property
    def rescued(self) -> bool:
        """Whether the offline engine transcribes what the server could not."""
        return self._fallback is not None

    async def events(self) -> AsyncIterator[SessionEvent]:
        """Yield events until nothing is owed. Raises EngineError."""
        while (event := await self._take.events.get()) is not None:
            yield event
        if not self._work.cancelled():
            self._work.result()  # raises the error that ended it

    async def give_up(self) -> None:
        """Stop transcribing; owed texts stay owed. A connection in mid-take is closed."""
        self._work.cancel()
        await asyncio.wait([self._work])

    @property
    def _cuts_at_pauses(self) -> bool:
        if self._fallback:
            return False
        refused = self._connection is not None and not self._connection.conversation.detects
        return self._plan.turns == "pauses" or (self._plan.turns == "server" and refused)

    async def _run(self) -> None:
        while not self._turns.done:
            try:
                await self._converse()
            except LostError as lost:
                if not self._turns.done and (reason := await self._wait_for_retry(lost)):
                    await self._fall_back(reason)
            except (EngineError, UnavailableError) as refused:
                await self._fall_back(str(refused))

    async def _converse(self) -> None:
        """Use one connection until the take is done or the connection is old."""
        loop = asyncio.get_running_loop()
        self._silent_since = loop.time()
        connection = await self._connections.acquire(max(self._budget.left, _LAST))
        self._connection = connection
        began = loop.time()
        try:
            await connection.converse(self._take)
        finally:
            self._silent_since = connection.silent_since
            self._connection = None
            if not connection.conversation.owed and loop.time() - began > self._plan.patience:
                self._budget.restore()  # it has served well until now
            for note in connection.conversation.notes:
                self._plan.tell(note)
            connection.conversation.notes.clear()
            self._connections.release(connection)

    async def _wait_for_retry(self, lost: LostError) -> str:
        """Wait until the next try; return why there should be none, or "" if there should."""
        budget = self._budget
        now = asyncio.get_running_loop().time()
        owed = self._turns.seconds(self._turns.end - self._turns.covered)
        log.warning("%s %.1f s of sound will be sent again", lost, owed)
        budget.spend(self._silent_since, now)
        left, wait = budget.left, max(budget.delay, lost.wait)
        hopeless = any(turn.failures >= _TRIES for turn in self._turns.unsettled())
        if hopeless or left <= 0 or lost.wait > left:
            return str(lost)
        if self._plan.turns == "server":
            self._turns.reopen()
        await asyncio.sleep(min(wait, left))
        budget.spend(self._silent_since, asyncio.get_running_loop().time())
        budget.back_off()
        return ""

    async def _fall_back(self, reason: str) -> None:
        """Transcribe the rest with the offline engine. Raises EngineError."""
        rescue = self._plan.rescue
        try:
            await rescue.load()
            finishes = f"{reason} The offline engine finishes this dictation."
            self._plan.tell(f"{finishes} {rescue.warning()}".rstrip())
            self._fallback = OfflineFallback(self._take, self._plan.rate, rescue, self._key_is_up)
            await self._fallback.run()
        except (EngineError, UnavailableError) as error:
            raise EngineError(f"{reason} {error}".rstrip()) from error


@dataclass(slots=True)
class OfflineFallback:
    """Transcribes the rest of a take with the offline engine.

    It settles the turns oldest first; the open one while it is still spoken.
    """

    take: TakeProgress
    rate: int  # samples per second of the turns
    rescue: Rescue
    key_is_up: bool = False
    _session: Session | None = None

    async def run(self) -> None:
        """Return when the take is done. Raises EngineError."""
        while not self.take.turns.done:
            if turn := next(self.take.turns.unsettled(), None):
                await self._transcribe(turn)
            else:
                await self._more()

    def key_released(self) -> None:
        """Pass on that the user has released the key."""
        self.key_is_up = True
        if self._session:
            self._session.key_released()

    async def _transcribe(self, turn: Turn) -> None:
        turns, start, end = self.take.turns, turn.start, turn.end
        async with self.rescue.session() as session:
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
        if rest := turns.cut(turns.end if end is None else end):
            turns.settle(rest, "")  # it has no speech
        self.take.hand_out()

    async def _send(self, session: Session, start: int, end: int | None) -> None:
        turns, resampler = self.take.turns, Resampler(self.rate, RATE)
        while True:
            known = turns.end if end is None else end
            if start < known:
                chunk = self.take.read(start, min(known, start + int(self.rate * _CHUNK)))
                start = min(known, start + int(self.rate * _CHUNK))
                await session.send(resampler.feed(chunk))
            elif end is not None or turns.finished:
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
        assert segment.span is not None  # the offline engine's segments have one
        at = start + round(segment.span[1] * self.rate)
        if turn := self.take.turns.cut(at if end is None else min(at, end)):
            self.take.turns.settle(turn, segment.text)
            self.take.hand_out()

    async def _more(self) -> None:
        self.take.changed.clear()
        await self.take.changed.wait()
