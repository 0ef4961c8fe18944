"""A connection with its conversation: opened, used for one take after another, kept warm.

writer: turns ──▶ messages ──▶ server        reader: server ──▶ messages ──▶ turns
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from tray_dictate.core.pcm import seconds
from tray_dictate.engine.realtime.patience import Patience
from tray_dictate.engine.realtime.protocol.conversation import Conversation, Read
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError
from tray_dictate.engine.realtime.protocol.events import Message
from tray_dictate.engine.realtime.protocol.turns import Turns
from tray_dictate.engine.realtime.transport import Connect, Connection, Server, failed

log = logging.getLogger(__name__)

_LIMIT = 10.0  # seconds until the session has our settings


class _StuckError(LostError):
    """The server takes nothing more; it may be about to end the connection."""


class WarmConnection:
    """An open connection whose session has our settings."""

    def __init__(self, server: Server, connection: Connection, conversation: Conversation) -> None:
        self.conversation = conversation
        self._connection = connection
        self._title = server.dialect.title
        self._rate, self._spend = server.dialect.rate, server.spend
        loop = asyncio.get_running_loop()
        self._replace_at = loop.time() + server.dialect.minutes * 60
        self._heard = loop.time()  # when anything of a turn was
        self._owing = asyncio.Event()

    @classmethod
    async def open(
        cls, server: Server, connect: Connect, dropped: set[str], limit: float = _LIMIT
    ) -> WarmConnection:  # fmt: skip
        """Connect and settle the session within `limit` seconds. Raises LostError, RefusedError."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(limit):
                connection = await connect(server)
        except TimeoutError as error:
            raise failed(server, error) from error
        connected = loop.time()
        conversation = Conversation(server.dialect, server.settings, dropped, server.source)
        try:
            async with asyncio.timeout_at(began + limit):
                await _settle(connection, conversation)
        except TimeoutError as error:
            await _close(connection)
            raise LostError(
                conversation.complaint
                or f"{server.dialect.title} does not acknowledge the session."
            ) from error
        except BaseException:
            await _close(connection)
            raise
        log.info(
            "connected to %s in %.0f ms, session in %.0f ms", server.dialect.title,
            (connected - began) * 1e3, (loop.time() - connected) * 1e3,
        )  # fmt: skip
        return cls(server, connection, conversation)

    @property
    def reusable(self) -> bool:
        """Whether another take can follow on this connection."""
        return self._connection.is_open and self.conversation.clean and not self._is_old

    @property
    def silent_since(self) -> float:
        """Since when an answer is due that has not come; now where none is."""
        now = asyncio.get_running_loop().time()
        return min(now, self._heard + self._owed_seconds) if self.conversation.owed else now

    async def converse(
        self, turns: Turns, read: Read, changed: asyncio.Event, on_text: Callable[[], None],
        patience: Patience,
    ) -> None:  # fmt: skip
        """Transcribe a take until it is done, or this link is old and it may go on over another.

        `changed` is set when there is more sound; `on_text` is called when a turn may be settled;
        an answer may take the `patience` beside the length of its turn. Raises LostError,
        RefusedError.
        """
        self.conversation.attach(turns)
        self._owing.clear()
        try:
            await _first(
                self._write(turns, read, changed, patience),
                self._read(changed, on_text),
                self._watch(changed, on_text, patience),
            )
        except _StuckError as stuck:
            if refusal := await self._refusal():
                raise refusal from stuck
            raise

    async def _refusal(self) -> RefusedError | None:
        """End the connection; return why the server has ended it, if it was for good."""
        await self.close()
        try:
            while True:
                await self._connection.receive()
        except RefusedError as refused:
            return refused
        except LostError:
            return None

    async def close(self) -> None:
        """End the connection; idempotent."""
        await _close(self._connection)

    @property
    def _is_old(self) -> bool:
        return asyncio.get_running_loop().time() > self._replace_at

    @property
    def _owed_seconds(self) -> float:
        """How long the turns last that the server owes: a small one needs that for them."""
        samples = sum((turn.end or turn.start) - turn.start for turn in self.conversation.owed)
        return samples / self._rate

    async def _write(
        self, turns: Turns, read: Read, changed: asyncio.Event, patience: Patience
    ) -> None:
        conversation = self.conversation
        while True:
            changed.clear()
            while message := conversation.next(read):
                await self._send(message, patience)
                if conversation.owed and not self._owing.is_set():
                    self._heard = asyncio.get_running_loop().time()
                    self._owing.set()
            conversation.retiring = self._is_old
            if turns.done or (conversation.retiring and conversation.clean):
                return
            await changed.wait()

    async def _send(self, message: Message, patience: Patience) -> None:
        """Send a message; not even a ping gets past one that is stuck, so it has its own limit."""
        if sound := message.get("audio"):
            self._spend(seconds(len(sound) * 3 // 4, self._rate))  # it is base64
        try:
            async with asyncio.timeout(patience.answer):
                await self._connection.send(json.dumps(message))
        except TimeoutError as error:
            raise _StuckError(f"{self._title} takes no more sound.") from error
        await asyncio.sleep(0)  # sending seldom waits: a long take is said again in one go

    async def _read(self, changed: asyncio.Event, on_text: Callable[[], None]) -> None:
        while True:
            message = await self._connection.receive()
            before = self.conversation.progress
            self.conversation.receive(message)
            if self.conversation.progress != before:
                self._heard = asyncio.get_running_loop().time()
                on_text()
            changed.set()

    async def _watch(
        self, changed: asyncio.Event, on_text: Callable[[], None], patience: Patience
    ) -> None:
        """End the conversation when an answer is overdue."""
        loop = asyncio.get_running_loop()
        while True:
            await self._owing.wait()
            owed = self.conversation.owed
            wait = self._heard + patience.answer + self._owed_seconds - loop.time()
            if not owed:
                self._owing.clear()
            elif wait > 0:
                await asyncio.sleep(wait)
            elif self.conversation.make_do():
                on_text()
                changed.set()
            else:
                said = f"{self._title} does not answer. {self.conversation.complaint}"
                raise LostError(said.strip())


async def _settle(connection: Connection, conversation: Conversation) -> None:
    while not conversation.ready:  # then a take begins, or none for a while
        while message := conversation.next(lambda _start, _end: b""):
            await connection.send(json.dumps(message))
        conversation.receive(await connection.receive())


async def _close(connection: Connection) -> None:
    try:
        await connection.close()
    except OSError as error:
        log.debug("closing: %s", error)


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, and raise what that one does; the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
