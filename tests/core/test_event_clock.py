"""Times of events on our own clock."""

from __future__ import annotations

import pytest

from tray_dictate.core.event_clock import LONGEST, EventClock

ROWS = [  # the event's own time, when it was read, and when it was
    ("an event that comes at once is now", [(10.0, 110.0, 110.0)]),
    (
        "one that is read late was before",
        [(10.0, 110.0, 110.0), (11.0, 111.4, 111.001), (11.02, 111.4, 111.02102)],
    ),
    (
        "the fastest tells how far the clocks are apart",
        [(10.0, 110.5, 110.5), (11.0, 111.0, 111.0), (11.5, 112.0, 111.5005)],
    ),
    (
        "another clock that is set is believed anew",
        [(10.0, 110.0, 110.0), (2.0, 111.0, 111.0), (3.0, 112.0, 112.0)],
    ),
    (
        "one that is set ahead, too: no event is of the future",
        [(10.0, 110.0, 110.0), (500.0, 111.0, 111.0)],
    ),
    (
        "a slow clock is followed",
        [(0.0, 100.0, 100.0), (1000.0, 1100.5, 1100.5)],
    ),
]


@pytest.mark.parametrize("events", [row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def test_an_event_is_when_it_was(events):
    clock = EventClock()
    for event, now, at in events:
        assert clock.at(event, now) == pytest.approx(at)


def test_a_clock_that_begins_anew_goes_on():
    wrap = 2**32 / 1000
    clock = EventClock(wrap)
    assert clock.at(wrap - 0.5, 100.0) == pytest.approx(100.0)
    assert clock.at(0.5, 101.3) == pytest.approx(101.001)
    assert clock.at(1.5, 102.3) == pytest.approx(102.002)


def test_what_takes_too_long_is_taken_as_now():
    clock = EventClock()
    clock.at(0.0, 10.0)
    assert clock.at(1.0, 11.0 + LONGEST + 1) == 12.0 + LONGEST
