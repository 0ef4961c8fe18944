"""The history and the numbers as the command line shows them."""

from __future__ import annotations

from datetime import datetime

import pytest

from tray_dictate.cli import history
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.history.entries import Entry
from tray_dictate.history.statistics import Quantiles, Summary, Timings

NOW = datetime(2026, 11, 22, 15, 30)  # noqa: DTZ001 - the user's own clock
AT = NOW.timestamp()
SAID = Entry(7, AT, "Good\nmorning.", "good morning", "delivered", "xterm", "offline", "en", 2.5)
SUMMARY = Summary("openai", 3, 1, 40, 2.0, Quantiles(3, 41.2, 88.0), None, Quantiles(2, 300, 410))


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("30m", datetime(2026, 11, 22, 15, 0)),  # noqa: DTZ001
        ("2h", datetime(2026, 11, 22, 13, 30)),  # noqa: DTZ001
        ("1.5 h", datetime(2026, 11, 22, 14, 0)),  # noqa: DTZ001
        ("3d", datetime(2026, 11, 19, 15, 30)),  # noqa: DTZ001
        ("1W", datetime(2026, 11, 15, 15, 30)),  # noqa: DTZ001
        ("today", datetime(2026, 11, 22)),  # noqa: DTZ001
        ("Yesterday", datetime(2026, 11, 21)),  # noqa: DTZ001
        ("2026-11-01", datetime(2026, 11, 1)),  # noqa: DTZ001
        ("2026-11-01 14:30", datetime(2026, 11, 1, 14, 30)),  # noqa: DTZ001
        ("2026-11-01t14:30", datetime(2026, 11, 1, 14, 30)),  # noqa: DTZ001
    ],
)
def test_a_time_is_given_as_people_say_it(text, then):
    assert history.since(text, NOW) == then.timestamp()


def test_longer_ago_than_there_is_time_is_everything():
    assert history.since("99999999d", NOW) == 0


@pytest.mark.parametrize("text", ["", "2", "h", "2y", "-3d", "soon", "2026-13-01"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        history.since(text, NOW)


def test_a_dictation_is_a_line_with_its_number_its_outcome_and_its_text():
    head, line = history.entries_table([SAID], None)
    assert head.split() == ["id", "time", "outcome", "engine", "window", "text"]
    assert line.split() == [
        "7", "2026-11-22", "15:30", "delivered", "offline", "xterm", "Good", "morning.",
    ]  # fmt: skip
    assert head.index("text") == line.index("Good")


def test_a_line_is_not_longer_than_the_terminal_is_wide():
    [_, line] = history.entries_table([Entry(1, AT, "x" * 200, "x", "kept", "vim")], 60)
    assert len(line) == 60
    assert line.endswith("x...")
    assert "undelivered" in line


def test_a_failed_one_says_how_it_becomes_text():
    failed = Entry(9, AT, "", "", "failed", "", "openai", audio="/kept/a.wav")
    [_, line] = history.entries_table([failed], None)
    assert line.endswith("(no text yet: tray-dictate history retry 9)")


def test_nothing_in_a_line_moves_the_terminals_cursor():
    evil = Entry(1, AT, "a\x1b[2Jb", "", "delivered", "x\x1b]0;t\x07y")
    assert not any(ord(char) < 32 for line in history.entries_table([evil], None) for char in line)


def test_json_holds_all_that_is_known():
    known = Entry(
        7, AT, "T", "raw", "kept", "xterm", "openai", "de", 2.5, "/k/a.wav", Timings(41.0, 2.0, 9.5)
    )
    line = history.entry_json(known)
    assert datetime.fromisoformat(line.pop("time")).timestamp() == AT
    assert line == {
        "id": 7, "outcome": "undelivered", "text": "T", "raw": "raw", "window": "xterm",
        "engine": "openai", "language": "de", "seconds": 2.5, "recording": "/k/a.wav",
        "heard_ms": 41.0, "engine_ms": 2.0, "text_ms": 9.5,
    }  # fmt: skip


def test_the_numbers_are_a_line_for_each_engine_and_one_for_the_clouds():
    settings = EngineSettings(name="openai", price_per_minute=0.006, cap_minutes=60)
    sent = {"azure": 30.0, "openai": 720.0}
    head, line, *rest = history.stats_table([SUMMARY], "2026-11", sent, settings)
    assert head.split()[0] == "engine"
    assert line.split() == [
        "openai", "3", "1", "40", "2.0", "41", "/", "88", "-", "300", "/", "410",
    ]  # fmt: skip
    assert rest[-1] == (
        "Cloud speech in November 2026: 12.5 minutes (azure 0.5, openai 12.0), 0.07 at 0.006 per "
        "minute; 47.5 of 60 left (engine.cap_minutes)."
    )


def test_without_any_dictation_the_clouds_are_shown_all_the_same():
    lines = history.stats_table([], "2026-01", {"openai": 60.0}, EngineSettings())
    assert lines == [
        "Nothing has been dictated yet.", "", "Cloud speech in January 2026: 1.0 minutes (openai).",
    ]  # fmt: skip


def test_the_numbers_as_json():
    found = history.stats_json(
        [SUMMARY], "2026-11", {"openai": 90.0}, EngineSettings(price_per_minute=2, cap_minutes=1)
    )
    assert found["takes"] == 3
    assert found["engines"][0]["heard"] == {"count": 3, "p50": 41.2, "p95": 88.0}
    assert found["engines"][0]["spoken"] is None
    assert found["cloud"] == {
        "month": "2026-11", "minutes": 1.5, "engines": {"openai": 1.5}, "price_per_minute": 2,
        "cost": 3.0, "cap_minutes": 1, "minutes_left": 0.0,
    }  # fmt: skip
