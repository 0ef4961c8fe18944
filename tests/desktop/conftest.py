"""Desktops as fixtures; what a test leaves behind is tidied up after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.rig import Daemon, Desktop
from tests.desktop.serving import Person

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("desktop")


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
def wavs(tmp_path_factory) -> Path:
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
    for live in Desktop.live:
        live.tidy()


@pytest.fixture
def environ(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    """Put this very process on the test's desktop: os.environ is the desktop's."""
    names = ("desktop", "hardware_xserver", "xserver")
    name = next((name for name in names if name in request.fixturenames), "xserver")
    wanted: Desktop = request.getfixturevalue(name)
    for variable in ("WAYLAND_DISPLAY", "XAUTHORITY", "PULSE_SERVER", "SESSION_MANAGER"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in wanted.env.items():
        monkeypatch.setenv(variable, value)
    return wanted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    if report.failed:
        for live in Desktop.live:
            for name, tail in live.processes.tails().items():
                report.sections.append((f"{live.display} {name}", tail))
    return report
