"""The same dialects over the official OpenAI package's realtime connection (the extra `sdk`).

The package builds the URL, signs the request and owns the socket; Azure is reached as its makers
say, through AsyncOpenAI with the resource's /openai/v1 base URL (AzureOpenAI cannot: it insists on
a model in the URL, which makes the session a conversation; shared/facts/protocol.md, G).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Omit
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.websocket_connection_options import WebSocketConnectionOptions
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from tray_dictate.engine.realtime.transport import TIMES, OpenSocket, Server, Times, opened

_REALTIME = "/realtime"  # the package adds it to the base URL
_SCHEMES = {"ws": "http", "wss": "https"}
# the package takes these from the environment: a key of its own, and whose account it is
_NOT_SENT = ("Authorization", "OpenAI-Organization", "OpenAI-Project")


@asynccontextmanager
async def _given_back(sockets: list[ClientConnection]) -> AsyncGenerator[None]:
    """Leave no socket open when nobody waits for it any more."""
    try:
        yield
    except BaseException:
        for socket in sockets:
            if socket.state is State.OPEN:
                socket.transport.abort()
        raise


async def open_sdk(server: Server, times: Times = TIMES) -> OpenSocket:
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
    async with _given_back(sockets), unused:
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

        socket = await opened(server, times, connected)
    (connection,) = realtime
    return OpenSocket(
        server, socket, times,
        send=connection.send_raw, receive=connection.recv_bytes, close=connection.close,
    )  # fmt: skip
