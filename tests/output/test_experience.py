"""What is learnt of windows that take no paste, and when it is forgotten."""

from __future__ import annotations

import pytest

from tray_dictate.output.experience import AGAIN, REMEMBERED, Experience, Place

CHORD = "shift+insert"
ONE = Place("0x1", ("odd", "Odd"), CHORD)
KIN = Place("0x2", ("odd", "Odd"), CHORD)
OTHER = Place("0x3", ("gedit", "Gedit"), CHORD)
NAMELESS = Place("0x4", (), CHORD)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def learnt(clock: Clock) -> Experience:
    return Experience(clock)


def test_at_first_every_window_is_asked(learnt: Experience) -> None:
    assert not any(learnt.takes_none(place, "hi") for place in (ONE, KIN, OTHER, NAMELESS))


def test_who_has_ignored_a_paste_is_not_asked_again_nor_are_its_kin(
    learnt: Experience, clock: Clock
) -> None:
    learnt.ignored(ONE)
    clock.now += 10 * AGAIN
    assert learnt.takes_none(ONE, "hi")
    assert learnt.takes_none(ONE, "two\nlines")
    assert learnt.takes_none(KIN, "hi")
    assert not learnt.takes_none(OTHER, "hi")
    assert not learnt.takes_none(ONE._replace(chord="ctrl+v"), "hi")


def test_a_window_without_a_class_has_no_kin(learnt: Experience) -> None:
    learnt.ignored(NAMELESS)
    assert learnt.takes_none(NAMELESS, "hi")
    assert not learnt.takes_none(NAMELESS._replace(window="0x5"), "hi")


def test_where_kin_have_taken_a_paste_one_window_is_not_asked_for_a_while(
    learnt: Experience, clock: Clock
) -> None:
    learnt.took(KIN)
    learnt.ignored(ONE)
    assert learnt.takes_none(ONE, "hi")
    assert not learnt.takes_none(KIN, "hi")
    assert not learnt.takes_none(ONE, "two\nlines")  # a typed Return may send the first
    clock.now += AGAIN
    assert not learnt.takes_none(ONE, "hi")


def test_a_terminal_is_not_asked_again_though_others_take_pastes(
    learnt: Experience, clock: Clock
) -> None:
    terminal = ONE._replace(single=True)
    learnt.took(KIN._replace(single=True))
    learnt.ignored(terminal)
    clock.now += 10 * AGAIN
    assert learnt.takes_none(terminal, "hi")
    assert learnt.takes_none(terminal, "two\nlines")
    assert not learnt.takes_none(KIN._replace(single=True), "hi")
    learnt.took(terminal)
    assert not learnt.takes_none(terminal, "hi")


def test_who_reads_after_all_is_asked_again(learnt: Experience) -> None:
    learnt.ignored(ONE)
    learnt.took(ONE)
    assert not learnt.takes_none(ONE, "hi")
    assert not learnt.takes_none(KIN, "hi")


def test_it_does_not_grow_for_ever(learnt: Experience) -> None:
    places = [NAMELESS._replace(window=hex(number)) for number in range(REMEMBERED + 1)]
    for place in places:
        learnt.ignored(place)
    assert not learnt.takes_none(places[0], "hi")
    assert learnt.takes_none(places[-1], "hi")
