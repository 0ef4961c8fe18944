"""GNOME Shell without a screen, with a private system bus of mocks, and mutter's own keyboard."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.rigs.buses import bus_command
from tests.rigs.headless import WAIT, Headless
from tests.rigs.mutter import MutterKeyboard
from tests.rigs.processes import listens
from tests.rigs.windows import RECORDER, SYSTEM_PYTHON
from tests.waiting import wait_until

MOCKS = {
    "logind": "org.freedesktop.login1",
    "upower": "org.freedesktop.UPower",
    "networkmanager": "org.freedesktop.NetworkManager",
    "polkitd": "org.freedesktop.PolicyKit1",
}


class Gnome(Headless):
    """gnome-shell --headless, out of its overview: windows get the focus when they open."""

    PROGRAMS: ClassVar = ("gnome-shell", "gdbus")

    def __init__(self, *, sound: bool = False) -> None:
        super().__init__("GNOME", sound=sound)
        self._portals: subprocess.Popen[bytes] | None = None
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={self.folder}/run/sysbus"

    def start(self) -> None:
        super().start()
        self._start_system()
        argv = ["gnome-shell", "--unsafe-mode", "--headless", "--wayland"]
        self.start_compositor("shell", [*argv, "--virtual-monitor", "1280x720"])
        started = "Main.overview && !Main.layoutManager._startingUp"  # then comes the overview
        wait_until(lambda: "'true'" in self.evaluate(started), WAIT, "the shell is up")
        wait_until(self._leave_overview, WAIT, "the overview is left")
        self.plug_in(MutterKeyboard(self.env["DBUS_SESSION_BUS_ADDRESS"]))

    def evaluate(self, script: str) -> str:
        """Return "(true, 'what a script is worth in the shell')"."""
        return self.run(
            "gdbus", "call", "--session", "--dest", "org.gnome.Shell", "--object-path",
            "/org/gnome/Shell", "--method", "org.gnome.Shell.Eval", script,
            check=False, timeout=WAIT,  # for its first answer a shell that starts takes its time
        )  # fmt: skip

    @contextmanager
    def terminal(self) -> Iterator[Path]:
        """Open a terminal; yield the file of all that comes from it."""
        received = self.folder / "received"
        received.unlink(missing_ok=True)
        argv = ["foot", "-T", "the-terminal", "-o", "locked-title=yes", "sh", "-c", RECORDER]
        foot = self.processes.start("foot", [*argv, str(received)])
        title = "global.display.focus_window ? global.display.focus_window.title : ''"
        wait_until(lambda: received.exists() and "the-terminal" in self.evaluate(title), WAIT, "it")
        yield received
        self.processes.end(foot)

    def start_portals(self, answer: int = 0) -> None:
        """Start portals over mutter, with a clipboard; 1 is a user who says no."""
        program = [sys.executable, str(Path(__file__).with_name("mutter_portal.py"))]
        name = "org.freedesktop.portal.Desktop"
        self._portals = self.start_service("portal", program, name, PORTAL_ANSWER=str(answer))

    def stop_portals(self) -> None:
        """End them; idempotent."""
        if self._portals:
            self.processes.end(self._portals)
        self._portals = None

    def _leave_overview(self) -> bool:
        self.evaluate("Main.overview.hide()")
        return "'true'" in self.evaluate(
            "!Main.overview.visible && !Main.overview.animationInProgress"
        )

    def _start_system(self) -> None:
        address = self.env["DBUS_SYSTEM_BUS_ADDRESS"]
        argv = bus_command(self.folder / "system.conf", address, "system")
        bus = self.processes.start("system", argv)
        self.processes.wait_for("system", bus, lambda: listens(self.runtime / "sysbus"), WAIT)
        mocks = {
            name: self.processes.start(
                name, [SYSTEM_PYTHON, "-m", "dbusmock", "--system", "-t", name]
            )
            for name in MOCKS
        }
        for name, owned in MOCKS.items():
            there = functools.partial(self.bus_has, owned, "system")
            self.processes.wait_for(name, mocks[name], there, WAIT)
