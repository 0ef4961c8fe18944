"""Waiting for the user's keys before ours, where both come from one seat."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tests.fakes import FakeFocus, FakeNotices
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.chain import Candidate, InsertMethod, MethodChain, ReleasedMethod
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.methods import TYPE

CTRL, FREE = frozenset({"ctrl_l", "d"}), frozenset({"d"})
HOTKEY = "the hotkey, as the desktop reports it"
Look = frozenset[str] | str | None


class Keyboard:
    """What a person holds, one look after the other; the last for ever."""

    def __init__(self, *looks: Look) -> None:
        self.looks = [*looks]
        self.disturbed = 0  # times that it was told of keys of ours

    def reports_hold(self) -> bool:
        if self.looks[0] == HOTKEY:
            self._go_on()
            return True
        return False

    def held(self) -> frozenset[str] | None:
        now = self.looks[0]
        self._go_on()
        assert not isinstance(now, str)
        return now

    def disturb(self) -> None:
        self.disturbed += 1

    def _go_on(self) -> None:
        if len(self.looks) > 1:
            self.looks.pop(0)


@dataclass
class Typing:
    """An insert method; before it looks at the focus, `meanwhile` happens."""

    typed: str = ""
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        del treatment
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if not check.is_focused():
            raise MovedError
        self.typed += text
        return Receipt(confirmed=False, method="type")


@pytest.mark.parametrize(
    "looks",
    [
        (None,),
        (FREE,),
        (CTRL, CTRL, FREE),
        (HOTKEY, HOTKEY, FREE),
        (HOTKEY, CTRL, FREE),
        (HOTKEY, HOTKEY, None),
    ],
)
def test_it_begins_once_neither_modifier_nor_hotkey_is_known_to_be_down(
    looks: tuple[Look, ...],
) -> None:
    keyboard, method = Keyboard(*looks), Typing()
    release = KeyRelease(keyboard, threading.Event())
    ReleasedMethod(method, release).insert("w", Treatment(), ANY_WINDOW)
    assert method.typed == "w"
    assert (keyboard.looks, keyboard.disturbed) == ([looks[-1]], 1)


@pytest.mark.parametrize("last", [CTRL, HOTKEY])
def test_what_is_pressed_at_the_last_moment_is_waited_for_too(last: Look) -> None:
    keyboard = Keyboard(FREE)
    method = Typing(meanwhile=[lambda: keyboard.looks.__setitem__(slice(None), [last, last, FREE])])
    release = KeyRelease(keyboard, threading.Event())
    ReleasedMethod(method, release).insert("w", Treatment(), ANY_WINDOW)
    assert method.typed == "w"
    assert (keyboard.looks, keyboard.disturbed) == ([FREE], 1)


class Session:
    """A session with a method that waits, and another one that would press keys at once."""

    def __init__(self, first: InsertMethod, second: InsertMethod) -> None:
        self._methods = first, second

    def candidates(self) -> Sequence[Candidate]:
        portal, ydotool = self._methods
        return (
            Candidate("portal", TYPE, lambda: portal),
            Candidate("ydotool", TYPE, lambda: ydotool),
        )

    def reset(self) -> None:
        pass


@dataclass
class Pressing:
    """An insert method with limits of its own, in seconds."""

    release: KeyRelease
    patience: float
    hold: float

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        typing = Typing()
        return self.release.press(
            lambda free: typing.insert(text, treatment, free), check, self.patience, self.hold
        )


@pytest.mark.parametrize(
    ("held", "patience", "hold", "words"),
    [
        (CTRL, 0.05, 60, r"^A modifier key is held down.*Release it\."),
        (HOTKEY, 60, 0.05, r"^The hotkey is held down.*Release it\."),
    ],
)
def test_a_key_that_stays_down_ends_it_and_no_other_method_presses_keys(
    held: Look, patience: float, hold: float, words: str
) -> None:
    other = Typing()
    release = KeyRelease(Keyboard(held), threading.Event())
    chain = MethodChain(Session(Pressing(release, patience, hold), other))
    with pytest.raises(DeliveryError, match=words):
        chain.insert("w", Treatment(), ANY_WINDOW)
    assert other.typed == ""


def test_a_hold_of_the_hotkey_may_take_longer_than_a_modifier() -> None:
    keyboard, method = Keyboard(*[HOTKEY] * 20, CTRL, FREE), Typing()
    KeyRelease(keyboard, threading.Event()).press(
        lambda free: method.insert("w", Treatment(), free), ANY_WINDOW, 0.1
    )
    assert method.typed == "w"


def test_why_a_text_waits_is_told_once_at_the_first_long_hold() -> None:
    keyboard, method, told = Keyboard(FREE), Typing(), list[str]()
    release = KeyRelease(keyboard, threading.Event(), FakeNotices(told.append), 0.05)
    for holds in (2, 30, 30):
        keyboard.looks = [*[HOTKEY] * holds, FREE]
        ReleasedMethod(method, release).insert("w", Treatment(), ANY_WINDOW)
        assert len(told) == (holds > 2)
    assert method.typed == "www"
    assert told[0].startswith("Text appears when you release the hotkey")


def test_a_focus_that_moves_while_a_modifier_is_down_ends_it() -> None:
    method = Typing()
    release = KeyRelease(Keyboard(CTRL), threading.Event())
    with pytest.raises(MovedError):
        ReleasedMethod(method, release).insert("w", Treatment(), FakeFocus(False))
    assert method.typed == ""


def test_the_focus_at_the_end_of_a_hold_counts() -> None:
    keyboard, method = Keyboard(*[HOTKEY] * 5, FREE), Typing()
    release = KeyRelease(keyboard, threading.Event())
    with pytest.raises(MovedError):
        ReleasedMethod(method, release).insert("w", Treatment(), FakeFocus(False))
    assert (method.typed, keyboard.looks, keyboard.disturbed) == ("", [FREE], 0)


@pytest.mark.parametrize("held", [CTRL, HOTKEY])
def test_the_end_of_the_program_ends_it(held: Look) -> None:
    method, stop = Typing(), threading.Event()
    stop.set()
    with pytest.raises(DeliveryError, match="ended"):
        ReleasedMethod(method, KeyRelease(Keyboard(held), stop)).insert(
            "w", Treatment(), ANY_WINDOW
        )
    assert method.typed == ""


@pytest.mark.parametrize("held", [CTRL, HOTKEY])
def test_a_text_that_is_dropped_while_it_waits_is_not_inserted_and_the_next_one_is(
    held: Look,
) -> None:
    keyboard, method = Keyboard(held), Typing()
    release = KeyRelease(keyboard, threading.Event())
    waiting = ReleasedMethod(method, release)
    release.begin()
    release.drop()
    with pytest.raises(DeliveryError, match="ended"):
        waiting.insert("cancelled", Treatment(), ANY_WINDOW)
    release.begin()
    keyboard.looks = [held, FREE]
    waiting.insert("next", Treatment(), ANY_WINDOW)
    assert method.typed == "next"
