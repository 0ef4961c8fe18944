"""The WebSocket around a dialect, on `websockets`."""

from __future__ import annotations

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.protocol import State

from tray_dictate import __version__
from tray_dictate.engine.connection import TIMES, Server, Times, ended, failed, hang_up


class _Connect(connect):
    """Never follows a redirect: the key is for the server that the user has named."""

    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocket:
    """An open connection; proxies are taken from the environment, TLS is verified."""

    def __init__(self, server: Server, socket: ClientConnection, times: Times) -> None:
        self._server, self._socket, self._times = server, socket, times

    async def send(self, text: str) -> None:
        """Send a message; waits while too much is under way. Raises LostError, RefusedError."""
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise ended(self._server, error) from error

    async def receive(self) -> bytes:
        """Return the next message; safe to cancel. Raises LostError, RefusedError."""
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed as error:
            raise ended(self._server, error) from error

    @property
    def is_open(self) -> bool:
        """Whether, as far as is known, messages still go both ways."""
        return self._socket.state is State.OPEN

    async def ping(self) -> float:
        """Return the seconds of a round trip. Raises LostError, RefusedError."""
        try:
            return await (await self._socket.ping())
        except ConnectionClosed as error:
            raise ended(self._server, error) from error

    async def close(self) -> None:
        """End it; idempotent."""
        await hang_up(self._socket, self._socket.close(), self._times)


async def open_websocket(server: Server, times: Times = TIMES) -> WebSocket:
    """Connect. Raises LostError, RefusedError."""
    try:
        socket = await _Connect(
            server.url,
            additional_headers=server.headers,
            user_agent_header=f"tray_dictate/{__version__}",
            **times.options,
        )
    except (WebSocketException, OSError, ImportError, ValueError) as error:
        raise failed(server, error) from error
    return WebSocket(server, socket, times)
