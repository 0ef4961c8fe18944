"""Text on Windows, with a user32 that keeps to what Microsoft says of it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import pytest

from tray_dictate.core.errors import DeliveryError
from tray_dictate.hotkey.pynput import HeldKeys
from tray_dictate.output.windows_typist import Input, WindowsTypist
from tray_dictate.system.physical_keys import WindowsKeys

CTRL_R, SHIFT_L, ALT_L = 0xA3, 0xA0, 0xA4
UP, UNICODE = 2, 4


class Windows:
    """A keyboard and a window: what is sent changes which keys are down, as real keys do."""

    def __init__(self) -> None:
        self.down, self.text, self.shortcuts = set[int](), "", ""
        self.sent: list[tuple[int, int]] = []  # virtual key, flags
        self.batches = 0
        self.refuses = False
        self.meanwhile: Callable[[], None] = lambda: None  # while a batch is under way

    def GetAsyncKeyState(self, code: int) -> int:  # noqa: N802
        return -0x8000 if code in self.down else 1  # a SHORT; 1: since it was asked last

    def SendInput(self, count: int, inputs: ctypes.Array[Input], size: int) -> int:  # noqa: N802
        assert size == ctypes.sizeof(Input)
        if self.refuses:
            return 0
        self.batches += 1
        units = b""
        for one in inputs:
            assert one.kind == 1
            key = one.any.key
            if key.flags & UNICODE:
                if not key.flags & UP:
                    self.meanwhile()
                    units += int(key.scan).to_bytes(2, "little")
                    assert not self.down, "it would be a shortcut"
                continue
            self.sent.append((key.vk, key.flags))
            (self.down.discard if key.flags & UP else self.down.add)(key.vk)
        self.text += units.decode("utf-16-le")
        return count


class Hotkey:
    """UserKeys of a hotkey whose hook reports the keys."""

    def __init__(self, reported: HeldKeys, own: frozenset[str]) -> None:
        self._reported, self._own = reported, own

    def held(self) -> frozenset[str]:
        return self._reported.held()

    def own(self) -> frozenset[str]:
        return self._own

    def filters_own_keys(self) -> bool:
        return True

    def expect(self, keycode: int, down: bool | None) -> None:
        self._reported.expect(keycode, down=bool(down))


class Keyboard:
    """What the user holds, and what the hook was told of it."""

    def __init__(self, *own: str) -> None:
        self.windows = Windows()
        keys = WindowsKeys(self.windows)
        self.reported = HeldKeys(keys, lambda: self.now)
        self.now = 0.0
        hotkey = Hotkey(self.reported, frozenset(own))
        self.typist = WindowsTypist(self.windows, keys, hotkey)

    def press(self, name: str, code: int) -> None:
        self.reported.reported(name, code, down=True)
        self.windows.down.add(code)
        self.now += 1

    def let_go(self, name: str, code: int) -> None:
        self.windows.down.discard(code)
        self.reported.reported(name, code, down=False)


@pytest.fixture
def keyboard() -> Keyboard:
    return Keyboard("ctrl_r")


@pytest.mark.parametrize("text", ["Grüße", "今天 😀👍🏽", "a\tb\n"])
def test_text_is_exact_and_goes_in_one_batch(keyboard, text):
    keyboard.typist.type(text)
    assert keyboard.windows.text == text.replace("\t", "").replace("\n", "")
    assert [vk for vk, flags in keyboard.windows.sent if not flags] == [
        {"\t": 0x09, "\n": 0x0D}[character] for character in text if character in "\t\n"
    ]
    assert keyboard.windows.batches == 1


def test_the_hotkeys_own_modifier_is_out_of_the_way_for_the_batch_and_down_again(keyboard):
    keyboard.press("ctrl_r", CTRL_R)
    during: list[object] = []
    keyboard.windows.meanwhile = lambda: during.append(keyboard.reported.held())
    keyboard.typist.type("hello")
    assert keyboard.windows.text == "hello"
    assert keyboard.windows.sent == [(CTRL_R, UP | 1), (CTRL_R, 1)]
    assert keyboard.windows.down == {CTRL_R}
    assert during == [{"ctrl_r"}] * 5, "nobody takes our release for the user's"
    assert keyboard.reported.held() == {"ctrl_r"}


def test_a_key_that_is_let_go_during_the_batch_does_not_stay_down(keyboard):
    keyboard.press("ctrl_r", CTRL_R)
    keyboard.windows.meanwhile = lambda: keyboard.let_go("ctrl_r", CTRL_R)
    keyboard.typist.type("hello")
    assert keyboard.windows.down == set()
    assert keyboard.reported.held() == frozenset()


def test_a_release_that_no_hook_saw_is_noticed_after_a_batch_too(keyboard):
    keyboard.press("ctrl_r", CTRL_R)
    keyboard.typist.type("hello")
    keyboard.windows.down.clear()  # on the locked screen
    assert keyboard.reported.held() == frozenset()


def test_alt_alone_opens_no_menu():
    keyboard = Keyboard("alt_l")
    keyboard.press("alt_l", ALT_L)
    keyboard.typist.type("x")
    assert keyboard.windows.sent == [(0xE8, 0), (0xE8, UP), (ALT_L, UP), (ALT_L, 0)]


def test_the_right_alt_is_the_hotkey_where_it_is_called_alt_gr():
    keyboard = Keyboard("alt_gr")
    keyboard.press("alt_gr", 0xA5)
    keyboard.typist.type("x")
    assert keyboard.windows.text == "x"
    assert keyboard.windows.down == {0xA5}


def test_keys_that_windows_does_not_take_are_told(keyboard):
    keyboard.windows.refuses = True
    with pytest.raises(DeliveryError, match="did not accept"):
        keyboard.typist.type("x")
