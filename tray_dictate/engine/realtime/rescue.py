"""What is left of a take, done by the embedded engine where the server's way has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tray_dictate.core.pcm import Resampler
from tray_dictate.core.ports import Session
from tray_dictate.core.segments import Segment, SpokenOrder
from tray_dictate.engine.realtime.protocol.conversation import Read
from tray_dictate.engine.realtime.protocol.turns import Turn, Turns
from tray_dictate.engine.segmenter import RATE

_CHUNK = 0.1  # seconds
Open = Callable[[], AbstractAsyncContextManager[Session]]


@dataclass(slots=True)
class Rescue:
    """Settles the turns of one take, oldest first; the open one while it is still spoken."""

    turns: Turns
    read: Read
    rate: int  # samples per second of the turns
    open: Open  # a session of the embedded engine
    changed: asyncio.Event  # set when there is more sound
    on_text: Callable[[], None]
    hurried: bool = False
    _session: Session | None = None

    async def run(self) -> None:
        """Return when the take is done. Raises EngineError."""
        while not self.turns.done:
            if turn := next(self.turns.unsettled(), None):
                await self._transcribe(turn)
            else:
                await self._more()

    def hurry(self) -> None:
        """The key is up."""
        self.hurried = True
        if self._session:
            self._session.hurry()

    async def _transcribe(self, turn: Turn) -> None:
        start, end = turn.start, turn.end
        async with self.open() as session:
            self._session = session
            if self.hurried:
                session.hurry()
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
