"""Connects to a server by WebSocket, and explains why a connection failed or ended."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    ProxyError,
    SecurityError,
    WebSocketException,
)
from websockets.protocol import State

from tray_dictate import __version__
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import EngineError
from tray_dictate.engine.realtime.protocol.dialects import Dialect
from tray_dictate.engine.realtime.protocol.errors import (
    LostError,
    Partner,
    RefusedError,
    explain_close,
    explain_handshake,
)
from tray_dictate.system.network.proxy_route import route

_TOO_BIG = 1009  # our close code
LARGEST = 2**20  # bytes of a message; a transcript has some thousands


def _free(_seconds: float) -> None:
    """Count nothing: the user's own server has no monthly limit."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect, and the headers that authenticate the user there."""

    dialect: Dialect
    settings: EngineSettings
    url: str
    headers: dict[str, str] = field(repr=False)
    source: str  # of the key
    consume: Callable[[float], None] = _free  # counts seconds of sound; EngineError: no more

    @property
    def partner(self) -> Partner:
        """The server as messages about failures name it."""
        return Partner(self.dialect, self.settings, self.source)


@dataclass(frozen=True, slots=True)
class Times:
    """Time limits of a connection, in seconds."""

    handshake: float = 10
    ping: float = 15  # from one to the next
    pong: float = 30  # small servers do not answer while they transcribe
    close: float = 1

    @property
    def options(self) -> dict[str, Any]:
        """The options of `websockets` that both transports use."""
        return {
            "open_timeout": self.handshake, "ping_interval": self.ping, "ping_timeout": self.pong,
            "close_timeout": self.close, "max_size": LARGEST,
            "compression": None,  # sound in base64 gains little and costs time
        }  # fmt: skip


TIMES = Times()


class Connection(Protocol):
    """An open WebSocket; one task sends, one receives."""

    async def send(self, text: str) -> None:
        """Send a message; waits while too much is under way. Raises LostError, RefusedError."""
        ...

    async def receive(self) -> str | bytes:
        """Return the next message; safe to cancel. Raises LostError, RefusedError."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether, as far as is known, messages still go both ways."""
        ...

    async def ping(self) -> float:
        """Return the seconds of a round trip. Raises LostError, RefusedError."""
        ...

    async def close(self) -> None:
        """Close it; idempotent."""
        ...


Connect = Callable[[Server], Awaitable[Connection]]  # raises LostError, RefusedError
Open = Callable[[dict[str, Any]], Awaitable[ClientConnection]]


async def open_by_route(server: Server, times: Times, open_socket: Open) -> ClientConnection:
    """Open a socket to the server, through the proxy or to the address that the route names.

    Raises LostError, RefusedError.
    """
    path = route(server.url)
    known = {**times.options, "proxy": path.proxy.url if path.proxy else None}
    tries = [{"host": address, "port": path.port} for address in path.addresses] or [{}]
    for last, where in [*((False, where) for where in tries[:-1]), (True, tries[-1])]:
        try:
            return await open_socket({**known, **where})
        except ConnectionRefusedError as error:  # it may listen on this machine's other address
            if last:
                raise failed(server, error) from error
        except (WebSocketException, OSError, ImportError, ValueError) as error:
            raise failed(server, error) from error
    raise AssertionError  # the last try has returned or raised


class SocketConnection(ABC):
    """A Connection over a socket of `websockets`; subclasses know who owns the socket."""

    def __init__(self, server: Server, socket: ClientConnection, times: Times) -> None:
        self._server, self._socket, self._times = server, socket, times

    async def send(self, text: str) -> None:
        """Send a message; waits while too much is under way. Raises LostError, RefusedError."""
        with self._explained():
            await self._send(text)

    async def receive(self) -> str | bytes:
        """Return the next message; safe to cancel. Raises LostError, RefusedError."""
        with self._explained():
            return await self._receive()

    async def ping(self) -> float:
        """Return the seconds of a round trip. Raises LostError, RefusedError."""
        with self._explained():
            return await (await self._socket.ping())

    @property
    def is_open(self) -> bool:
        """Whether, as far as is known, messages still go both ways."""
        return self._socket.state is State.OPEN

    async def close(self) -> None:
        """Close the connection; idempotent."""
        await _hang_up(self._socket, self._close(), self._times)

    @abstractmethod
    async def _send(self, text: str) -> None:
        """Send through the owner of the socket."""

    @abstractmethod
    async def _receive(self) -> str | bytes:
        """Receive through the owner of the socket."""

    @abstractmethod
    async def _close(self) -> None:
        """Close through the owner of the socket; it may wait forever for the server."""

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except ConnectionClosed as error:
            raise _ended(self._server, error) from error


class WebSocketConnection(SocketConnection):
    """The socket itself is the owner."""

    @override
    async def _send(self, text: str) -> None:
        await self._socket.send(text)

    @override
    async def _receive(self) -> str | bytes:
        return await self._socket.recv(decode=False)

    @override
    async def _close(self) -> None:
        await self._socket.close()


async def _hang_up(
    socket: ClientConnection, closing: Coroutine[Any, Any, None], times: Times
) -> None:
    """Close a connection within `times.close`, even if the server has stopped reading."""
    try:
        async with asyncio.timeout(
            times.close
        ):  # `websockets` waits forever for the server to read
            await closing
    except TimeoutError:
        socket.transport.abort()
        await socket.wait_closed()
    except BaseException:  # cancelled: nothing else would close it
        socket.transport.abort()
        raise


def _ended(server: Server, error: ConnectionClosed) -> EngineError:
    """Return the error for the end of an open connection."""
    title = server.dialect.title
    if error.rcvd_then_sent is not True and error.sent and error.sent.code == _TOO_BIG:
        return LostError(f"{title} sent a message of more than {LARGEST // 2**20} MiB.")
    if error.rcvd is None:
        return LostError(f"The connection to {title} broke.")
    return explain_close(server.partner, error.rcvd.code, error.rcvd.reason)


def failed(server: Server, error: Exception) -> EngineError:
    """Return the error for a connection that could not be opened."""
    host = urlsplit(server.url).netloc
    match error:
        case InvalidStatus() if 300 <= error.response.status_code < 400:
            return _redirected(host)
        case InvalidStatus():
            answer = error.response
            headers = dict(answer.headers.raw_items())
            return explain_handshake(
                server.partner, answer.status_code, bytes(answer.body), headers
            )
        case SecurityError() | ValueError() if _is_redirect(error):
            return _redirected(host)
        case InvalidProxyStatus() | ProxyError() | InvalidProxy() | ImportError():
            return _proxy_failed(server, host, error)
        case ssl.SSLError():
            return _untrusted(host, error)
        case OSError() | UnicodeError():
            return _unreachable(server, host, error)
        case WebSocketException():
            return LostError(
                f"{host} does not answer like a WebSocket server. If it speaks TLS, write "
                "engine.endpoint with https:// or wss://."
                if server.url.startswith("ws:")
                else f"{host} does not answer like a WebSocket server."
            )
        case _:
            raise error


def _unreachable(server: Server, host: str, error: Exception) -> EngineError:
    proxy = route(server.url).proxy
    through = f" through the proxy of {proxy.variable}" if proxy else ""
    match error:
        case asyncio.TimeoutError():
            return LostError(f"{host} did not answer in time{through}.")
        case socket.gaierror() | UnicodeError():
            return LostError(
                f"{host} cannot be found{through}: no network, or a mistake in engine.endpoint."
            )
        case ConnectionResetError():
            hint = " If it does not speak TLS, write engine.endpoint with http:// or ws://."
            secure = server.url.startswith("wss:")
            return LostError(f"{host} hung up{through}.{hint if secure else ''}")
        case _:
            why = _cause(error)
            return LostError(f"{server.dialect.title} cannot be reached at {host}{through}: {why}.")


# asyncio's own words are "Connect call failed ('127.0.0.1', 9)", and those of the C library know
# no socket's error on Windows
_CAUSES = {
    errno.ECONNREFUSED: "Connection refused", errno.EHOSTUNREACH: "No route to host",
    errno.ENETUNREACH: "Network is unreachable", errno.ETIMEDOUT: "Connection timed out",
    errno.ECONNABORTED: "Connection aborted", errno.EHOSTDOWN: "Host is down",
    errno.ENETDOWN: "Network is down", errno.EADDRNOTAVAIL: "Address not available",
    errno.EACCES: "Permission denied", errno.EPERM: "Not permitted; a firewall may forbid it",
    errno.EMFILE: "Too many open files",
}  # fmt: skip


def _cause(error: Exception) -> str:
    """Return why a socket could not be opened, in the same words on every system."""
    if not isinstance(error, OSError):
        return type(error).__name__
    if not error.errno:
        return "none of its addresses answers"
    known = _CAUSES.get(error.errno)
    return known or error.strerror or errno.errorcode.get(error.errno, str(error.errno))


def _is_redirect(error: Exception) -> bool:
    """Whether the error stands for a redirect that the transport was not allowed to follow."""
    return isinstance(error, SecurityError) or isinstance(error.__cause__, InvalidStatus)


def _redirected(host: str) -> EngineError:
    return RefusedError(
        f"{host} redirects to another address, and keys are not sent to redirected addresses. "
        "Set engine.endpoint to the final address."
    )


def _proxy_failed(server: Server, host: str, error: Exception) -> EngineError:
    proxy = route(server.url).proxy
    variable = proxy.variable if proxy else "HTTPS_PROXY"
    exempt = f"or exempt {host} in NO_PROXY."
    match error:
        case InvalidProxyStatus():
            status = error.response.status_code
            return RefusedError(f"The proxy answered HTTP {status}. Check {variable}, {exempt}")
        case ImportError():
            return RefusedError(
                f"{variable} names a SOCKS proxy, and the package for it is not installed: "
                f"pip install python-socks, {exempt}"
            )
        case InvalidProxy():  # the address may hold a password
            return RefusedError(f"The proxy's address cannot be used. Check {variable}, {exempt}")
        case _:
            return LostError(f"The proxy failed. Check {variable}, {exempt}")


def _untrusted(host: str, error: ssl.SSLError) -> EngineError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return RefusedError(
            f"The certificate of {host} is not trusted: {error.verify_message.rstrip('.')}. If it "
            "is your own server, set SSL_CERT_FILE to the file of its certificate authority."
        )
    if error.reason == "WRONG_VERSION_NUMBER":
        return RefusedError(
            f"{host} does not speak TLS. If it is a server on this machine, write engine.endpoint "
            "with http:// or ws://."
        )
    return LostError(f"No TLS connection to {host}: {error.reason or 'it ended'}.")


class _Connect(connect):
    """Follows no redirect: the key is for the server that the user has named."""

    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_websocket(server: Server, times: Times = TIMES) -> WebSocketConnection:
    """Connect. Raises LostError, RefusedError."""

    async def connected(options: dict[str, Any]) -> ClientConnection:
        return await _Connect(
            server.url,
            additional_headers=server.headers,
            user_agent_header=f"tray_dictate/{__version__}",
            **options,
        )

    socket = await open_by_route(server, times, connected)
    return WebSocketConnection(server, socket, times)
