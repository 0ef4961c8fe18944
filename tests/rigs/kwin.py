"""KDE's compositor without a screen, its portals, and fake_input as the "physical" keyboard."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import ClassVar

from tests.rigs.headless import FRONT_END, PORTALS, WAIT, Headless
from tests.rigs.processes import REMEDY, RigError
from tests.waiting import wait_until
from tray_dictate.system.autostart.xdg import APP_ID
from tray_dictate.system.desktop.wayland import Connection

_AUTHENTICATE, _KEY = 0, 10  # requests of org_kde_kwin_fake_input
BACK_END = "org.freedesktop.impl.portal.desktop.kde"
PERMISSIONS = "/usr/libexec/xdg-permission-store"
PERMISSION_STORE = "org.freedesktop.impl.portal.PermissionStore"


class FakeInput:
    """Keys that KWin takes for a keyboard's, also where shortcuts are concerned."""

    def __init__(self, display: Path) -> None:
        self._connection = Connection(str(display))
        self._input = self._connection.bind("org_kde_kwin_fake_input", 4)
        self._connection.request(self._input, _AUTHENTICATE, "the rig", "tests")
        self._connection.roundtrip()

    def key(self, code: int, *, down: bool) -> None:
        """Press or release a key of Linux's code; KWin has dealt with it then."""
        self._connection.request(self._input, _KEY, code, int(down))
        self._connection.roundtrip()

    def close(self) -> None:
        self._connection.close()


class KWin(Headless):
    """KWin --virtual with xdg-desktop-portal and its KDE back end; foot crashes on it (0 dpi)."""

    PROGRAMS: ClassVar = ("kwin_wayland", FRONT_END, PERMISSIONS)

    def __init__(self, *, sound: bool = False, locker: bool = False) -> None:
        """With a `locker`, the screen can be locked."""
        super().__init__("KDE", sound=sound)
        self._locker = locker

    def start(self) -> None:
        super().start()
        installed = shutil.which("kwin_wayland")
        assert installed
        # it has a file capability, with which it does not start here; Qt goes by the very name
        kwin = Path(shutil.copy(installed, self.folder / "kwin_wayland"))
        self.env |= {
            "KDE_FULL_SESSION": "true", "KDE_SESSION_VERSION": "5",
            "QT_QUICK_BACKEND": "software", "KWIN_COMPOSE": "Q",
            "KWIN_WAYLAND_NO_PERMISSION_CHECKS": "1",
            # Qt 6.8 crashes at its own theme for KDE, where plasma-integration has not brought one
            "QT_QPA_PLATFORMTHEME": "generic",
        }  # fmt: skip
        screen = ["--width", "1280", "--height", "720", "--socket", self.env["WAYLAND_DISPLAY"]]
        lockless = [] if self._locker else ["--no-lockscreen"]
        self.start_compositor("kwin", [str(kwin), "--virtual", *lockless, *screen])
        self.plug_in(FakeInput(self.runtime / self.display))
        self._allow()
        self.start_service("portal-kde", [_back_end()], BACK_END, QT_QPA_PLATFORM="wayland")
        self.start_front_end(PORTALS / "kde.portal")

    def lock(self) -> None:
        """Lock the screen, as the user does."""
        saver = ["org.kde.KWin", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver"]
        call = ["busctl", "--user", "call", *saver]
        self.run(*call, "Lock")
        wait_until(lambda: "true" in self.run(*call, "GetActive"), WAIT, "the screen is locked")

    def has_script(self, program: str) -> bool:
        """Tell whether KWin runs our script for a program of this name on the bus."""
        return "true" in self._script("isScriptLoaded", program)

    def remove_script(self, program: str) -> None:
        """Have KWin no longer run it."""
        self._script("unloadScript", program)

    def show_second_desktop(self) -> None:
        """Change to a virtual desktop without windows."""
        manager = ["org.kde.KWin", "/VirtualDesktopManager"]
        interface = "org.kde.KWin.VirtualDesktopManager"
        call = ["busctl", "--user", "call", *manager]
        self.run(*call, interface, "createDesktop", "us", "1", "second")
        kwin = ["org.kde.KWin", "/KWin", "org.kde.KWin"]
        self.run("busctl", "--user", "call", *kwin, "setCurrentDesktop", "i", "2")

    def _script(self, member: str, program: str) -> str:
        scripting = ["org.kde.KWin", "/Scripting", "org.kde.kwin.Scripting"]
        name = f"tray_dictate {program}"
        return self.run("busctl", "--user", "call", *scripting, member, "s", name)

    def _allow(self) -> None:
        """Have the user's leave for our keys on record: Plasma 6.3 and later look for it.

        Without it they ask in a dialog, which Plasma's whole workspace draws. 5.27 asks nobody.
        Source: https://develop.kde.org/docs/administration/portal-permissions
        """
        self.start_service("permissions", [PERMISSIONS], PERMISSION_STORE)
        self.run(
            "busctl", "--user", "call", PERMISSION_STORE,
            "/org/freedesktop/impl/portal/PermissionStore", PERMISSION_STORE,
            "SetPermission", "sbssas", "kde-authorized", "true", "remote-desktop", APP_ID,
            "1", "yes",
        )  # fmt: skip


def _back_end() -> str:
    found = [*Path("/usr/lib").glob("*/libexec/xdg-desktop-portal-kde")]
    plugins = [Path(folder) for folder in os.environ.get("QT_PLUGIN_PATH", "").split(":") if folder]
    plugins += Path("/usr/lib").glob("*/qt[56]/plugins")
    if not any([*plugin.glob("platforms/libqwayland*.so")] for plugin in plugins):
        raise RigError(f"Not installed: qtwayland5. {REMEDY}")
    if not found:
        raise RigError(f"Not installed: xdg-desktop-portal-kde. {REMEDY}")
    return str(found[0])
