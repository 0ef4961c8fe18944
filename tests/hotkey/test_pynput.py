"""A release that no hook was told of is noticed where the system can be asked."""

from __future__ import annotations

import pytest

from tray_dictate.core.keys.chord import ChordMachine, Edge, Signal
from tray_dictate.core.keys.names import parse_chord, parse_key
from tray_dictate.hotkey.pynput import HeldKeys, _can_name
from tray_dictate.system.physical_keys import MacKeys, WindowsKeys

CTRL_R, SUPER_L = 0xA3, 0x5B


class System:
    """Windows and macOS: a key counts as down a moment after its hook was told of it."""

    def __init__(self) -> None:
        self.down = set[int]()

    def GetAsyncKeyState(self, code: int) -> int:  # noqa: N802
        return -0x8000 if code in self.down else 1

    def CGEventSourceKeyState(self, source: int, code: int) -> bool:  # noqa: N802
        assert source == 1
        return code in self.down


class Held:
    """A chord that is told of edges, and looks at the physical keys when it wants to."""

    def __init__(self, make) -> None:
        self.system, self.now = System(), 0.0
        self.reported = HeldKeys(make(self.system), lambda: self.now)
        self.machine = ChordMachine(parse_chord("ctrl_r"))

    def edge(self, key: str, code: int, down: bool) -> list[Signal]:
        self.reported.reported(key, code, down=down)
        signals = self._act(self.machine.feed(Edge(key, down, self.now)))
        (self.system.down.add if down else self.system.down.discard)(code)
        return signals

    def wait(self, seconds: float) -> list[Signal]:
        self.now += seconds
        return self._act(self.machine.tick(self.now))

    def _act(self, signals: list[Signal]) -> list[Signal]:
        if Signal.VERIFY in signals:
            return self.machine.verify(self.reported.held(), self.now)
        return signals


@pytest.fixture(params=[WindowsKeys, MacKeys])
def held(request) -> Held:
    return Held(request.param)


def test_a_lost_release_ends_the_dictation(held):
    assert held.edge("ctrl_r", CTRL_R, True) == [Signal.START]
    assert held.wait(3.0) == []
    held.system.down.clear()  # let go on the screen that asks for rights
    held.wait(3.0)
    assert held.wait(0.1) == [Signal.STOP]


def test_after_the_screen_was_locked_the_hotkey_works_at_once(held):
    held.edge("super_l", SUPER_L, True)  # Win+L: its release is not seen
    held.system.down.clear()
    held.wait(5)
    assert held.edge("ctrl_r", CTRL_R, True) == [Signal.START]


def test_what_the_system_does_not_know_yet_or_cannot_be_asked_counts_as_down(held):
    held.reported.reported("ctrl_r", CTRL_R, down=True)
    held.reported.reported("unknown", None, down=True)
    assert held.reported.held() == {"ctrl_r", "unknown"}
    held.now += 1
    assert held.reported.held() == {"unknown"}


@pytest.mark.parametrize(
    ("keys", "can"),
    [("f9", True), ("keycode 124", True), ("XF86AudioMute", True), ("kp_5", True), ("ö", True),
     ("mouse8", False), ("kp_enter", False), ("XF86Dictate", False), ("compose", False)],
)  # fmt: skip
def test_what_pynput_cannot_hear_is_known(keys, can):
    [key] = parse_key(keys)
    assert _can_name(key) is can
