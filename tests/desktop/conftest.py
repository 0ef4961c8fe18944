"""Desktops as fixtures; what a test leaves behind is tidied up after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.gnome import Gnome
from tests.rigs.kwin import KWin
from tests.rigs.person import Person
from tests.rigs.session import Session
from tests.rigs.sway import Sway
from tests.rigs.tray import PanelTray
from tests.rigs.wayland_tray import BarTray
from tests.rigs.x11 import Desktop

HERE = Path(__file__).parent
FIXTURES = ("desktop", "hardware_xserver", "xserver", "session", "kwin", "gnome", "sway")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("desktop" if item.path.parent.name == "x11" else "wayland")


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    """A full desktop: window manager, tray, notifications, a microphone to speak into."""
    with Desktop(tray="xfce", notifications=True, sound=True) as full:
        yield full


@pytest.fixture(scope="module")
def xserver() -> Iterator[Desktop]:
    """An X server with a window manager: a tenth of the cost."""
    with Desktop() as bare:
        yield bare


@pytest.fixture(scope="module")
def hardware_xserver() -> Iterator[Desktop]:
    """An X server whose `keydown` is a hardware keyboard's, and whose `synthetic` is XTEST."""
    with Desktop(hardware_keyboard=True) as bare:
        yield bare


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


@pytest.fixture
def daemon(desktop: Desktop) -> Iterator[Daemon]:
    with desktop.daemon() as running:
        yield running


@pytest.fixture
def person(desktop: Desktop, wavs: Path) -> Person:
    return Person(desktop, wavs)


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    yield
    for session in Session.live:
        session.tidy()


@pytest.fixture
def environ(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Put this very process into the test's session."""
    bare = "xserver" if request.path.parent.name == "x11" else "sway"
    name = next((name for name in FIXTURES if name in request.fixturenames), bare)
    wanted: Session = request.getfixturevalue(name)
    wanted.join(monkeypatch)
    return wanted


@pytest.fixture
def here(hostless: Desktop | Sway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop | Sway]:
    """Put this process on a desktop whose panel each test starts: the module's `hostless`."""
    hostless.join(monkeypatch)
    yield hostless
    hostless.stop_tray()


@pytest.fixture
def shown(here: Desktop | Sway) -> Iterator[PanelTray]:
    """Show the tray, before there is any panel."""
    kind = PanelTray if isinstance(here, Desktop) else BarTray
    with kind(here) as icon:
        yield icon


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    if report.failed:
        for session in Session.live:
            for name, tail in session.processes.tails().items():
                report.sections.append((f"{session.folder.name} {name}", tail))
    return report
