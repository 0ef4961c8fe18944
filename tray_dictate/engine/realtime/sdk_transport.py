"""Connects through the official OpenAI package (the extra `sdk`).

The package builds the URL, signs the request and owns the socket; Azure is reached as Microsoft
documents it, through AsyncOpenAI with the resource's /openai/v1 base URL (not AzureOpenAI, which
insists on a model in the URL, which makes the session a conversation).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Omit
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.websocket_connection_options import WebSocketConnectionOptions
from typing_extensions import override
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from tray_dictate.engine.realtime.transport import (
    TIMES,
    Server,
    SocketConnection,
    Times,
    open_by_route,
)

_REALTIME = "/realtime"  # the package adds it to the base URL
_SCHEMES = {"ws": "http", "wss": "https"}
# the package reads these from the environment: a key, and an account
_NOT_SENT = ("Authorization", "OpenAI-Organization", "OpenAI-Project")


class SdkConnection(SocketConnection):
    """The package's connection is the owner of the socket."""

    def __init__(
        self,
        server: Server,
        socket: ClientConnection,
        times: Times,
        connection: AsyncRealtimeConnection,
    ) -> None:
        super().__init__(server, socket, times)
        self._realtime = connection

    @override
    async def _send(self, text: str) -> None:
        await self._realtime.send_raw(text)

    @override
    async def _receive(self) -> bytes:
        return await self._realtime.recv_bytes()

    @override
    async def _close(self) -> None:
        await self._realtime.close()


@asynccontextmanager
async def _closed_on_failure(sockets: list[ClientConnection]) -> AsyncGenerator[None]:
    """Leave no socket open if opening fails or is cancelled."""
    try:
        yield
    except BaseException:
        for socket in sockets:
            if socket.state is State.OPEN:
                socket.transport.abort()
        raise


async def open_sdk(server: Server, times: Times = TIMES) -> SdkConnection:
    """Connect. Raises LostError, RefusedError."""
    url = urlsplit(server.url)
    path = url.path.removesuffix(_REALTIME)
    sockets: list[ClientConnection] = []

    def create(*args: Any, **options: Any) -> ClientConnection:
        sockets.append(ClientConnection(*args, **options))
        return sockets[-1]

    headers: dict[str, str | Omit] = {**{name: Omit() for name in _NOT_SENT}, **server.headers}
    realtime: list[AsyncRealtimeConnection] = []
    # never used, so it needs neither the proxies nor the certificates that it would load
    unused = DefaultAsyncHttpxClient(trust_env=False, verify=False)
    async with _closed_on_failure(sockets), unused:
        client = AsyncOpenAI(
            api_key="none",  # it is in the headers
            base_url=urlunsplit((_SCHEMES[url.scheme], url.netloc, path, "", "")),
            http_client=unused,
        )

        async def connected(options: dict[str, Any]) -> ClientConnection:
            declared = {**options, "create_connection": create}  # handed on, though not declared
            connection = await client.realtime.connect(
                extra_query=dict(parse_qsl(url.query)),
                extra_headers=headers,
                websocket_connection_options=cast("WebSocketConnectionOptions", declared),
            ).enter()
            realtime.append(connection)
            return sockets[-1]

        socket = await open_by_route(server, times, connected)
    (connection,) = realtime
    return SdkConnection(server, socket, times, connection)
