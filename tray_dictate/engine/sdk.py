"""The same dialects over the official OpenAI package's realtime connection (the extra `sdk`).

The package builds the URL, signs the request and owns the socket; Azure is reached as its makers
say, through AsyncOpenAI with the resource's /openai/v1 base URL (AzureOpenAI cannot: it insists on
a model in the URL, which makes the session a conversation; shared/facts/protocol.md, G).
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit, urlunsplit

from openai import AsyncOpenAI, Omit
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from tray_dictate.engine.connection import LARGEST, Server, ended, failed

_REALTIME = "/realtime"  # the package adds it to the base URL
_SCHEMES = {"ws": "http", "wss": "https"}


class SdkConnection:
    """An open connection of the package's."""

    def __init__(
        self, server: Server, client: AsyncOpenAI, connection: AsyncRealtimeConnection
    ) -> None:
        self._server, self._client, self._connection = server, client, connection
        self._open = True

    async def send(self, text: str) -> None:
        """Send a message; waits while too much is under way. Raises LostError, RefusedError."""
        try:
            await self._connection.send_raw(text)
        except ConnectionClosed as error:
            self._open = False
            raise ended(self._server, error) from error

    async def receive(self) -> str | bytes:
        """Return the next message; safe to cancel. Raises LostError, RefusedError."""
        try:
            return await self._connection.recv_bytes()
        except ConnectionClosed as error:
            self._open = False
            raise ended(self._server, error) from error

    @property
    def is_open(self) -> bool:
        """Whether messages went both ways when we last tried; the package tells no more."""
        return self._open

    async def ping(self) -> float | None:
        """Return None: the package does not tell."""
        return None

    async def close(self) -> None:
        """End it; idempotent."""
        self._open = False
        await self._connection.close()
        await self._client.close()


async def open_sdk(server: Server) -> SdkConnection:
    """Connect. Raises LostError, RefusedError."""
    url = urlsplit(server.url)
    path = url.path.removesuffix(_REALTIME)
    bearer = server.headers.get("Authorization", "").removeprefix("Bearer ")
    headers: dict[str, str | Omit] = {
        name: value for name, value in server.headers.items() if name != "Authorization"
    }
    if not bearer:
        headers["Authorization"] = Omit()  # the package would send its own
    client = AsyncOpenAI(
        api_key=bearer or "none",
        base_url=urlunsplit((_SCHEMES[url.scheme], url.netloc, path, "", "")),
    )
    try:
        connection = await client.realtime.connect(
            extra_query=dict(parse_qsl(url.query)),
            extra_headers=headers,
            # its time limits are those of `websockets`: 10 s to connect, a ping every 20 s
            websocket_connection_options={"compression": None, "max_size": LARGEST},
        ).enter()
    except (WebSocketException, OSError, ImportError, ValueError) as error:
        await client.close()
        raise failed(server, error) from error
    return SdkConnection(server, client, connection)
