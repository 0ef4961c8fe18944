"""The hotkey's back end is replaced while it runs, or the old one goes on."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.fakes import FakeHotkey, FakeListener
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.keys.names import parse_chord, spell
from tray_dictate.core.ports import Hotkey, HotkeyListener
from tray_dictate.core.signals import Signal
from tray_dictate.hotkey.switchable import SwitchableHotkey


class Desktop:
    """Where hotkeys are made; `taken` are keys that cannot be had, at once or at the start."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.unknown, self.taken = set[str](), set[str]()
        self.asked, self.may_answer = threading.Event(), threading.Event()
        self.may_answer.set()
        self.stopped = threading.Event()

    def make(self, settings: HotkeySettings) -> Hotkey:
        self.asked.set()
        assert self.may_answer.wait(20)
        chord, others = parse_chord(settings.keys), settings.shortcuts.values()
        if spell(chord) in self.unknown:
            raise UnavailableError("There is no such key.")
        self.made.append(Made(self, " ".join(map(spell, (chord, *others)))))
        return self.made[-1]

    @property
    def watched(self) -> list[str]:
        return [hotkey.keys for hotkey in self.made if hotkey.runs]


class Made(FakeHotkey):
    """A hotkey that knows whether it runs."""

    def __init__(self, desktop: Desktop, keys: str) -> None:
        super().__init__()
        self.desktop, self.keys, self.runs = desktop, keys, False
        self.announced: list[int] = []

    def start(self, listener: HotkeyListener) -> None:
        if self.keys in self.desktop.taken:
            raise OSError("the server says no")
        assert not self.desktop.watched, "one at a time"
        self.runs, self.listener = True, listener

    def stop(self) -> None:
        self.runs = False
        self.desktop.stopped.set()

    def expect(self, keycode: int, down: bool | None) -> None:
        self.announced.append(keycode)


async def change(keyboard: SwitchableHotkey, **settings: str) -> None:
    wanted = HotkeySettings(**settings)
    keyboard.change(wanted, await keyboard.make(wanted))


@pytest.fixture
def desktop():
    return Desktop()


@pytest.fixture
def keyboard(desktop):
    keyboard = SwitchableHotkey(desktop.make, HotkeySettings())
    keyboard.start(FakeListener())
    return keyboard


async def test_a_source_that_comes_when_the_settings_are_not_wanted_any_more_is_stopped(
    desktop, keyboard
):
    desktop.asked.clear()
    desktop.may_answer.clear()
    making = asyncio.create_task(keyboard.make(HotkeySettings(keys="f9")))
    await asyncio.to_thread(desktop.asked.wait, 20)
    making.cancel()
    await asyncio.wait({making})
    assert not desktop.stopped.is_set()
    desktop.may_answer.set()
    assert await asyncio.to_thread(desktop.stopped.wait, 20)
    assert desktop.watched == ["ctrl_r"]


async def test_other_keys_are_watched_and_the_edges_come_to_the_same_place(desktop, keyboard):
    await change(keyboard, keys="f9", redo="ctrl+alt+r")
    assert desktop.watched == ["f9 ctrl+alt+r"]
    assert desktop.made[0].listener is desktop.made[1].listener


async def test_what_concerns_no_key_touches_nothing(desktop, keyboard):
    await change(keyboard, mode="toggle", cancel="", limit_minutes=1)
    assert len(desktop.made) == 1


@pytest.mark.parametrize("kind", ["unknown", "taken"])
async def test_where_the_new_keys_cannot_be_had_the_old_ones_still_work(desktop, keyboard, kind):
    getattr(desktop, kind).add("f9")
    with pytest.raises(UnavailableError):
        await change(keyboard, keys="f9")
    assert desktop.watched == ["ctrl_r"]
    await change(keyboard, keys="f8")
    assert desktop.watched == ["f8"], "and another choice is open"
    keyboard.stop()
    assert desktop.watched == []


class Named(Made):
    """A hotkey whose key the desktop chooses, some time after its start."""

    forgot, disturbed = False, 0
    physical: frozenset[str] | None = frozenset()
    named = Trigger(source="portal")

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.trigger_changed: Signal[()] = Signal()

    def trigger(self) -> Trigger:
        return self.named

    def forget(self) -> None:
        self.forgot = True

    def disturb(self) -> None:
        self.disturbed += 1

    def held(self) -> frozenset[str] | None:
        return self.physical

    def name(self, keys: str) -> None:
        self.named = Trigger(keys, source="portal")
        self.trigger_changed.emit()


async def test_the_key_that_the_desktop_chooses_is_told_of_whoever_watches_now(desktop):
    def make(settings: HotkeySettings) -> Hotkey:
        desktop.made.append(Named(desktop, settings.keys))
        return desktop.made[-1]

    keyboard = SwitchableHotkey(make, HotkeySettings())
    told: list[str] = []
    keyboard.trigger_changed.subscribe(lambda: told.append(keyboard.trigger().keys))
    keyboard.start(FakeListener())
    desktop.made[0].name("Meta+D")
    await change(keyboard, source="portal")
    assert keyboard.trigger() == Trigger(source="portal"), "asked anew"
    desktop.made[1].name("Meta+F")
    assert told == ["Meta+D", "Meta+F"]
    keyboard.forget()
    assert [hotkey.forgot for hotkey in desktop.made] == [False, True]


async def test_only_a_hotkey_that_the_desktop_reports_is_waited_for_and_told_of_our_keys(desktop):
    def make(settings: HotkeySettings) -> Hotkey:
        kind = Made if settings.source == "evdev" else Named
        desktop.made.append(kind(desktop, settings.keys))
        return desktop.made[-1]

    keyboard = SwitchableHotkey(make, HotkeySettings(source="portal"))
    named = desktop.made[0]
    for physical, holds in ((frozenset({"f9"}), True), (frozenset(), False), (None, False)):
        named.physical = physical
        assert keyboard.reports_hold() is holds
    keyboard.disturb()
    assert named.disturbed == 1
    await change(keyboard, source="evdev")
    keyboard.disturb()
    assert not keyboard.reports_hold()
    assert named.disturbed == 1


async def test_the_key_is_still_told_of_after_a_change_that_failed(desktop):
    def make(settings: HotkeySettings) -> Hotkey:
        desktop.made.append(Named(desktop, settings.keys))
        return desktop.made[-1]

    keyboard = SwitchableHotkey(make, HotkeySettings())
    told: list[str] = []
    keyboard.trigger_changed.subscribe(lambda: told.append(keyboard.trigger().keys))
    keyboard.start(FakeListener())
    desktop.taken.add("f9")
    with pytest.raises(UnavailableError):
        await change(keyboard, keys="f9")
    desktop.made[-1].name("Meta+D")
    assert told == ["Meta+D"]


def test_a_hotkey_that_watches_the_keys_of_the_settings_has_no_other(keyboard):
    keyboard.trigger_changed.subscribe(lambda: None)
    assert keyboard.trigger() is None
    keyboard.forget()  # it knows itself what is held


async def test_the_output_announces_its_keys_to_whom_watches_now(desktop, keyboard):
    keyboard.expect(1, True)
    await change(keyboard, keys="f9")
    keyboard.expect(2, True)
    assert [hotkey.announced for hotkey in desktop.made] == [[1], [2]]
    assert keyboard.filters_own_keys()


async def test_where_only_a_later_hotkey_hears_of_the_outputs_keys_they_are_announced_then(desktop):
    def make(settings: HotkeySettings) -> Hotkey:
        return FakeHotkey() if settings.source == "evdev" else desktop.make(settings)

    keyboard = SwitchableHotkey(make, HotkeySettings(source="evdev"))
    keyboard.expect(1, True)
    assert not keyboard.filters_own_keys()
    await change(keyboard, source="x11")
    keyboard.expect(2, True)
    assert keyboard.filters_own_keys()
    assert desktop.made[0].announced == [2]
