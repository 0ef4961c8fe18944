"""The real tray in this process, and what its user sees of it in waybar and does to it there."""

from __future__ import annotations

import time

from PIL import Image, ImageChops

from tests.fakes import FakeTrayCommands
from tests.rigs.sway import Sway
from tests.rigs.tray import PanelTray
from tests.waiting import wait_until
from tray_dictate.ui.tray.menu import View, menu

AWAY = (640, 600)
ICON = (1266, 18)
BELOW = (640, 20, 1264, 420)  # the bar, and left of the pointer that opens the menu
_FIRST, _ENTRY = 35, 25  # pixels: the middle of the menu's first line, and how high its lines are
_LINES = [e.name for e in menu(View(), FakeTrayCommands()) if e.label]


def place(name: str) -> tuple[int, int]:
    """Return where in the open menu an entry is."""
    return 1150, _FIRST + _ENTRY * _LINES.index(name)


class BarTray(PanelTray):
    """The real tray in a real bar."""

    desktop: Sway  # which has what a Desktop has, as far as this needs it

    def point_away(self) -> None:
        self.desktop.pointer.move(*AWAY)

    def click(self, place: tuple[int, int], button: int = 1) -> None:
        super().click(place, button)
        self.point_away()  # the screenshot shows it, too

    def open_menu(self) -> Image.Image:
        """Open the menu by a right click; return what it looks like."""
        self.point_away()
        closed = self._below_the_bar()
        self.desktop.click(*ICON, 3)

        def place() -> tuple[int, int, int, int] | None:
            return ImageChops.difference(closed, self._below_the_bar()).getbbox()

        wait_until(lambda: (box := place()) and box[3] > 350, 10, "the menu")
        time.sleep(0.3)  # until it is whole
        return self._below_the_bar().crop(place())  # its width is that of the longest label

    def choose(self, name: str) -> None:
        """Open the menu and click on one of its entries."""
        self.open_menu()
        self.desktop.click(*place(name))

    def _below_the_bar(self) -> Image.Image:
        return self.desktop.screenshot().crop(BELOW)
