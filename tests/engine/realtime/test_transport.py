"""What a connection that did not come about means."""

from __future__ import annotations

import errno

import pytest

from tests.engine.transports import server_for
from tray_dictate.engine.realtime.transport import failed

BOTH = "[Errno 111] Connect call failed ('::1', 9, 0, 0), [Errno 111] Connect call failed"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"), "Connection refused"),
        (OSError(errno.EHOSTUNREACH, "Connect call failed ('10.0.0.9', 9)"), "No route to host"),
        (OSError(9999, "Words of another system"), "Words of another system"),
        (OSError(9999, ""), "9999"),
        (OSError(f"Multiple exceptions: {BOTH}"), "none of its addresses answers"),
    ],
    ids=["one address", "no route", "another system", "no words", "several addresses"],
)
async def test_the_cause_is_in_the_systems_words(error, why):
    lost = failed(await server_for("ws://localhost:9", auth="none"), error)
    assert str(lost) == f"OpenAI cannot be reached at localhost:9: {why}."
