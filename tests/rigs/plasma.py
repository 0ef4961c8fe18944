"""Plasma 6 as a person's session has it: KWin, its portals and shortcuts, Klipper in the panel."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.rigs.kwin import FakeInput
from tests.rigs.whole_path import KEY
from tests.rigs.whole_session import WholeSession


class Plasma(WholeSession):
    """KWin --virtual with plasmashell; its bus starts the rest."""

    PROGRAMS: ClassVar = ("kwin_wayland", "plasmashell", "kded6", "konsole")

    def __init__(self) -> None:
        super().__init__("KDE")
        self.env |= {
            "KDE_FULL_SESSION": "true", "KDE_SESSION_VERSION": "6", "XDG_SESSION_DESKTOP": "KDE",
            "XDG_MENU_PREFIX": "plasma-", "QT_QPA_PLATFORM": "wayland",
            "QT_QUICK_BACKEND": "software", "KWIN_COMPOSE": "Q",
        }  # fmt: skip

    def start_display(self) -> None:
        """Start KWin, and what Plasma's session starts."""
        installed = shutil.which("kwin_wayland")
        assert installed
        # it has a file capability, with which it does not start here; Qt goes by the very name
        kwin = Path(shutil.copy(installed, self.folder / "kwin_wayland"))
        screen = ["--width", "1280", "--height", "720", "--socket", self.display]
        argv = [str(kwin), "--virtual", "--no-lockscreen", *screen]
        # for the rig's keyboard
        self.start_compositor("kwin", argv, KWIN_WAYLAND_NO_PERMISSION_CHECKS="1")
        self.plug_in(FakeInput(self.runtime / self.display))
        self.start_service("kded", ["kded6"], "org.kde.kded6")
        self.start_service("plasmashell", ["plasmashell", "--no-respawn"], "org.kde.plasmashell")

    def allow_keys(self) -> None:
        """Say yes in the dialog that asks whether tray_dictate may press keys."""
        token = Path(self.env["XDG_STATE_HOME"]) / "tray_dictate" / "portal_token"
        end = time.monotonic() + 60
        while not token.exists():
            assert time.monotonic() < end, "nothing was allowed"
            time.sleep(2)
            self.tap("enter")  # "Share" is the dialog's default, once it is there


@contextmanager
def plasma() -> Iterator[Plasma]:
    """Yield Plasma 6, whose user has allowed tray_dictate to press keys at its first start."""
    with Plasma() as desk:
        with desk.daemon(hotkey__keys=KEY) as daemon:
            daemon.wait_log("the hotkey: F9", 60)
            desk.allow_keys()
        yield desk
