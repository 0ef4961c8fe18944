"""The menu in an XEmbed tray, which draws none itself: real clicks on our own windows."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PIL import Image, ImageChops

from tests.rigs.panel_menu import AWAY, ICON
from tests.rigs.tray import PanelTray
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuOption, MenuState
from tray_dictate.ui.tray.menu import menu
from tray_dictate.ui.tray.xembed_menu import Sheet, sheet

CHOICES = MenuState(
    microphones=(MenuOption("", "Default", chosen=True), MenuOption("USB", "USB")),
    engines=(
        MenuOption("offline", "This computer", chosen=True),
        MenuOption("azure", "A", enabled=False),
    ),
)
ROOT: tuple[int, int, int, int] = (0, 0, 1280, 800)


@pytest.fixture(scope="module")
def trayer() -> Iterator[Desktop]:
    with Desktop(tray="trayer") as bare:
        yield bare


@pytest.fixture
def shown(trayer: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[PanelTray]:
    trayer.join(monkeypatch)
    with PanelTray(trayer) as tray:
        tray.choices = CHOICES
        tray.tray.offer(CHOICES)
        tray.wait_icon(Status.IDLE)
        yield tray


class Opened:
    """The open menu, where it is, and what is clicked in it."""

    def __init__(self, shown: PanelTray) -> None:
        self.desktop, self.closed = shown.desktop, shown.desktop.screenshot()
        self.sheet: Sheet = sheet(menu(shown.view(), shown.commands))
        shown.click(ICON, button=3)
        self.left, self.top = self._wait(self.sheet)
        width, height = self.sheet.size
        self.area = (self.left, self.top, self.left + width, self.top + height)

    def place(self, name: str) -> tuple[int, int]:
        names = [entry.name for entry in self.sheet.entries]
        return self.left + 40, self.top + self.sheet.tops[names.index(name)] + 12

    def click(self, name: str) -> None:
        self.desktop.click(*self.place(name))

    def below(self, name: str) -> Opened:
        """Go to a submenu."""
        x, y = self.place(name)
        self.desktop.run("xdotool", "mousemove", str(x), str(y))
        names = [entry.name for entry in self.sheet.entries]
        width = self.left + self.sheet.size[0]
        self.sheet = sheet(self.sheet.entries[names.index(name)].children)
        self.left, self.top = self._wait(self.sheet, width)
        self.desktop.run("xdotool", "mousemove", str(width + 10), str(y))
        return self

    def wait_closed(self) -> None:
        def gone() -> bool:
            now = self.desktop.screenshot()
            return not ImageChops.difference(now, self.closed).crop(self.area).getbbox()

        wait_until(gone, 10, "the menu is gone")

    def _changed(self, left: int) -> tuple[int, int, int, int] | None:
        now = self.desktop.screenshot()
        region = (left, *ROOT[1:])
        return ImageChops.difference(now, self.closed).crop(region).getbbox()

    def _wait(self, wanted: Sheet, left: int = 0) -> tuple[int, int]:
        """Wait until a window of that sheet's size is there; return where it is."""

        def come() -> tuple[int, int] | None:
            box = self._changed(left)
            size = (box[2] - box[0], box[3] - box[1]) if box else (0, 0)
            return (left + box[0], ROOT[1] + box[1]) if box and size == wanted.size else None

        found = wait_until(come, 10, f"a menu of {wanted.size}")
        assert found
        return found


def test_an_entry_is_clicked_and_the_menu_is_gone(shown: PanelTray) -> None:
    opened = Opened(shown)
    opened.click("settings")
    wait_until(lambda: shown.did == [("open", "settings")], 10, "the click")
    opened.wait_closed()


def test_a_microphone_is_chosen_in_the_submenu_and_a_grey_engine_is_not(shown: PanelTray) -> None:
    Opened(shown).below("audio.device").click("USB")
    wait_until(lambda: shown.did == [("audio.device", "USB")], 10, "the choice")
    opened = Opened(shown).below("engine.name")
    opened.click("azure")
    time.sleep(0.3)
    assert len(shown.did) == 1
    opened.click("offline")
    wait_until(lambda: shown.did[1:] == [("engine.name", "offline")], 10, "the choice")


@pytest.mark.parametrize("way", ["Escape", "a click elsewhere"])
def test_it_is_closed_without_a_choice_and_takes_no_click_from_others(
    shown: PanelTray, way: str
) -> None:
    opened = Opened(shown)
    if way == "Escape":
        opened.desktop.run("xdotool", "key", "Escape")
    else:
        opened.desktop.click(*AWAY)
    opened.wait_closed()
    assert shown.did == []
    shown.click(ICON)  # the pointer is everybody's again
    wait_until(lambda: shown.did == ["toggle"], 10, "the click")


def test_what_comes_while_it_is_open_is_seen_at_once(shown: PanelTray) -> None:
    opened = Opened(shown)
    before: Image.Image = shown.desktop.screenshot()
    shown.tray.show(Status.RECORDING)
    x, y = opened.place("toggle")
    line = (x - 10, y - 10, x + 40, y + 10)

    def changed() -> bool:
        now = shown.desktop.screenshot()
        return bool(ImageChops.difference(now, before).crop(line).getbbox())

    wait_until(changed, 10, "Stop in place of Start")
    opened.click("toggle")
    wait_until(lambda: shown.did == ["toggle"], 10, "the click")
