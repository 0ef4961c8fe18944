"""One POST over HTTP, bounded; the standard library's urllib on a thread of its own.

urllib and not another dependency: it knows proxies and certificates, and a text every few seconds
needs no pool of connections. It follows no redirect, for that would carry the key elsewhere.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from contextlib import suppress
from email.message import Message
from functools import cache
from typing import IO
from urllib.parse import urlsplit

from tray_dictate import __version__, blocking
from tray_dictate.rewrite.failure import RewriteError

_LONGEST = 1_000_000  # bytes of an answer
_LONGEST_ERROR = 65536


class StatusError(RewriteError):
    """The server refused; `body` is what it said, which is not for the user: it may quote."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body
        super().__init__(f"status {status}", f"The server answered with status {status}.")


async def post(
    url: str, headers: dict[str, str], body: bytes, *, limit: float, direct: bool
) -> bytes:
    """Return the answer's body; `direct`: past any proxy. Raises RewriteError."""
    request = urllib.request.Request(  # noqa: S310 - chat.py lets only https and loopback pass
        url, body, {"User-Agent": f"tray_dictate/{__version__}", **headers}, method="POST"
    )
    return await blocking.start(lambda: _send(request, limit, direct))


def _send(request: urllib.request.Request, limit: float, direct: bool) -> bytes:
    host, end = urlsplit(request.full_url).netloc, time.monotonic() + limit
    proxies = urllib.request.ProxyHandler({} if direct else None)
    secure = urllib.request.HTTPSHandler(context=_context())
    opener = urllib.request.build_opener(_NoRedirect, proxies, secure)
    try:
        with opener.open(request, timeout=limit) as answer:
            return _body(answer, end)
    except urllib.error.HTTPError as error:
        said = b""
        with error, suppress(OSError, http.client.HTTPException):  # the status is what counts
            said = error.read(_LONGEST_ERROR) if error.fp else b""
        raise StatusError(error.code, said) from None
    except TimeoutError:
        raise
    except urllib.error.URLError as error:
        raise _unreachable(host, error.reason) from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(host, error) from None


def _body(answer: http.client.HTTPResponse, end: float) -> bytes:
    received = bytearray()
    while chunk := answer.read1(65536):
        received += chunk
        if len(received) > _LONGEST:
            raise RewriteError("too long", "The server's answer has no end.")
        if time.monotonic() > end:  # a server that drips
            raise TimeoutError
    if answer.length:  # read1 does not complain of what is missing
        raise http.client.IncompleteRead(b"", answer.length)
    return bytes(received)


def _unreachable(host: str, reason: object) -> RewriteError | TimeoutError:
    if isinstance(reason, TimeoutError):
        return TimeoutError()
    if isinstance(reason, ssl.SSLCertVerificationError):
        return RewriteError(
            "certificate",
            f"The certificate of {host} is not trusted: {reason.verify_message.rstrip('.')}. "
            "If it is your own server, name its authority's file in SSL_CERT_FILE.",
        )
    if isinstance(reason, http.client.HTTPException):
        return RewriteError("no HTTP", f"{host} broke off, or does not speak HTTP.")
    words = getattr(reason, "strerror", None) or str(reason)[:100] or type(reason).__name__
    return RewriteError("unreachable", f"{host} cannot be reached: {words}.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - urllib's
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: Message, newurl: str,
    ) -> None:  # fmt: skip
        """Follow none: the status becomes the error."""


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()  # 20 ms: once
