"""Which chords are pressed for a paste, and when another."""

from __future__ import annotations

import threading

import pytest

from tests.fakes import FakeFocus
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.paste import WaylandPaster
from tray_dictate.output.wayland.selection_server import WaylandOffer

CHORDS = ["ctrl+shift+v", "shift+insert"]


class Clipboard:
    """One offer, whose reader is the window below."""

    def __init__(self) -> None:
        self.offered = WaylandOffer()
        self.given_back = False

    def offer(self, text: str, treatment: Treatment) -> WaylandOffer:
        del text, treatment
        return self.offered

    def settle(self, offer: WaylandOffer) -> None:
        offer.settle()

    def withdraw(self, offer: WaylandOffer) -> None:
        self.given_back = not offer.settled


class Window:
    """Reads at once for the chords that it knows."""

    def __init__(self, clipboard: Clipboard, *knows: str) -> None:
        self._clipboard, self._knows = clipboard, knows
        self.pressed: list[str] = []

    def chord(self, chord: str, check: FocusCheck) -> None:
        if not check.is_focused():
            raise MovedError
        self.pressed.append(chord)
        if chord in self._knows:
            self._clipboard.offered.settle()
            self._clipboard.offered.fetched.set()


@pytest.mark.parametrize(
    ("knows", "pressed"),
    [
        pytest.param(CHORDS, CHORDS[:1], id="the first is enough"),
        pytest.param(CHORDS[1:], CHORDS, id="the second only where nobody has read"),
        pytest.param([], CHORDS, id="no other where none is known"),
    ],
)
def test_chords_are_pressed_until_one_is_read_for(knows: list[str], pressed: list[str]) -> None:
    clipboard = Clipboard()
    window = Window(clipboard, *knows)
    paster = WaylandPaster(window, clipboard, threading.Event())
    receipt = paster.paste("hello", Treatment(), ANY_WINDOW, CHORDS)
    assert window.pressed == pressed
    assert (receipt is not None) is bool(knows)
    assert clipboard.given_back is not bool(knows)
    assert clipboard.offered.once is (len(pressed) == 2)


def test_a_focus_that_moves_between_two_chords_ends_it_and_the_first_counts_as_pressed() -> None:
    clipboard = Clipboard()
    window = Window(clipboard)
    paster = WaylandPaster(window, clipboard, threading.Event())
    answers = iter([True, False])
    with pytest.raises(MovedError):
        paster.paste("hello", Treatment(), FakeFocus(lambda: next(answers)), CHORDS)
    assert window.pressed == CHORDS[:1]
    assert clipboard.offered.pressed
    assert clipboard.given_back
