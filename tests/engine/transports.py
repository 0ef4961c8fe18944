"""Both transports, as whom they connect, and small servers that may lie between.

Every one is real: a socket of this process or a process of its own.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.servers.realtime.server import RealtimeServer
from tests.waiting import until
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.credentials import CredentialSource, endpoint
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, url
from tray_dictate.engine.realtime.sdk_transport import open_sdk
from tray_dictate.engine.realtime.transport import Server, open_websocket

BOTH = [
    pytest.mark.usefixtures("surroundings"),
    pytest.mark.parametrize("connect", [open_websocket, open_sdk], ids=["websocket", "sdk"]),
]
KEY = "test-key"
MODELS = {"speaches": "local", "localai": "pipeline", "vllm": "voxtral", "litellm": "dictation"}
PROXIES = ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "socks_proxy", "all_proxy")


async def server_for(where: RealtimeServer | str, name: str = "openai", **settings) -> Server:
    """Return what the engine would connect to; `dialect` holds changes to the dialect."""
    changes = settings.pop("dialect", {})
    if isinstance(where, RealtimeServer):
        where, name = where.endpoint, where.kind
    settings = {"model": MODELS.get(name, ""), "allow_plain": True, **settings}
    chosen = EngineSettings(name=name, endpoint=where, **settings)
    dialect = replace(DIALECTS[name], **changes)
    known = await CredentialSource(chosen, dialect.header).get()
    address = url(dialect, chosen, endpoint(chosen))
    return Server(dialect, chosen, address, known.headers, known.source)


def message(sound: bytes) -> str:
    """Return an append."""
    audio = base64.b64encode(sound).decode()
    return '{"type": "input_audio_buffer.append", "audio": "' + audio + '"}'


def no_proxies(monkeypatch) -> None:
    for name in (*PROXIES, "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@dataclass
class Door:
    """A server that reads a request and says one thing."""

    port: int = 0
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def headers(self) -> dict[str, str]:
        """Those of the last request, by lower-case names."""
        pairs = (line.split(": ", 1) for line in self.heads[-1].split("\r\n")[1:] if line)
        return {name.lower(): value for name, value in pairs}


Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(
    handle: Handle, context: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[int]:
    """Listen on a port; whoever is connected at the end is cut off."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handle(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client is gone
        finally:
            tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, host, port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()  # from Python 3.12 on it waits for those that are connected


@contextlib.asynccontextmanager
async def door(
    answer: bytes, context: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Door]:
    """Listen, note every request's head, answer it and close."""
    seen = Door()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(answer)
        await writer.drain()

    async with listening(handle, context, host, port) as seen.port:
        yield seen


def http(status: str, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


@contextlib.asynccontextmanager
async def proxy(refusal: bytes = b"") -> AsyncIterator[Door]:
    """A proxy that knows CONNECT, and every host as this machine."""
    seen = Door()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        method, target, _ = seen.heads[-1].split(" ", 2)
        assert method == "CONNECT"
        if refusal:
            writer.write(refusal)
            return
        far_reader, far_writer = await asyncio.open_connection(
            "127.0.0.1", int(target.rpartition(":")[2])
        )
        writer.write(http("200 Connection established").replace(b"Content-Length: 0\r\n", b""))
        try:
            await both_ways(reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()

    async with listening(handle) as seen.port:
        yield seen


async def both_ways(reader, writer, far_reader, far_writer) -> None:
    """Copy what comes on either side to the other until one ends."""
    await _first_end(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()


async def _first_end(*works) -> None:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def turning() -> AsyncIterator[Callable[[], int]]:
    """Yields what returns how often the event loop has turned within: who holds it up, sees it."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(turn())
    try:
        yield lambda: turns
    finally:
        task.cancel()


async def gone(server: RealtimeServer, others: int = 0) -> None:
    """Wait until nobody else is connected."""
    await until(lambda: server.connections <= others)


def sockets() -> int:
    """Return how many this process has open."""
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return sum(str(link.readlink()).startswith("socket:") for link in links)
