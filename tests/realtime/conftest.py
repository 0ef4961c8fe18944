from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.realtime.peer import Peer


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    """A realtime server that is not ours; a test that kills one starts its own."""
    with Peer() as running:
        yield running
