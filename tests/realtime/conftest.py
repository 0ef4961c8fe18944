from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.realtime.peer import Peer


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    """A realtime server that is not ours; a test that kills one starts its own."""
    with Peer() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    if report.failed:
        for live in Peer.live:
            report.sections.append((f"the peer at {live.endpoint}", live.log))
    return report
