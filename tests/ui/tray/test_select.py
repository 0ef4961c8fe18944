from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeTrayCommands
from tray_dictate.core.dictation import Status
from tray_dictate.system.threads import Bridge
from tray_dictate.ui.tray import select
from tray_dictate.ui.tray.headless import Headless

ROOT = Path(__file__).parents[3]


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    running = Bridge()
    running.start()
    yield running
    running.stop()


def test_neither_icon_nor_notifications_is_headless(bridge: Bridge) -> None:
    assert isinstance(select(bridge, FakeTrayCommands(), icon=False, notifications=False), Headless)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the Linux tray")
def test_without_bus_and_display_it_runs_on_and_logs_what_it_would_say(
    bridge: Bridge, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    caplog.set_level(logging.INFO)
    tray = select(bridge, FakeTrayCommands(), icon=True, notifications=True)
    assert not isinstance(tray, Headless)
    tray.show(Status.RECORDING)
    tray.notify("No microphone")
    tray.stop()
    tray.stop()
    tray.run()
    tray.show(Status.IDLE)
    tray.notify("Too late")
    bridge.stop()
    tray.notify("Far too late")
    assert "No microphone (not shown: " in caplog.text
    assert "Traceback" not in caplog.text


CONVERTED = """
from tray_dictate.core.ports import MenuState
from tray_dictate.core.dictation import Status
from tests.fakes import FakeTrayCommands
from tray_dictate.ui.tray.menu import Entry, menu
from tray_dictate.ui.tray.menu import View
from tray_dictate.ui.tray.pystray import PystrayTray, _menu
import pystray

commands = FakeTrayCommands()
tray = PystrayTray(commands, notifications=True)
tray.show(Status.RECORDING)
tray.offer(MenuState())
tray.level(0.5)
tray.notify("hello")
shown = _menu(pystray, menu(View(Status.RECORDING), commands)[:4])
print([(item.text, item.checked, item.default, item.enabled) for item in shown])
list(shown)[0](None)
shown(None)
print(commands.did)
more = _menu(pystray, (Entry("m", "More", children=(Entry("r", "R", checked=True, radio=True),)),))
[item] = more
[below] = item.submenu
print(item.text, below.text, below.checked, below.radio)
"""


UNAVAILABLE = """
import logging
from tray_dictate.system.threads import Bridge
from tests.fakes import FakeTrayCommands
from tray_dictate.ui.tray import select

logging.basicConfig()
bridge = Bridge()
tray = select(bridge, FakeTrayCommands(), icon=True, notifications=True, platform="win32")
tray.notify("No microphone")
tray.stop()
tray.run()
print(type(tray).__name__)
"""


EARLY = """
import logging, threading
import pystray
from tests.fakes import FakeTrayCommands

class Icon(pystray.Icon):
    # a back end of pystray's own kind, which has a message area
    HAS_NOTIFICATION = True
    ended = threading.Event()
    said = []
    all_said = threading.Event()
    def _run(self):
        self._mark_ready()
        self.ended.wait()
    def _stop(self):
        self.ended.set()
    def _show(self): pass
    _hide = _update_icon = _update_title = _update_menu = _show
    def _notify(self, message, title=None):
        self.said.append(message)
        if len(self.said) == 3:
            self.all_said.set()

pystray.Icon = Icon
logging.basicConfig()
from tray_dictate.ui.tray.pystray import PystrayTray
tray = PystrayTray(FakeTrayCommands(), notifications=True)
tray.notify("Hold F9 and speak.")
tray.notify("Another is told.")
print(Icon.said)
running = threading.Thread(target=tray.run)
running.start()
while not tray._icon.visible: pass
tray.notify("Now there is an icon.")
print(Icon.all_said.wait(20), sorted(Icon.said), Icon.said[:2])
tray.stop()
running.join(20)
"""


def run(program: str, backend: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own: pystray chooses its back end when it is imported."""
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"PYSTRAY_BACKEND": backend, "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_platform_whose_library_cannot_be_had_is_headless_and_logged() -> None:
    done = run(UNAVAILABLE, "no-such")
    assert done.stdout == "Headless\n", done.stderr
    assert "No icon and no notifications here" in done.stderr
    assert "unknown backend" in done.stderr
    assert "No microphone" in done.stderr


def test_pystray_gets_the_same_menu_in_its_own_words() -> None:
    done = run(CONVERTED, "dummy")
    assert done.stdout.splitlines() == [
        "[('Dictation enabled', True, False, True), ('Stop dictation', None, True, True), "
        "('- - - -', None, False, True), ('Microphone', None, False, True)]",
        "[('enable', False), 'toggle']",
        "More R True True",
    ], done.stderr


def test_what_is_told_before_there_is_an_icon_is_shown_when_there_is() -> None:
    done = run(EARLY, "dummy")
    early = ["Hold F9 and speak.", "Another is told."]
    assert done.stdout.splitlines() == [
        "[]", f"True {sorted([*early, 'Now there is an icon.'])} {early}"
    ], done.stderr  # fmt: skip
    assert done.stderr == ""
