"""A bare client for the tests of the fake server: it sends whatever it is told."""

from __future__ import annotations

import asyncio
import atexit
import base64
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.servers.realtime.server import RealtimeServer
from tests.servers.realtime.words import silence, word

RATE = 24000
QUERY = {
    "openai": "?intent=transcription",
    "azure": "?intent=transcription",
    "azure-preview": "?api-version=2025-04-01-preview&intent=transcription",
    "speaches": "?model=local&intent=transcription",
    "localai": "?model=pipeline",
}
AZURE = ("azure", "azure-preview")


def said(*numbers: int, rate: int = RATE) -> bytes:
    """Return the words with a breath of 0.1 s before, between and after."""
    breath = silence(0.1, rate)
    return breath + b"".join(word(number, rate) + breath for number in numbers)


class Raw:
    """An open connection."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.events: list[dict[str, Any]] = []

    async def say(self, kind: str, **fields: Any) -> None:
        """Send an event."""
        await self.ws.send(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Return the next event whose type ends like this, or the count-th."""
        while True:
            event = json.loads(await self.ws.recv())
            self.events.append(event)
            count -= event["type"].endswith(kind)
            if count == 0:
                return event

    async def start(self, model: str = "gpt-4o-mini-transcribe", **heard: Any) -> dict[str, Any]:
        """Set the session up, manual unless told otherwise; return the acknowledgement."""
        heard = {"turn_detection": None, **heard}
        heard = {"transcription": {"model": model}, **heard}
        await self.say(
            "session.update", session={"type": "transcription", "audio": {"input": heard}}
        )
        return await self.until("updated")

    async def refused(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send an event and return the error that answers it."""
        await self.say(kind, **fields)
        return (await self.until("error"))["error"]

    async def append(self, pcm: bytes) -> None:
        """Send sound."""
        await self.ws.send(_append(pcm))

    def burst(self, pcm: bytes, times: int) -> None:
        """Send the same sound as so many messages in a single write."""
        for _ in range(times):
            self.ws.protocol.send_text(_append(pcm).encode())
        self.ws.send_data()

    async def commit(self, **fields: Any) -> None:
        """Send a commit."""
        await self.say("input_audio_buffer.commit", **fields)

    async def turn(self, *numbers: int, rate: int = RATE) -> dict[str, Any]:
        """Say the words, commit, and return what completes."""
        await self.append(said(*numbers, rate=rate))
        await self.commit()
        return await self.until(".completed")

    def kinds(self) -> list[str]:
        """The types of the events so far, each run once."""
        kinds = [event["type"].removeprefix("input_audio_buffer.") for event in self.events]
        kinds = [kind.removeprefix("conversation.item.") for kind in kinds]
        kinds = [kind.removeprefix("input_audio_transcription.") for kind in kinds]
        return [kind for at, kind in enumerate(kinds) if not at or kinds[at - 1] != kind]


def _append(pcm: bytes) -> str:
    audio = base64.b64encode(pcm).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": audio})


@contextlib.asynccontextmanager
async def client(
    server: RealtimeServer, query: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[Raw]:
    """Connect; the query and the headers are right for the kind unless given."""
    if headers is None:
        key = {"api-key": server.key}
        headers = key if server.kind in AZURE else {"Authorization": f"Bearer {server.key}"}
    query = QUERY.get(server.kind, "") if query is None else query
    context = ssl.create_default_context(cafile=server.ca_file) if server.tls else None
    async with (
        asyncio.timeout(10),
        connect(
            server.url + query, additional_headers=headers, ssl=context, proxy=None,
            max_size=None, ping_interval=None, close_timeout=0.2,
        ) as ws,
    ):  # fmt: skip
        yield Raw(ws)


_shared: dict[str, RealtimeServer] = {}  # it takes a second to start one: the SDK is imported


class Pool:
    """Servers for the tests of one module; the plain ones serve the other modules too."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack

    def __getitem__(self, kind: str) -> RealtimeServer:
        """Return the server of that kind, to be planned for by each test."""
        if kind not in _shared:
            server = RealtimeServer(kind)
            atexit.register(server.__exit__, None, None, None)
            _shared[kind] = server.__enter__()
        return _shared[kind]

    def own(self, kind: str, **options: Any) -> RealtimeServer:
        """Return another server, which ends with the module."""
        return self._stack.enter_context(RealtimeServer(kind, **options))


def pool() -> Iterator[Pool]:
    """Yield a pool: the body of a fixture."""
    with contextlib.ExitStack() as stack:
        yield Pool(stack)
        for server in _shared.values():
            server.plan([])


async def dictate(raw: Raw, items: int = 1, model: str = "gpt-4o-mini-transcribe") -> Raw:
    """Say one word an item, each in two appends."""
    await raw.start(model)
    for number in range(items):
        sound = said(number)
        await raw.append(sound[:2000])
        await raw.append(sound[2000:])
        await raw.commit()
    await raw.until(".completed", items)
    return raw


def texts(raw: Raw) -> list[str]:
    """Return the transcripts, as they came."""
    return [event["transcript"] for event in raw.events if event["type"].endswith(".completed")]


def named(raw: Raw, kind: str, field: str = "item_id") -> list[Any]:
    """Return a field of every event whose type ends like this."""
    return [event[field] for event in raw.events if event["type"].endswith(kind)]


async def last(server: RealtimeServer) -> dict[str, Any]:
    """Return what the server knows of its last connection, once that is over."""
    async with asyncio.timeout(5):
        while True:
            record = server.report()["connections"][-1]
            if not record["live"]:
                return record
            await asyncio.sleep(0.01)
