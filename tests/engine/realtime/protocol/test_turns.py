"""Turns partition a take; their texts come out in spoken order, each once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.segments import Committed, Completed
from tray_dictate.engine.realtime.protocol.turns import Turn, Turns

RATE = 1000


def heard(samples: int) -> Turns:
    turns = Turns(RATE)
    turns.grow(samples)
    return turns


def due(turns: Turns) -> list[str]:
    return [event.text for event in turns.due() if isinstance(event, Completed)]


def spans(turns: Turns) -> list[tuple[int, int | None]]:
    return [(turn.start, turn.end) for turn in turns.unsettled()]


def test_a_take_begins_as_one_open_turn():
    turns = heard(700)

    assert spans(turns) == [(0, None)]
    assert (turns.covered, turns.done, turns.due(), turns.seconds(turns.end)) == (0, False, [], 0.7)


def test_a_settled_turn_is_handed_out_with_its_place_and_its_sound_is_not_needed():
    turns = heard(700)
    turns.settle(turns.cut(500), "one", 0.9)

    assert turns.due() == [Committed("1", None, (0.0, 0.5)), Completed("1", "one", 0.9)]
    assert turns.due() == [], "once"
    assert turns.covered == 500


def test_a_text_waits_for_the_one_before_it():
    turns = heard(900)
    first, second = turns.cut(300), turns.cut(600)
    turns.settle(second, "two")

    assert due(turns) == []
    assert turns.covered == 0
    turns.settle(first, "one")
    assert turns.due() == [
        Committed("1", None, (0.0, 0.3)), Completed("1", "one"),
        Committed("2", "1", (0.3, 0.6)), Completed("2", "two"),
    ]  # fmt: skip


def test_the_first_text_of_a_turn_counts():
    turns = heard(900)
    first, second = turns.cut(300), turns.cut(600)
    turns.settle(second, "two")
    turns.settle(second, "again")
    turns.settle(first, "one")
    turns.settle(first, "again")

    assert due(turns) == ["one", "two"]


def test_a_turn_without_words_is_no_segment():
    turns = heard(900)
    turns.settle(turns.cut(300), "")
    turns.settle(turns.cut(600), "two")

    assert turns.due() == [Committed("1", None, (0.3, 0.6)), Completed("1", "two")]


def test_a_turn_of_another_take_settles_nothing():
    turns = heard(900)
    turns.settle(Turn(0, 500), "strange")

    assert (due(turns), turns.covered) == ([], 0)


def test_a_cut_ends_the_open_turn_and_opens_the_next():
    turns = heard(900)
    cut = turns.cut(400)

    assert (cut.start, cut.end) == (0, 400)
    assert spans(turns) == [(0, 400), (400, None)]


def test_a_cut_lies_within_what_was_heard():
    turns = heard(900)
    turns.cut(5000)

    assert spans(turns) == [(0, 900), (900, None)]


def test_the_same_cut_again_is_the_same_turn():
    turns = heard(900)
    assert turns.cut(400) is turns.cut(400)


def test_there_is_no_turn_without_sound():
    assert heard(0).cut(0) is None
    turns = heard(900)
    turns.settle(turns.cut(400), "one")
    assert turns.cut(400) is None
    assert turns.cut(300) is None, "that has its text"


def test_a_late_cut_splits_a_turn_and_the_later_part_stays_the_one_that_was_asked_for():
    turns = heard(900)
    asked = turns.cut(800)
    earlier = turns.cut(300)

    assert (earlier.start, earlier.end) == (0, 300)
    assert (asked.start, asked.end) == (300, 800)
    turns.settle(asked, "two")
    turns.settle(earlier, "one")
    assert due(turns) == ["one", "two"]


def test_a_late_cut_in_a_settled_turn_is_none():
    turns = heard(900)
    first, second = turns.cut(300), turns.cut(600)
    turns.settle(second, "two")

    assert turns.cut(500) is None
    assert turns.cut(300) is first


@pytest.mark.parametrize(
    ("spoken_until", "owed"),
    [
        (0, []), (350, []), (400, []), (500, []), (501, [(400, 900)]), (900, [(400, 900)]),
    ],
)  # fmt: skip
def test_at_the_end_silence_and_a_click_owe_no_text(spoken_until, owed):
    turns = heard(900)
    turns.settle(turns.cut(400), "one")
    turns.finish(spoken_until)

    assert spans(turns) == owed
    assert turns.done is (owed == [])
    assert turns.covered == (900 if turns.done else 400)


def test_silence_is_not_passed_over_before_the_take_is_over():
    turns = heard(900)
    turns.cut(400)
    turns.pass_over_silence()
    assert spans(turns) == [(0, 400), (400, None)]


def test_a_take_of_nothing_is_done_when_it_ends():
    turns = heard(0)
    turns.finish(0)
    assert turns.done


def test_a_cut_right_at_the_end_leaves_no_empty_turn():
    turns = heard(900)
    cut = turns.cut(900)
    turns.finish(900)

    assert spans(turns) == [(0, 900)]
    turns.settle(cut, "one")
    assert turns.done


def test_a_take_is_done_when_every_text_is_handed_out():
    turns = heard(900)
    first = turns.cut(400)
    turns.finish(900)
    last = list(turns.unsettled())[-1]

    turns.settle(last, "two")
    assert not turns.done
    turns.settle(first, "one")
    assert turns.done


def test_the_silence_behind_a_late_cut_can_be_passed_over():
    turns = heard(900)
    turns.finish(500)
    earlier = turns.cut(450)
    assert spans(turns) == [(0, 450), (450, 900)], "another engine may hear words in it"
    turns.pass_over_silence()
    assert spans(turns) == [(0, 450)]
    turns.settle(earlier, "one")
    assert (due(turns), turns.done) == (["one"], True)


def test_reopened_sound_is_one_turn_again():
    turns = heard(900)
    turns.settle(turns.cut(200), "one")
    kept = turns.cut(400)
    turns.settle(turns.cut(600), "lost with the connection")
    turns.reopen()

    assert spans(turns) == [(200, None)]
    turns.settle(kept, "late")
    assert due(turns) == ["one"]
    turns.settle(turns.cut(900), "two")
    assert due(turns) == ["two"]


def test_a_take_that_has_ended_stays_ended_when_it_is_reopened():
    turns = heard(900)
    turns.cut(400)
    turns.finish(900)
    turns.reopen()

    assert spans(turns) == [(0, 900)]
    turns.settle(next(turns.unsettled()), "all")
    turns.reopen()
    assert turns.done


def test_reopened_silence_at_the_end_owes_no_text():
    turns = heard(900)
    first = turns.cut(400)
    turns.cut(600)
    turns.finish(350)
    turns.settle(first, "one")
    turns.reopen()

    assert turns.done


steps = st.lists(
    st.tuples(st.sampled_from(["grow", "cut", "settle", "reopen"]), st.integers(1, 500)),
    max_size=40,
)


@given(steps, st.integers(0, 3000))
def test_turns_partition_the_take_whatever_happens(script, spoken_until):
    turns = Turns(RATE)
    at = 0
    handed: list[tuple[int, int]] = []
    for what, number in script:
        if what == "grow":
            turns.grow(number)
        elif what == "cut":
            turns.cut(number * 5)
        elif what == "reopen":
            turns.reopen()
        elif ended := [turn for turn in turns.unsettled() if turn.end is not None]:
            turns.settle(ended[number % len(ended)], "text")
        handed += [e.span for e in turns.due() if isinstance(e, Committed)]
        edges = [(t.start, t.end) for t in turns.unsettled()]
        assert edges[-1][1] is None
        assert all(start < end for start, end in edges[:-1])
    turns.finish(min(spoken_until, turns.end))
    for turn in list(turns.unsettled()):
        turns.settle(turn, "rest")
    handed += [e.span for e in turns.due() if isinstance(e, Committed)]

    assert turns.done
    for start, end in handed:
        assert at <= start * RATE + 0.01, "no sound is in two turns"
        at = end * RATE
    assert turns.covered == turns.end


def test_where_nobody_listened_even_a_short_last_turn_may_be_a_word():
    turns = heard(90)
    turns.finish()
    assert spans(turns) == [(0, 90)]
