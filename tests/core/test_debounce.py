"""Commands from shortcuts of the desktop: taps that come inverted, keys that repeat."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.keys.desktop_shortcuts import (
    REPEATING,
    STOP_FIRST,
    CommandDebounce,
    Name,
    debounce,
)


def performed(*asked: tuple[float, Name], recording: bool = False) -> list[str]:
    """Return what is done, one word or "-" each; recording follows as in the daemon."""
    known, done = CommandDebounce(), []
    for at, name in asked:
        known, meant, refused = debounce(known, name, at, recording=recording)
        if refused:
            done.append("-")
            continue
        recording = meant == "start" or (meant == "toggle" and not recording)
        done.append(meant)
    return done


ROWS = [
    ("a hold", [(0, "start"), (1, "stop")], ["start", "stop"]),
    ("a tap in good order", [(0, "start"), (0.01, "stop")], ["start", "stop"]),
    ("a tap whose release comes first", [(0, "stop"), (0.02, "start")], ["stop", "-"]),
    ("a stop cancels one start only", [(0, "stop"), (0.1, "start"), (0.2, "start")],
     ["stop", "-", "start"]),
    ("two taps, both inverted", [(0, "stop"), (0.1, "start"), (0.2, "stop"), (0.25, "start")],
     ["stop", "-", "stop", "-"]),
    ("a start long after a stop", [(0, "stop"), (0.3, "start")], ["stop", "start"]),
    ("a quick second hold", [(0, "start"), (1, "stop"), (1.05, "start")],
     ["start", "stop", "start"]),
    ("a start that repeats", [(0, "start"), (0.5, "start"), (0.53, "start"), (0.6, "stop")],
     ["start", "start", "start", "stop"]),
    ("a release that never came, and the next press", [(0, "start"), (5, "start"), (5.4, "stop"),
     (5.5, "start")], ["start", "stop", "stop", "start"]),
    ("the press that ends it repeats, too", [(0, "start"), (5, "start"), (5.5, "start"),
     (5.53, "start"), (6.5, "start")], ["start", "stop", "-", "-", "start"]),
    ("a start that repeats for long", [(n / 2, "start") for n in range(9)], ["start"] * 9),
    ("a start after a toggle waits for its own release", [(0, "toggle"), (5, "start"), (6, "stop")],
     ["toggle", "start", "stop"]),
    ("a press long after a hold", [(0, "start"), (1, "stop"), (9, "start"), (10, "stop")],
     ["start", "stop", "start", "stop"]),
    ("a stop that nobody needs changes nothing later", [(0, "stop"), (5, "start"), (6, "stop")],
     ["stop", "start", "stop"]),
    ("toggles of a person", [(0, "toggle"), (2, "toggle"), (4, "toggle")],
     ["toggle", "toggle", "toggle"]),
    ("a toggle of a key that is held", [(0, "toggle"), (0.5, "toggle"), (0.53, "toggle"),
     (1.1, "toggle"), (1.9, "toggle")], ["toggle", "-", "-", "-", "toggle"]),
    ("a toggle after a start is its end", [(0, "start"), (0.1, "toggle")], ["start", "toggle"]),
    ("a stop after a toggle is its end", [(0, "toggle"), (0.1, "stop"), (0.2, "start")],
     ["toggle", "stop", "start"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "done"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_is_asked_for_is_what_is_done(asked, done):
    assert performed(*asked) == done


def test_a_start_while_recording_is_never_refused():
    """It is idempotent in core.dictation, and takes the earlier stop with it."""
    known, _, _ = debounce(CommandDebounce(), "stop", 0, recording=False)
    known, _, refused = debounce(known, "start", 0.1, recording=True)
    assert (known, refused) == (CommandDebounce(started=0.1), "")


NAMES = st.sampled_from(["start", "stop", "toggle"])
GAPS = st.floats(0, 2)


@given(st.lists(st.tuples(GAPS, NAMES)), st.booleans())
def test_a_stop_is_always_done_and_no_refusal_outlives_its_time(asked, recording):
    at = 0.0
    known = CommandDebounce()
    for gap, name in asked:
        at += gap
        known, _, refused = debounce(known, name, at, recording=recording)
        assert not (refused and name == "stop")
    longest = max(STOP_FIRST, REPEATING) + 0.01
    for name in ("start", "toggle"):
        assert not debounce(known, name, at + longest, recording=recording)[2]


@pytest.mark.parametrize("delay", [0.2, 0.5, 1.0])
def test_a_held_key_toggles_and_ends_once_whatever_its_delay(delay):
    times = [0, *(delay + 0.1 + n * 0.03 for n in range(30))]
    for name, recording, meaning in (("toggle", False, "toggle"), ("start", True, "stop")):
        known, done = CommandDebounce(started=-9.0).with_delay(delay), list[str]()
        for at in times:
            known, meant, refused = debounce(known, name, at, recording=recording ^ bool(done))
            done += [] if refused else [meant]
        assert done == [meaning]
    known, _, refused = debounce(known, "toggle", 99, recording=False)
    assert not refused
    assert debounce(known, "toggle", 99 + delay + 0.2, recording=True)[2], "the delay is kept"
    assert not debounce(known, "toggle", 99 + delay + 0.4, recording=True)[2]


@given(st.lists(st.floats(0, REPEATING - 0.01), max_size=60))
def test_a_held_key_toggles_once(gaps):
    times = accumulate(gaps, initial=0.0)
    assert performed(*((at, "toggle") for at in times)).count("toggle") == 1
