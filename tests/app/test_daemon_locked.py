"""The screen is locked: nothing is recorded, and nothing goes into a window."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.daemon_rig import Rig, spoken
from tests.fakes import FakeHotkey
from tests.waiting import until
from tray_dictate.app.daemon import Limits
from tray_dictate.core.dictation import Start, Status, Toggle
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.desktop_shortcuts import DICTATE, ShortcutEdges, Trigger
from tray_dictate.core.keys.names import parse_chord
from tray_dictate.core.signals import Signal


@pytest.fixture
async def rig():
    rig = Rig()
    await rig.daemon.start()
    yield rig
    await rig.daemon.stop()
    await rig.history.close()


@pytest.fixture
async def watchful():
    """A daemon that checks the lock all the time."""
    async with Rig(limits=Limits(lock_check=0.01)) as rig:
        yield rig


STARTS = [
    ("the hotkey", lambda rig: rig.press()),
    ("the menu", lambda rig: rig.daemon.post(Toggle())),
    ("a command", lambda rig: rig.daemon.post(Start())),
]


@pytest.mark.parametrize(("start"), [r[1] for r in STARTS], ids=[r[0] for r in STARTS])
async def test_a_locked_screen_starts_no_recording_and_is_told_of_later(rig, start):
    rig.lock.locked = True
    start(rig)
    await asyncio.sleep(0.05)
    assert rig.microphone.captures == []
    assert rig.tray.said == []
    rig.release()
    rig.lock.locked = False
    rig.daemon.look_at_lock()
    [said] = rig.tray.said
    assert said.startswith("Nothing was recorded while the screen was locked")
    await spoken(rig, "afterwards")
    assert rig.output.text == "afterwards"


async def test_a_lock_ends_a_dictation_into_the_history_and_no_window_gets_it(watchful):
    rig = watchful
    rig.press()
    await rig.say("First sentence.")
    await until(lambda: rig.output.text == "First sentence.")
    await rig.say("and a second")
    rig.lock.locked = True  # nobody tells of it
    await until(lambda: rig.microphone.captures[-1].stopped)
    await until(lambda: rig.tray.shown[-1] is Status.IDLE)
    assert (rig.output.text, rig.output.kept, rig.tray.said) == ("First sentence.", "", [])
    [entry] = await rig.history.last()
    assert (entry.text, entry.state) == ("First sentence. And a second", "kept")
    rig.lock.locked = False
    await until(lambda: rig.tray.said)
    assert "tray-dictate redo" in rig.tray.said[0]
    rig.release()


class Opening:
    """ports.Lock: a menu that is being opened has the keyboard, and is not to be seen yet."""

    def __init__(self) -> None:
        self.asked = 0

    def is_locked(self) -> bool:
        self.asked += 1
        return self.asked == 2


async def test_a_menu_that_is_being_opened_is_no_lock(watchful):
    rig = watchful
    rig.parts.lock = opening = Opening()
    rig.press()
    await rig.say("one")
    await until(lambda: opening.asked > 3)
    await rig.say("two")
    rig.release()
    await rig.idle()
    assert rig.output.text == "one two"
    assert rig.tray.said == []


async def deliver_and_press(rig) -> None:
    """Press once more while the text of a dictation is inserted, and the keyboard is taken."""
    rig.output.may_deliver.clear()
    rig.press()
    await rig.say("one")
    rig.release()
    await until(lambda: rig.daemon.delivery.inserts)
    rig.lock.locked = True
    rig.press()
    await until(lambda: len(rig.microphone.captures) == 2)


async def test_a_keyboard_that_our_own_typing_has_for_a_moment_is_no_lock(rig):
    await deliver_and_press(rig)
    rig.lock.locked = False
    await rig.say("two")
    rig.output.may_deliver.set()
    rig.release()
    await until(lambda: rig.output.text == "one two")
    assert rig.tray.said == []


async def test_a_lock_while_text_is_inserted_ends_the_next_dictation_all_the_same(rig):
    await deliver_and_press(rig)
    await until(lambda: rig.microphone.captures[-1].stopped)
    assert rig.daemon.locked
    rig.output.may_deliver.set()
    rig.release()


class Told(FakeHotkey):
    """The desktop's shortcuts, whose release nobody tells of behind a lock."""

    def __init__(self) -> None:
        super().__init__()
        self._presses = ShortcutEdges({DICTATE: parse_chord("ctrl_r")})
        self.trigger_changed: Signal[()] = Signal()

    def trigger(self) -> Trigger:
        return Trigger("Ctrl+Alt+Space", source="portal")

    def forget(self) -> None:
        self._report(self._presses.lost(time.monotonic()))

    def disturb(self) -> None: ...

    def press(self) -> None:
        self._report(self._presses.pressed(DICTATE, time.monotonic()))

    def release(self) -> None:
        self._report(self._presses.released(DICTATE, time.monotonic()))

    def _report(self, edges: list[Edge]) -> None:
        for edge in edges:
            self.listener.edge(edge)


async def test_a_release_behind_the_lock_that_nobody_tells_of_costs_no_later_press(rig):
    rig.parts.hotkey = told = Told()
    told.start(rig)
    told.press()
    await rig.say("before")
    rig.lock.locked = True
    rig.daemon.look_at_lock()
    await rig.idle()
    rig.lock.locked = False
    rig.daemon.look_at_lock()
    told.press()
    await rig.say("afterwards")
    told.release()
    await until(lambda: rig.output.text.strip() == "afterwards")


async def test_nothing_of_before_is_inserted_or_taken_back_behind_a_lock(rig):
    await spoken(rig, "one")
    rig.lock.locked = True
    rig.daemon.look_at_lock()
    for ask in (rig.daemon.delivery.redo, rig.daemon.delivery.undo, rig.daemon.delivery.copy):
        with pytest.raises(DeliveryError, match="locked"):
            await ask()
    assert (rig.output.text, rig.output.kept) == ("one", "")


async def test_a_locked_screen_may_be_dictated_behind_where_the_user_wants_that():
    rig = Rig('hotkey.when_locked="record"')
    await rig.daemon.start()
    rig.lock.locked = True
    await spoken(rig, "one")
    assert rig.output.text == "one"
    await rig.daemon.stop()
    await rig.history.close()
