"""Sends one POST over HTTP, bounded in time and size, on a thread.

A text every few seconds needs no pool of connections.
"""

from __future__ import annotations

import http.client
import time

from tray_dictate.system import threads
from tray_dictate.system.network.http_client import HttpError, exchange

_LONGEST = 1_000_000  # bytes of an answer


async def post(url: str, headers: dict[str, str], body: bytes, *, limit: float) -> bytes:
    """Return the answer's body, got within `limit` seconds. Raises HttpError, TimeoutError."""
    return await threads.run_in_thread(lambda: _send(url, headers, body, limit))


def _send(url: str, headers: dict[str, str], body: bytes, limit: float) -> bytes:
    end = time.monotonic() + limit
    with exchange(url, headers, body, timeout=limit) as answer:
        return _body(answer, end)


def _body(answer: http.client.HTTPResponse, end: float) -> bytes:
    received = bytearray()
    while chunk := answer.read1(65536):
        received += chunk
        if len(received) > _LONGEST:
            raise HttpError("too long", "The server's answer is longer than 1 MB.")
        if time.monotonic() > end:  # the server sends a few bytes at a time
            raise TimeoutError
    if answer.length:  # read1 raises nothing for a missing rest
        raise http.client.IncompleteRead(b"", answer.length)
    return bytes(received)
