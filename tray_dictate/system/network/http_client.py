"""Sends a request over HTTP, by urllib: proxies, certificates, and what went wrong in words.

Redirects are not followed: a key would be sent to another server.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from email.message import Message
from functools import cache, partial
from typing import IO, Any
from urllib.parse import urlsplit

from typing_extensions import override

from tray_dictate import __version__
from tray_dictate.core.errors import DictateError
from tray_dictate.system.network.proxy_route import Route, route

_LONGEST_ERROR = 65536  # bytes


class HttpError(DictateError):
    """There is no answer; errors with the same `cause` need to be reported only once."""

    def __init__(self, cause: str, message: str) -> None:
        self.cause = cause
        super().__init__(message)


class StatusError(HttpError):
    """The server refused; `body` is its answer, never shown: it may quote dictated text."""

    def __init__(self, status: int, body: bytes, headers: Message) -> None:
        self.status, self.body, self.headers = status, body, headers
        super().__init__(f"status {status}", f"The server answered with status {status}.")


@contextmanager
def exchange(
    url: str, headers: dict[str, str], body: bytes | None = None, *, timeout: float
) -> Generator[http.client.HTTPResponse]:
    """Send a request, a POST if it has a body, and yield the answer; its body is read within.

    `timeout`: seconds for the connection, and for each part of the answer. Raises StatusError for
    every status but 2xx, HttpError and TimeoutError, also for what fails within. Blocks.
    """
    request = urllib.request.Request(  # noqa: S310 - callers let only https and loopback pass
        url, body, {"User-Agent": f"tray_dictate/{__version__}", **headers}
    )
    parts, to = urlsplit(url), route(url)
    host = parts.netloc
    opener = urllib.request.build_opener(_NoRedirect, *_handlers(parts.scheme, host, to))
    try:
        with opener.open(request, timeout=timeout) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        said = b""
        with error, suppress(OSError, http.client.HTTPException):  # the status is what counts
            said = error.read(_LONGEST_ERROR) if error.fp else b""
        raise StatusError(error.code, said, error.headers) from None
    except TimeoutError:
        raise
    except urllib.error.URLError as error:
        raise _unreachable(host, error.reason) from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(host, error) from None


def _unreachable(host: str, reason: object) -> HttpError | TimeoutError:
    if isinstance(reason, TimeoutError):
        return TimeoutError()
    if isinstance(reason, ssl.SSLCertVerificationError):
        return HttpError(
            "certificate",
            f"The certificate of {host} is not trusted: {reason.verify_message.rstrip('.')}. "
            "If it is your own server, set SSL_CERT_FILE to the file of its certificate authority.",
        )
    if isinstance(reason, http.client.HTTPException):
        return HttpError("no HTTP", f"{host} closed the connection, or does not speak HTTP.")
    words = getattr(reason, "strerror", None) or str(reason)[:100] or type(reason).__name__
    return HttpError("unreachable", f"{host} cannot be reached: {words}.")


def _handlers(scheme: str, host: str, to: Route) -> list[urllib.request.BaseHandler]:
    if to.addresses:
        return [urllib.request.ProxyHandler({}), _Near(to), _SecureNear(to)]
    if to.proxy and to.proxy.is_socks:
        raise HttpError(
            "socks",
            f"{to.proxy.variable} names a SOCKS proxy, which this cannot use. Set HTTPS_PROXY, or "
            f"exempt {host} in NO_PROXY.",
        )
    return [
        urllib.request.ProxyHandler({scheme: to.proxy.url} if to.proxy else {}),
        urllib.request.HTTPSHandler(context=_context()),
    ]


class _Near(urllib.request.HTTPHandler):
    """Opens http: URLs of this machine without asking a name server."""

    def __init__(self, to: Route) -> None:
        super().__init__()
        self._to = to

    @override
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Connection, self._to), req)


class _SecureNear(urllib.request.HTTPSHandler):
    """Opens https: URLs of this machine without asking a name server."""

    def __init__(self, to: Route) -> None:
        super().__init__()
        self._to = to

    @override
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_SecureConnection, self._to), req)


class _Connection(http.client.HTTPConnection):
    def __init__(self, to: Route, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._to = to

    @override
    def connect(self) -> None:
        self.sock = _near(self._to, self.timeout)


class _SecureConnection(_Connection):
    default_port = http.client.HTTPS_PORT

    @override
    def connect(self) -> None:
        super().connect()
        self.sock = _context().wrap_socket(self.sock, server_hostname=self.host)


def _near(to: Route, timeout: float | None) -> socket.socket:
    """Return a socket to the first of this machine's addresses that accepts a connection."""
    for address in to.addresses[:-1]:
        with suppress(ConnectionRefusedError):
            return socket.create_connection((address, to.port), timeout)
    return socket.create_connection((to.addresses[-1], to.port), timeout)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - urllib's
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: Message, newurl: str,
    ) -> None:  # fmt: skip
        """Follow no redirect: its status becomes the error."""


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()  # 20 ms: once
