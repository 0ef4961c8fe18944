"""The icon's menu in xfce4-panel, used by real clicks."""

from __future__ import annotations

import time

from PIL import Image, ImageChops

from tests.fakes import FakeTrayCommands
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.ui.tray.menu import View, menu

ICON = (12, 16)
AWAY = (640, 700)
_TOP, _ENTRY, _SEPARATOR = 37, 25, 1  # pixels: where the menu begins, and how high its lines are
_ENTRIES = menu(View(), FakeTrayCommands())


def place(name: str) -> tuple[int, int]:
    """Return where in the open menu an entry is."""
    y = _TOP
    for entry in _ENTRIES:
        height = _ENTRY if entry.label else _SEPARATOR
        if entry.name == name:
            return 60, y + height // 2
        y += height
    raise AssertionError(f"no entry {name}")


def open_menu(desktop: Desktop) -> Image.Image:
    """Open the menu by a right click; return what the screen shows then."""
    desktop.run("xdotool", "mousemove", *map(str, AWAY))  # a click must move the pointer
    closed = desktop.screenshot()
    desktop.click(*ICON, 3)
    return _wait_change(desktop, closed, (0, 34, 600, 600), 70)


def open_below(desktop: Desktop, name: str) -> tuple[Image.Image, tuple[int, int]]:
    """Open the menu and one of its submenus; return the screen, and where that begins."""
    before = open_menu(desktop)
    desktop.click(*place(name))
    right = ImageChops.difference(before, before.point(lambda _: 0)).size[0]
    shown = _wait_change(desktop, before, (_width(before), 0, right, 800), 20)
    box = _changed(before, shown, (_width(before), 0, right, 800))
    assert box
    return shown, (_width(before) + box[0], box[1])


def choose(desktop: Desktop, name: str, number: int | None = None) -> None:
    """Open the menu and click on an entry, or on the one with this number below it."""
    if number is None:
        open_menu(desktop)
        desktop.click(*place(name))
        return
    _, (x, y) = open_below(desktop, name)
    desktop.run("xdotool", "mousemove", str(x + 20), str(place(name)[1]))  # not across others
    desktop.click(x + 40, y + 3 + _ENTRY * number + _ENTRY // 2)


def _width(screen: Image.Image) -> int:
    """Return how wide the open menu is: its right border is one straight line."""
    row = screen.convert("L").crop((0, place("quit")[1], 1000, place("quit")[1] + 1))
    values = [row.getpixel((x, 0)) for x in range(row.width)]
    desktop = values[-1]
    return max(x for x, value in enumerate(values) if value != desktop) + 1


def _wait_change(
    desktop: Desktop, before: Image.Image, region: tuple[int, int, int, int], least: int
) -> Image.Image:
    """Wait until something at least so high has come up in a region, and is whole."""

    def come() -> bool:
        box = _changed(before, desktop.screenshot(), region)
        return bool(box and box[3] - box[1] >= least)

    wait_until(come, 10, "the menu")
    time.sleep(0.2)  # until it is whole
    return desktop.screenshot()


def _changed(
    before: Image.Image, now: Image.Image, region: tuple[int, int, int, int]
) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(before, now).crop(region).getbbox()
