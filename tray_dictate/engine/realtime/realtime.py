"""The WebSocket around a dialect, on `websockets`."""

from __future__ import annotations

from functools import partial
from typing import Any

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect

from tray_dictate import __version__
from tray_dictate.engine.realtime.transport import TIMES, OpenSocket, Server, Times, opened


class _Connect(connect):
    """Never follows a redirect: the key is for the server that the user has named."""

    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_websocket(server: Server, times: Times = TIMES) -> OpenSocket:
    """Connect. Raises LostError, RefusedError."""

    async def connected(options: dict[str, Any]) -> ClientConnection:
        return await _Connect(
            server.url,
            additional_headers=server.headers,
            user_agent_header=f"tray_dictate/{__version__}",
            **options,
        )

    socket = await opened(server, times, connected)
    return OpenSocket(
        server, socket, times,
        send=socket.send, receive=partial(socket.recv, decode=False), close=socket.close,
    )  # fmt: skip
