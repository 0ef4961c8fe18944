"""Waiting until the user has let go of the modifiers, before keys that add up with theirs."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from tests.fakes import FakeFocus
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.chain import Candidate, MethodChain, ReleaseWait, await_release
from tray_dictate.output.wayland.methods import TYPE

HELD, FREE = frozenset({"ctrl_l", "d"}), frozenset({"d"})


class Keyboard:
    """What a person holds, one look after the other; the last for ever."""

    def __init__(self, *looks: frozenset[str] | None) -> None:
        self._looks = [*looks]

    def held(self) -> frozenset[str] | None:
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]


class Typing:
    """An insert method."""

    def __init__(self) -> None:
        self.typed = ""

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        del treatment
        if not check.is_focused():
            raise MovedError
        self.typed += text
        return Receipt(confirmed=False, method="type")


@pytest.mark.parametrize("looks", [(None,), (FREE,), (HELD, HELD, FREE)])
def test_it_begins_once_no_modifier_is_known_to_be_down(
    looks: tuple[frozenset[str] | None, ...],
) -> None:
    keyboard, method = Keyboard(*looks), Typing()
    ReleaseWait(method, keyboard, threading.Event()).insert("w", Treatment(), ANY_WINDOW)
    assert method.typed == "w"
    assert keyboard.held() == looks[-1]


def test_a_modifier_that_stays_down_ends_it_and_no_other_method_presses_keys() -> None:
    keyboard, method = Keyboard(HELD), Typing()

    class Waiting:
        def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
            await_release(keyboard, threading.Event(), check, 0.05)
            return method.insert(text, treatment, check)

    class Session:
        def candidates(self) -> Sequence[Candidate]:
            portal = Candidate("portal", TYPE, Waiting)
            return portal, Candidate("ydotool", TYPE, lambda: method)

        def reset(self) -> None:
            pass

    chain = MethodChain(Session())
    with pytest.raises(DeliveryError, match=r"modifier key is held down.*Release it\."):
        chain.insert("w", Treatment(), ANY_WINDOW)
    assert method.typed == ""


def test_a_focus_that_moves_meanwhile_ends_it() -> None:
    method = Typing()
    with pytest.raises(MovedError):
        ReleaseWait(method, Keyboard(HELD), threading.Event()).insert(
            "w", Treatment(), FakeFocus(False)
        )
    assert method.typed == ""


def test_the_end_of_the_program_ends_it() -> None:
    method, stop = Typing(), threading.Event()
    stop.set()
    with pytest.raises(DeliveryError, match="ended"):
        ReleaseWait(method, Keyboard(HELD), stop).insert("w", Treatment(), ANY_WINDOW)
    assert method.typed == ""
