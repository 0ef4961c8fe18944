"""What tests of several folders share: an order, the realtime servers, the report of a hang."""

from __future__ import annotations

import asyncio
import functools
import gc
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import hypothesis
import pytest

from tests.examples import WHOLE
from tests.rigs import as_user
from tests.servers.peers.peer import Peer
from tests.servers.realtime.raw import Pool, pool
from tests.servers.realtime.server import RealtimeServer

hypothesis.settings.load_profile(WHOLE)  # --hypothesis-profile, read later, may name another

FAILED = pytest.StashKey[bool]()
WAITING = ("desktop", "wayland", "live", "peer")  # markers
HERE = Path(__file__).parent
COVERED = HERE / "core", HERE / "engine/realtime/protocol"  # tests that run every branch of theirs


def pytest_addoption(parser: pytest.Parser) -> None:
    """install_scripts/desktops.sh, which has those desktops, says --desktops."""
    told = "collect the tests of Debian 13's desktops, too"
    parser.addoption("--desktops", action="store_true", help=told)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over tests for desktops that this system cannot have."""
    newer = collection_path == HERE / "desktop" / "debian13"
    return True if newer and not config.getoption("desktops") else None


def pytest_configure() -> None:
    """Collect the tests without the garbage collector, which would take a third of the time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on it looks only at what the tests themselves make."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)  # desktop/conftest.py has set its marks by then
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for speech and programs goes first, so that quick tests fill the workers' end.

    Only tests of what must be covered are asked which lines they run: half of the time more.
    """
    for item in items:
        if not any(folder in item.path.parents for folder in COVERED):
            item.add_marker("no_cover")
    waiting = {item.path for item in items if any(map(item.get_closest_marker, WAITING))}
    items.sort(key=lambda item: item.path not in waiting)


@pytest.fixture(scope="module")
def servers() -> Iterator[Pool]:
    """Servers by their kind, each started when it is first asked for."""
    yield from pool()


@pytest.fixture
def server(servers: Pool) -> Iterator[RealtimeServer]:
    """OpenAI's, to be planned for; it forgets the plan after the test."""
    plain = servers["openai"]
    yield plain
    plain.plan([])


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    """A realtime server that is not ours; a test that kills one starts its own."""
    with Peer() as running:
        yield running


@pytest.fixture
def doctor(tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """`tray-dictate doctor engine`, as a user with nothing but a key."""
    return functools.partial(as_user.doctor, tmp_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        for live in Peer.live:
            report.sections.append((f"the peer at {live.endpoint}", live.log))
        if call.excinfo and "pytest-timeout" in str(call.excinfo.value):
            report.sections.append(("tasks", _tasks()))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[bool]:
    """What a failed test left open is collected before another one is blamed for it."""
    ended = yield
    if item.stash.get(FAILED, False):
        for last in ("last_exc", "last_value", "last_traceback"):  # they keep its frames
            sys.__dict__.pop(last, None)
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            gc.collect()
    return ended


def _tasks() -> str:
    """Return where each task waits: of those, the stacks of the threads show nothing."""
    stacks = io.StringIO()
    for task in gc.get_objects():
        if type(task) is asyncio.Task and not task.done():
            task.print_stack(file=stacks)
    return stacks.getvalue()
