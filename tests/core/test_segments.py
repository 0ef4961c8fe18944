"""Spoken order, each once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.segments import Committed, Completed, Delta, Failed, Segment, SpokenOrder

TABLE = [
    ("one item", [Committed("a"), Completed("a", "one")], "one"),
    ("a delta gives nothing", [Committed("a"), Delta("a", "o")], ""),
    (
        "the second waits for the first",
        [Committed("a"), Committed("b", "a"), Completed("b", "two"), Completed("a", "one")],
        "one two",
    ),
    (
        "a failed item holds nobody up",
        [Committed("a"), Committed("b"), Completed("b", "two"), Failed("a", "why")],
        "two",
    ),
    (
        "a late announcement finds its place",
        [Committed("b"), Committed("c", "b"), Committed("a", None), Completed("a", "one")],
        "",
    ),
    (
        "an item announced late goes after the one before it",
        [Committed("a"), Committed("c", "a"), Committed("b", "a"), Completed("a", "one"),
         Completed("b", "two"), Completed("c", "three")],
        "one two three",
    ),
    ("the same completion twice", [Completed("a", "one"), Completed("a", "two")], "one"),
    ("a completion never announced", [Completed("x", "one")], "one"),
    ("a failure never announced", [Failed("x", "why"), Completed("a", "one")], "one"),
    ("announced twice", [Committed("a"), Committed("a", "z"), Completed("a", "one")], "one"),
    ("no text is no segment", [Completed("a", "")], ""),
]  # fmt: skip


@pytest.mark.parametrize(("events", "text"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE])
def test_segments_come_in_spoken_order_each_once(events, text):
    order = SpokenOrder()
    out = [segment.text for event in events for segment in order.feed(event)]
    assert " ".join(out) == text


def test_draining_passes_over_what_never_came():
    order = SpokenOrder()
    for event in [Committed("a"), Committed("b"), Completed("b", "two")]:
        assert order.feed(event) == []
    assert [segment.text for segment in order.drain()] == ["two"]
    assert order.drain() == []


def test_a_segment_carries_its_span():
    order = SpokenOrder()
    order.feed(Committed("a", span=(0.5, 1.25)))
    assert order.feed(Completed("a", "one")) == [Segment("a", "one", (0.5, 1.25))]


@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=8))
def test_any_order_of_completions_with_repeats_gives_every_word_once_in_order(order, repeats):
    machine = SpokenOrder()
    events = [Committed(str(n), str(n - 1) if n else None) for n in range(8)]
    events += [Completed(str(n), f"word{n}") for n in [*order, *repeats]]
    out = [segment.text for event in events for segment in machine.feed(event)]
    assert out == [f"word{n}" for n in range(8)]


def test_it_is_known_how_long_a_segment_was_spoken_where_its_place_is():
    assert Segment("a", "one", (1.5, 3.5)).spoken == ("one", 2.0)
    assert Segment("a", "one").spoken == ("one", None)
