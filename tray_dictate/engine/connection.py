"""A connection to a server, and what its failures mean; realtime.py and sdk.py make them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from websockets.exceptions import (
    ConnectionClosed,
    InvalidProxyStatus,
    InvalidStatus,
    WebSocketException,
)

from tray_dictate.config import EngineSettings
from tray_dictate.engine.dialect import Dialect
from tray_dictate.engine.dialect_errors import (
    LostError,
    RefusedError,
    explain_close,
    explain_handshake,
)
from tray_dictate.errors import EngineError

LARGEST = 16 * 2**20  # bytes of a message; a transcript has some thousands


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect, and as whom."""

    dialect: Dialect
    settings: EngineSettings
    url: str
    headers: dict[str, str] = field(repr=False)
    source: str  # of the key


class Connection(Protocol):
    """A WebSocket that is open; one task sends, one receives."""

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

    async def ping(self) -> float | None:
        """Return the seconds of a round trip, None where the transport does not tell."""
        ...

    async def close(self) -> None:
        """End it; idempotent."""
        ...


Connect = Callable[[Server], Awaitable[Connection]]  # raises LostError, RefusedError


def ended(server: Server, error: ConnectionClosed) -> EngineError:
    """Return what the end of an open connection means."""
    if error.rcvd is None:
        return LostError(f"The connection to {server.dialect.title} broke.")
    return explain_close(
        server.dialect, server.settings, server.source, error.rcvd.code, error.rcvd.reason
    )


def failed(server: Server, error: Exception) -> EngineError:
    """Return what a connection that did not come about means."""
    host = urlsplit(server.url).netloc
    title = server.dialect.title
    match error:
        case InvalidStatus():
            return explain_handshake(
                server.dialect, server.settings, server.source,
                error.response.status_code, bytes(error.response.body),
            )  # fmt: skip
        case InvalidProxyStatus():
            status = error.response.status_code
            return RefusedError(
                f"The proxy answered HTTP {status}. "
                f"Check HTTPS_PROXY, or exempt {host} in NO_PROXY."
            )
        case ImportError():
            return RefusedError(
                "A SOCKS proxy is set, and the package for it is not installed: "
                "pip install python-socks"
            )
        case ssl.SSLCertVerificationError():
            return RefusedError(
                f"The certificate of {host} is not trusted: {error.verify_message}. If it is your "
                "own server, name its authority's file in SSL_CERT_FILE."
            )
        case asyncio.TimeoutError():
            return LostError(f"{host} did not answer in time.")
        case socket.gaierror():
            return LostError(f"{host} is not known: no network, or a mistake in engine.endpoint.")
        case OSError():
            return LostError(f"{title} cannot be reached at {host}: {_reason(error)}.")
        case WebSocketException():
            return LostError(f"{host} does not answer as a WebSocket server would.")
        case _:
            raise error


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
