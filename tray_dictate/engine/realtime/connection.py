"""Holds a connection and its conversation open, for one take after another.

writer: turns ──▶ messages ──▶ server        reader: server ──▶ messages ──▶ turns
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from typing import Any

from tray_dictate.core.pcm import seconds
from tray_dictate.engine.realtime.protocol.conversation import Conversation
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError
from tray_dictate.engine.realtime.protocol.events import Message
from tray_dictate.engine.realtime.retry_budget import RetryBudget
from tray_dictate.engine.realtime.take_progress import TakeProgress
from tray_dictate.engine.realtime.transport import Connect, Connection, Server, failed

log = logging.getLogger(__name__)

_LIMIT = 10.0  # seconds until the session has our settings


class _StuckError(LostError):
    """The server has stopped reading; it may be about to close the connection."""


class WarmConnection:
    """An open connection whose session has our settings."""

    def __init__(self, server: Server, connection: Connection, conversation: Conversation) -> None:
        self.conversation = conversation
        self._connection = connection
        self._title = server.dialect.title
        self._rate, self._consume = server.dialect.rate, server.consume
        loop = asyncio.get_running_loop()
        self._replace_at = loop.time() + server.dialect.minutes * 60
        self._heard = loop.time()  # when the last event about a turn arrived
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
        """When the overdue answer was due, on the loop's clock; now if none is overdue."""
        now = asyncio.get_running_loop().time()
        return min(now, self._heard + self._owed_seconds) if self.conversation.owed else now

    async def converse(self, take: TakeProgress) -> None:
        """Transcribe a take until it is done, or this connection is due for replacement.

        It is left only when it owes no text. Raises LostError, RefusedError.
        """
        self.conversation.attach(take.turns)
        self._owing.clear()
        try:
            await _first(self._write(take), self._read(take), self._watch(take))
        except _StuckError as stuck:
            if refusal := await self._refusal():
                raise refusal from stuck
            raise

    async def _refusal(self) -> RefusedError | None:
        """Close the connection; return the server's own reason for closing it, if it is final."""
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
        """The length of the turns whose text is owed: a slow server needs that long."""
        samples = sum((turn.end or turn.start) - turn.start for turn in self.conversation.owed)
        return samples / self._rate

    async def _write(self, take: TakeProgress) -> None:
        """Send the conversation's messages whenever the take has more sound or an ended turn."""
        conversation = self.conversation
        while True:
            take.changed.clear()
            while message := conversation.next(take.read):
                await self._send(message, take.budget)
                if conversation.owed and not self._owing.is_set():
                    self._heard = asyncio.get_running_loop().time()
                    self._owing.set()
            conversation.retiring = self._is_old
            if take.turns.done or (conversation.retiring and conversation.clean):
                return
            await take.changed.wait()

    async def _send(self, message: Message, budget: RetryBudget) -> None:
        """Send a message within a limit: pings cannot detect a stuck one, they wait behind it."""
        if sound := message.get("audio"):
            self._consume(seconds(len(sound) * 3 // 4, self._rate))  # base64: 4 letters, 3 bytes
        try:
            async with asyncio.timeout(budget.answer_limit):
                await self._connection.send(json.dumps(message))
        except TimeoutError as error:
            raise _StuckError(f"{self._title} accepts no more sound.") from error
        await asyncio.sleep(0)  # sending a long take again would hardly ever yield to the loop

    async def _read(self, take: TakeProgress) -> None:
        """Receive messages, and hand out the texts that they complete."""
        while True:
            message = await self._connection.receive()
            before = self.conversation.progress
            self.conversation.receive(message)
            if self.conversation.progress != before:
                self._heard = asyncio.get_running_loop().time()
                take.hand_out()
            take.changed.set()

    async def _watch(self, take: TakeProgress) -> None:
        """End the conversation when an answer is overdue."""
        loop = asyncio.get_running_loop()
        while True:
            await self._owing.wait()
            owed = self.conversation.owed
            wait = self._heard + take.budget.answer_limit + self._owed_seconds - loop.time()
            if not owed:
                self._owing.clear()
            elif wait > 0:
                await asyncio.sleep(wait)
            elif self.conversation.make_do():
                take.hand_out()
                take.changed.set()
            else:
                reason = f"{self._title} does not answer. {self.conversation.complaint}"
                raise LostError(reason.strip())


async def _settle(connection: Connection, conversation: Conversation) -> None:
    """Exchange messages until the session has our settings."""
    while not conversation.ready:
        while message := conversation.next(lambda _start, _end: b""):
            await connection.send(json.dumps(message))
        conversation.receive(await connection.receive())


async def _close(connection: Connection) -> None:
    try:
        await connection.close()
    except OSError as error:
        log.debug("closing: %s", error)


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Run coroutines until the first ends; cancel the others, and raise its error, if any."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
