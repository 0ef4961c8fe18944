"""KDE's hotkey on a real KWin: by its portal, and by KGlobalAccel itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.fakes import FakeListener, FakeNotices
from tests.rigs.kwin import KWin
from tests.waiting import wait_until
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.keys.names import parse_chord
from tray_dictate.core.ports import DesktopManagedHotkey
from tray_dictate.hotkey import explain, select
from tray_dictate.hotkey.portal import PortalHotkey
from tray_dictate.hotkey.shortcut_service import TOKEN
from tray_dictate.hotkey.shortcut_syntax import qt_key
from tray_dictate.output.portal.paste import PortalPaste
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.selections import WaylandSelections
from tray_dictate.system.autostart.xdg import APP_ID

pytestmark = [pytest.mark.kwin, pytest.mark.usefixtures("environ")]
KGLOBALACCEL = (
    "busctl", "--user", "call", "org.kde.kglobalaccel", "/kglobalaccel", "org.kde.KGlobalAccel",
)  # fmt: skip
WAYS = ["portal", "kde"]
WHOLE = 10_000_000  # of a log


class Watch(FakeListener):
    """A started hotkey and what it reports."""

    def __init__(self, **settings: str) -> None:
        super().__init__()
        self.told = self.reasons  # notices, too
        self.hotkey = select(HotkeySettings(**settings), FakeNotices(self.told.put))
        self.hotkey.start(self)

    def trigger(self) -> Trigger:
        """Wait for KDE's answer."""
        assert isinstance(self.hotkey, DesktopManagedHotkey)
        wait_until(lambda: self.hotkey.trigger().keys or self.hotkey.trigger().advice, 30, "asked")
        return self.hotkey.trigger()


@pytest.fixture
def start(kwin: KWin) -> Iterator[Callable[..., Watch]]:
    watching: list[Watch] = []

    def begin(**settings: str) -> Watch:
        watching.append(Watch(**settings))
        return watching[-1]

    yield begin
    for watch in watching:
        watch.hotkey.stop()
    for component in (TOKEN, APP_ID):  # the portal of Plasma 5.27, and of 6, keeps them
        for name in ("dictate", "redo"):
            kwin.run(*KGLOBALACCEL, "unregister", "ss", component, name)


def test_both_ways_are_found_by_asking_and_the_portal_comes_first(kwin, start):
    assert explain(HotkeySettings()) == [("portal", ""), ("kde", ""), ("commands", "")]
    watch = start(keys="f5")
    assert isinstance(watch.hotkey, PortalHotkey)
    assert watch.trigger().keys == "F5"  # else it is bound after its end, and the next one gets it


@pytest.mark.parametrize("way", WAYS)
def test_press_and_release_are_seen_whichever_key_goes_first(kwin, start, way):
    watch = start(keys="ctrl+alt+d", redo="super+f8", source=way)
    assert watch.trigger() == Trigger("Ctrl+Alt+D", "", way)
    for order in (("d", "alt_l", "ctrl_l"), ("ctrl_l", "alt_l", "d")):
        kwin.keydown("ctrl_l", "alt_l", "d")
        assert watch.edges(3) == ["+ctrl_l", "+alt_l", "+d"]
        kwin.keyup(*order)
        assert watch.edges(3) == ["-d", "-alt_l", "-ctrl_l"]
    kwin.tap("super_l", "f8")
    assert watch.edges(4) == ["+super_l", "+f8", "-f8", "-super_l"]


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_is_held_does_not_repeat(kwin, start, way):
    watch = start(keys="ctrl+alt+f", source=way)
    watch.trigger()
    kwin.keydown("ctrl_l", "alt_l", "f")
    time.sleep(1.4)  # twice as long as until the first repetition
    assert watch.edges(3) == ["+ctrl_l", "+alt_l", "+f"]
    kwin.keyup("f", "alt_l", "ctrl_l")
    assert len(watch.edges(3)) == 3


class LastMoment:
    """A hotkey that is pressed in the very moment before a key of ours."""

    def __init__(self, kwin: KWin, hotkey: DesktopManagedHotkey) -> None:
        self._kwin, self._hotkey = kwin, hotkey

    def held(self) -> frozenset[str] | None:
        return None

    def reports_hold(self) -> bool:
        return False

    def disturb(self) -> None:
        self._hotkey.disturb()
        self._kwin.keydown("f5")


@pytest.mark.parametrize("way", WAYS)
def test_a_hold_that_begins_among_keys_of_ours_ends_with_the_next_press(kwin, start, way):
    watch = start(keys="f5", source=way)
    assert watch.trigger().keys == "F5"
    selections = WaylandSelections()
    portal = PortalPaste(KeyRelease(LastMoment(kwin, watch.hotkey), threading.Event()), selections)
    try:
        portal.chord("backspace")
        assert "Press it once more" in watch.told.get(timeout=30)  # of the release at our key
        kwin.keyup("f5")
        assert watch.hotkey.held() == {"f5"}
        time.sleep(0.5)  # longer than a release is in doubt
        kwin.tap("f5")
        assert watch.edges(2) == ["+f5", "-f5"]
    finally:
        portal.close()
        selections.close()


@pytest.mark.parametrize("way", WAYS)
def test_the_right_ctrl_alone_has_a_substitute_that_is_told(kwin, start, way):
    watch = start(keys="ctrl_r", source=way)
    trigger = watch.trigger()
    assert trigger.keys == "Ctrl+Alt+Space"
    assert "Right Ctrl cannot be a shortcut" in trigger.advice
    kwin.tap("ctrl_l", "alt_l", "space")
    assert watch.edges(2) == ["+ctrl_r", "-ctrl_r"]


def test_the_portal_of_kde_shows_no_settings_at_each_start(kwin, start):
    first = start(keys="f4", source="portal")  # Plasma 6's portal shows them at the first one
    first.trigger()
    first.hotkey.stop()
    before = kwin.processes.tail("portal-kde", WHOLE)
    start(keys="f4", source="portal").trigger()
    shown = kwin.processes.tail("portal-kde", WHOLE).removeprefix(before)
    assert "CreateSession called" in shown
    assert "BindShortcuts called" not in shown  # which shows them


def test_the_portal_of_kde_keeps_a_key_and_that_is_told(kwin, start):
    first = start(keys="ctrl+alt+d", source="portal")
    first.trigger()
    first.hotkey.stop()
    trigger = start(keys="f7", source="portal").trigger()
    assert trigger.keys == "Ctrl+Alt+D"
    assert "still uses the key assigned earlier" in trigger.advice


def test_kdes_own_shortcuts_take_the_new_key_and_leave_nothing_behind(kwin, start):
    first = start(keys="f5", source="kde")
    first.trigger()
    first.hotkey.stop()
    watch = start(keys="f6", source="kde")
    assert watch.trigger().keys == "F6"
    kwin.tap("f5")
    kwin.tap("f6")
    assert watch.edges(2) == ["+f6", "-f6"]
    assert "traydictate" in owner(kwin, "f6")
    watch.hotkey.stop()
    assert "traydictate" not in owner(kwin, "f5") + owner(kwin, "f6")


def test_kdes_own_shortcuts_take_the_key_that_its_portal_has_kept(kwin, start):
    first = start(keys="ctrl+alt+d", source="portal")
    first.trigger()
    first.hotkey.stop()
    assert start(keys="ctrl+alt+d", source="kde").trigger() == Trigger("Ctrl+Alt+D", "", "kde")


def owner(kwin: KWin, keys: str) -> str:
    """Return what KDE prints of who has a key."""
    return kwin.run(*KGLOBALACCEL, "action", "i", str(qt_key(parse_chord(keys))))


def test_a_key_of_another_program_is_refused_in_words(kwin, start):
    watch = start(keys="alt+f4", source="kde")  # KWin closes windows by it
    told = watch.told.get(timeout=30)
    assert "Alt+F4" in told
    assert "Set hotkey.keys to another" in told
    assert watch.trigger() == Trigger("", told, "kde")
