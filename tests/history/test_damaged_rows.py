"""Databases in which anything stands: SQLite takes every kind of value in every column."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.fakes import FakeNotices, SetClock
from tests.history.damage import beheaded, garbage
from tray_dictate.app.menu import recent
from tray_dictate.cli.history import entries_table, entry_json, stats_json, stats_table
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core import json_text
from tray_dictate.history.entries import _COLUMNS, Entry, History
from tray_dictate.history.statistics import Numbers, Stats, Timings, month_of

ENTRY = Entry(0, 1e9, "a whole one", "raw", "delivered", "editor")
VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.binary(max_size=20),
    st.sampled_from([9e300, -1.0, float("inf"), "nan", 1e9, "delivered", 0, 1, b"\xff\x00"]),
)
WHOLE = ("at", "text", "raw", "state", "application", "engine", "language", "seconds", "audio")
EVERY = settings(max_examples=examples(150))


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Iterator[History]:
    history = History(tmp_path_factory.mktemp("history") / "history.sqlite", keep=0, days=0)
    yield history
    history.close()


@pytest.fixture(scope="module")
def stats(tmp_path_factory) -> Iterator[Stats]:
    stats = Stats(tmp_path_factory.mktemp("stats") / "stats.sqlite")
    yield stats
    stats.close()


def plant(file: History | Stats, table: str, *rows: dict[str, object]) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute(f"DELETE FROM {table}")
        for row in rows:
            marks = ", ".join("?" * len(row))
            query = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
            connection.execute(query, tuple(row.values()))

    file._file.do(work)


def shown(entries: list[Entry]) -> None:
    """Use them as the command, its JSON and the menu do."""
    entries_table(entries, 80)
    for entry in entries:
        json_text.dump(entry_json(entry))
    recent(entries)


@EVERY
@given(st.dictionaries(st.sampled_from(_COLUMNS), VALUES, min_size=1))
def test_a_damaged_line_costs_no_other(history, values):
    plant(history, "entry", dict(zip(WHOLE, _values(ENTRY), strict=True)) | values)
    history.add(ENTRY)
    entries = history.last(9)
    assert "a whole one" in {entry.text for entry in entries}
    shown(entries)
    assert history.last(1)[0].text == "a whole one"
    history.find("whole")
    history.failed()
    assert all(isinstance(name, str) for name in history.recorded()[1])


def _values(entry: Entry) -> list[object]:
    return [getattr(entry, name) for name in WHOLE]


@EVERY
@given(st.dictionaries(st.sampled_from(["at", "engine", "words", "seconds", "failed"]), VALUES),
       st.tuples(VALUES, VALUES))  # fmt: skip
def test_damaged_numbers_cost_no_others(stats, values, sent):
    whole = {"at": 1e9, "engine": "openai", "words": 3, "seconds": 2.0, "failed": 0}
    plant(stats, "take", whole | values)
    month = month_of(time.time())
    plant(stats, "sent", {"month": month, "engine": sent[0], "seconds": sent[1]})
    stats.add(Numbers(1e9, "offline", 2, 1.0, False, Timings()))
    assert stats.send({(month, "azure"): 60.0}, month) < 2e15
    found = stats.summaries(), month, stats.sent(month), EngineSettings()
    assert "offline" in {one.engine for one in found[0]}
    stats_table(*found)
    json_text.dump(stats_json(*found))


def test_damaged_lines_are_told_once(tmp_path):
    told: list[str] = []
    history = History(tmp_path / "history.sqlite", notices=FakeNotices(told.append))
    history.add(ENTRY)
    row = dict(zip(WHOLE, _values(ENTRY), strict=True))
    plant(history, "entry", row | {"at": 9e300}, row | {"text": b"x"}, row)
    for _ in range(2):
        assert len(history.last(9)) == 1
    history.close()
    assert len(told) == 1
    assert "2 damaged entries" in told[0]


@pytest.mark.parametrize("damage", [garbage, beheaded])
@pytest.mark.parametrize("how", ["clear", "days"])
def test_no_word_is_left_in_a_copy_that_was_put_aside(tmp_path, damage, how):
    path = tmp_path / "history.sqlite"
    history = History(path)
    for _ in range(50):
        history.add(Entry(0, time.time(), "xylophone", "xylophone", "delivered", "editor"))
    history.close()
    content = path.read_bytes()
    damage(path)
    path.write_bytes(path.read_bytes() + content)  # words in it, however it is damaged
    for companion in ("-wal", "-journal"):
        Path(f"{path}{companion}").write_bytes(b"xylophone")
    history = History(path)
    history.close()
    assert b"xylophone" in _everything(tmp_path)
    if how == "clear":
        history = History(path)
        history.forget("all")
    else:
        later = time.time() + 3 * 86400
        History(path, days=7, clock=SetClock(later)).close()
        assert b"xylophone" in _everything(tmp_path)
        history = History(path, days=2, clock=SetClock(later))
    history.close()
    assert b"xylophone" not in _everything(tmp_path)


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
