"""What is learnt of windows that take no paste, and when it is forgotten."""

from __future__ import annotations

import pytest

from tests.fakes import SetClock
from tray_dictate.output.paste_support import AGAIN, REMEMBERED, PasteSupport, Place

CHORD = "shift+insert"
ONE = Place("0x1", ("odd", "Odd"), CHORD)
KIN = Place("0x2", ("odd", "Odd"), CHORD)
OTHER = Place("0x3", ("gedit", "Gedit"), CHORD)
NAMELESS = Place("0x4", (), CHORD)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(100.0)


@pytest.fixture
def support(clock: SetClock) -> PasteSupport:
    return PasteSupport(clock)


def test_at_first_every_window_is_asked(support: PasteSupport) -> None:
    assert not any(support.refuses(place, "hi") for place in (ONE, KIN, OTHER, NAMELESS))


def test_who_has_ignored_a_paste_is_not_asked_again_nor_are_its_kin(
    support: PasteSupport, clock: SetClock
) -> None:
    support.ignored(ONE)
    clock.at += 10 * AGAIN
    assert support.refuses(ONE, "hi")
    assert support.refuses(ONE, "two\nlines")
    assert support.refuses(KIN, "hi")
    assert not support.refuses(OTHER, "hi")
    assert not support.refuses(ONE._replace(chord="ctrl+v"), "hi")


def test_a_window_without_a_class_has_no_kin(support: PasteSupport) -> None:
    support.ignored(NAMELESS)
    assert support.refuses(NAMELESS, "hi")
    assert not support.refuses(NAMELESS._replace(window="0x5"), "hi")


def test_where_kin_have_taken_a_paste_one_window_is_not_asked_for_a_while(
    support: PasteSupport, clock: SetClock
) -> None:
    support.accepted(KIN)
    support.ignored(ONE)
    assert support.refuses(ONE, "hi")
    assert not support.refuses(KIN, "hi")
    assert not support.refuses(ONE, "two\nlines")  # a typed Return may send the first
    clock.at += AGAIN
    assert not support.refuses(ONE, "hi")


def test_a_terminal_is_not_asked_again_though_others_take_pastes(
    support: PasteSupport, clock: SetClock
) -> None:
    terminal = ONE._replace(single=True)
    support.accepted(KIN._replace(single=True))
    support.ignored(terminal)
    clock.at += 10 * AGAIN
    assert support.refuses(terminal, "hi")
    assert support.refuses(terminal, "two\nlines")
    assert not support.refuses(KIN._replace(single=True), "hi")
    support.accepted(terminal)
    assert not support.refuses(terminal, "hi")


def test_who_reads_after_all_is_asked_again(support: PasteSupport) -> None:
    support.ignored(ONE)
    support.accepted(ONE)
    assert not support.refuses(ONE, "hi")
    assert not support.refuses(KIN, "hi")


def test_it_does_not_grow_for_ever(support: PasteSupport) -> None:
    places = [NAMELESS._replace(window=hex(number)) for number in range(REMEMBERED + 1)]
    for place in places:
        support.ignored(place)
    assert not support.refuses(places[0], "hi")
    assert support.refuses(places[-1], "hi")
