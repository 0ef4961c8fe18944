"""Wayland sessions as fixtures; what a test leaves behind is tidied up after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wayland.gnome import Gnome
from tests.wayland.kwin import KWin
from tests.wayland.rig import Sway
from tests.wayland.session import Session

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("wayland")


@pytest.fixture(scope="module")
def sway() -> Iterator[Sway]:
    """A compositor with a keyboard and a pointer: a third of the cost."""
    with Sway() as bare:
        yield bare


@pytest.fixture(scope="module")
def session() -> Iterator[Sway]:
    """A full session: sway, a bar with a tray, notifications, a microphone to speak into."""
    with Sway(tray=True, notifications=True, sound=True) as full:
        yield full


@pytest.fixture(scope="module")
def kwin() -> Iterator[KWin]:
    """KDE's compositor and portals; mark such tests `kwin`."""
    with KWin() as desktop:
        yield desktop


@pytest.fixture(scope="module")
def gnome() -> Iterator[Gnome]:
    """GNOME Shell; mark such tests `gnome`."""
    with Gnome() as desktop:
        yield desktop


@pytest.fixture(scope="module")
def wavs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("speech")


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    yield
    for live in Session.live:
        live.tidy()


@pytest.fixture
def environ(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Put this very process into the test's session: os.environ is the session's."""
    names = ("session", "kwin", "gnome")
    name = next((name for name in names if name in request.fixturenames), "sway")
    wanted: Session = request.getfixturevalue(name)
    for variable in ("XAUTHORITY", "PULSE_SERVER", "SESSION_MANAGER"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in wanted.env.items():
        monkeypatch.setenv(variable, value)
    return wanted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    if report.failed:
        for live in Session.live:
            for name, tail in live.processes.tails().items():
                report.sections.append((f"{live.folder.name} {name}", tail))
    return report
