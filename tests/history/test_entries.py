"""The history on a real file system: private, bounded, and whole whatever happens to it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.fakes import FakeNotices, SetClock
from tests.history.damage import beheaded, garbage
from tray_dictate.core.errors import HistoryError
from tray_dictate.history.entries import Entry, History
from tray_dictate.history.statistics import Timings

ROOT = Path(__file__).parents[2]
SAID = Entry(0, 1000.0, "Good morning.", "good morning", "delivered", "xterm")
SECRET = "xylophone quarterly"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "history.sqlite"


@pytest.fixture
def told():
    return []


@pytest.fixture
def open_history(path, told):
    opened = []

    def make(**settings) -> History:
        opened.append(History(path, notices=FakeNotices(told.append), **settings))
        return opened[-1]

    yield make
    for history in opened:
        history.close()


def child(code: str, *args: object, **options) -> subprocess.Popen[str]:
    """Another process of the same user."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)], stdin=subprocess.PIPE, text=True,
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, **options,
    )  # fmt: skip


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_what_was_said_is_there_after_a_restart_the_newest_first(open_history):
    history = open_history()
    first = history.add(SAID)
    second = history.add(replace(SAID, text="Naïve 漢字 🎉\nand a line", state="kept"))
    history.close()
    assert second > first > 0
    assert open_history().last(5) == [
        replace(SAID, id=second, text="Naïve 漢字 🎉\nand a line", state="kept"),
        replace(SAID, id=first),
    ]


def test_only_as_many_as_asked_for(open_history):
    history = open_history()
    ids = [history.add(SAID) for _ in range(4)]
    assert [entry.id for entry in history.last(2)] == [ids[3], ids[2]]
    assert history.last(0) == []


def test_text_that_no_file_can_hold_does_not_fail(open_history):
    history = open_history()
    history.add(replace(SAID, text="a\0b\ud800c", raw="\udfff"))
    assert [(entry.text, entry.raw) for entry in history.last()] == [("a\0b?c", "?")]


def test_the_file_and_its_companions_are_for_the_owner_only(open_history, path):
    before = os.umask(0)
    try:
        history = open_history()
        history.add(SAID)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {"history.sqlite", "history.sqlite-wal", "history.sqlite-shm"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_file_that_others_could_read_is_made_private(open_history, path):
    open_history().close()
    path.chmod(0o644)
    open_history().add(SAID)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_only_the_last_so_many_are_kept(open_history):
    history = open_history(keep=3)
    for number in range(5):
        history.add(replace(SAID, text=str(number)))
    assert [entry.text for entry in history.last(9)] == ["4", "3", "2"]
    assert len(open_history(keep=2).last(9)) == 2


def test_none_is_kept_for_longer_than_the_days(open_history):
    day = 86400.0
    history = open_history(days=2, clock=SetClock(10 * day))
    for at in (7.9, 8.1, 9.9):
        history.add(replace(SAID, at=at * day))
    assert [entry.at / day for entry in history.last(9)] == [9.9, 8.1]
    assert [entry.at / day for entry in open_history(days=1, clock=SetClock(10 * day)).last(9)] == [
        9.9
    ]


def test_zero_keeps_all_for_ever(open_history):
    history = open_history(keep=0, days=0, clock=SetClock(1e12))
    for _ in range(600):
        history.add(SAID)
    assert len(history.last(1000)) == 600


@pytest.mark.parametrize("what", ["one", "all", "the oldest"])
def test_what_is_forgotten_is_no_longer_in_the_file(open_history, path, what):
    history = open_history(keep=2)
    entry = history.add(replace(SAID, text=SECRET, raw=SECRET))
    assert SECRET.encode() in on_disk(path)
    if what == "the oldest":
        for _ in range(2):
            history.add(SAID)
        history.forget(999)  # nothing, but the log is emptied
    else:
        history.forget("all" if what == "all" else entry)
    assert SECRET.encode() not in on_disk(path)
    assert SECRET not in [entry.text for entry in history.last(9)]


def test_an_id_is_never_used_again(open_history):
    history = open_history()
    entry = history.add(SAID)
    history.forget("all")
    assert history.add(SAID) > entry


@pytest.mark.parametrize("damage", [garbage, beheaded])
def test_a_corrupt_file_is_moved_aside_and_a_new_one_begun(open_history, path, told, damage):
    history = open_history()
    for _ in range(20):
        history.add(SAID)
    history.close()
    damage(path)
    content = path.read_bytes()

    history = open_history()
    assert history.last(9) == []
    entry = history.add(SAID)
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_bytes() == content
    assert told == [
        f"The history was corrupt, and a new one has been started. The old one is {aside}: "
        "delete it if you do not need it."
    ]
    assert [entry.id for entry in open_history().last(9)] == [entry]
    assert len(told) == 1


def test_two_files_that_are_corrupt_in_the_same_second_are_both_kept(open_history, path, told):
    for _ in range(2):
        path.parent.mkdir(exist_ok=True)
        garbage(path)
        open_history().close()
    assert len(list(path.parent.glob("*.corrupt-*"))) == len(told) == 2


def test_a_file_that_becomes_corrupt_under_us_is_replaced_and_nothing_new_is_lost(
    open_history, path, told
):
    history = open_history()
    other = open_history()  # what it writes makes the first one read the file again
    other.add(SAID)
    other.forget(999)
    with path.open("r+b") as file:
        file.write(b"\xff" * path.stat().st_size)
    history.add(replace(SAID, text="after"))
    assert [entry.text for entry in history.last(9)] == ["after"]
    assert len(told) == 1


def test_who_still_holds_a_file_that_another_moved_aside_goes_on_with_the_new_one(
    open_history, path, told
):
    first, second, third = open_history(), open_history(), open_history()
    third.add(SAID)
    third.forget(999)
    third.close()
    with path.open("r+b") as file:
        file.write(b"\xff" * path.stat().st_size)
    entry = first.add(SAID)
    assert [entry.id for entry in second.last(9)] == [entry]
    assert second.add(SAID) > entry
    assert len(told) == len(list(path.parent.glob("*.corrupt-*[0-9]"))) == 1


def test_a_file_from_a_newer_version_is_left_as_it_is(open_history, path, told):
    open_history().close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    content = path.read_bytes()
    with pytest.raises(HistoryError, match=r"is from a newer tray_dictate \(its version is 99\)"):
        open_history()
    assert path.read_bytes() == content
    assert told == []


def test_an_empty_file_is_a_new_one(open_history, path, told):
    path.parent.mkdir()
    path.touch()
    assert open_history().add(SAID)
    assert told == []


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match=r"/file/history\.sqlite cannot be used: "):
        History(tmp_path / "file" / "history.sqlite")


FULL = """
import resource, sys
from pathlib import Path
from tray_dictate.core.errors import HistoryError
from tray_dictate.history.entries import Entry, History
history = History(Path(sys.argv[1]))
size = int(sys.argv[2])
for number in range(3):
    history.add(Entry(0, 1.0, str(number), "", "delivered", ""))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
try:
    for number in range(100):
        history.add(Entry(0, 1.0, "x" * 9000, "", "kept", ""))
except HistoryError as error:
    print("full:", error)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(history.add(Entry(0, 1.0, "after", "", "delivered", "")) > 0)
print(history.last()[0].text, history.last(200)[-1].text)
"""


def test_a_full_disk_is_told_and_what_was_kept_stays(path, open_history, told):
    process = child(FULL, path, 100_000)
    lines = process.communicate(timeout=30)[0].splitlines()
    assert lines[0].startswith(f"full: {path} cannot be used: ")
    assert lines[1:] == ["True", "after 0"]
    assert open_history().last()[0].text == "after"
    assert told == []


WRITER = """
import sys
from pathlib import Path
from tray_dictate.history.entries import Entry, History
sys.stdin.readline()
history = History(Path(sys.argv[1]), keep=0)
for number in range(100):
    history.add(Entry(0, 1.0, f"{sys.argv[2]} {number}", "", "delivered", ""))
"""


def test_two_processes_make_and_write_the_file_at_once(path, open_history, told):
    children = [child(WRITER, path, name) for name in "ab"]
    for process in children:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in children:
        process.communicate(timeout=60)
        assert process.returncode == 0
    texts = {entry.text for entry in open_history().last(999)}
    assert texts == {f"{name} {number}" for name in "ab" for number in range(100)}
    assert told == []


OPENER = """
import sys
from pathlib import Path
from tests.fakes import FakeNotices
from tray_dictate.history.entries import Entry, History
sys.stdin.readline()
history = History(Path(sys.argv[1]), notices=FakeNotices(print))
history.add(Entry(0, 1.0, sys.argv[2], "", "delivered", ""))
"""


def test_two_processes_that_find_it_corrupt_move_it_aside_once(path, open_history, told):
    path.parent.mkdir()
    garbage(path)
    children = [child(OPENER, path, name) for name in "abc"]
    for process in children:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = "".join(process.communicate(timeout=60)[0] for process in children)
    assert said.count("was corrupt") == 1
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1
    assert {entry.text for entry in open_history().last(9)} == {"a", "b", "c"}


def test_a_writer_that_is_killed_leaves_a_whole_file(path, open_history, told):
    endless = WRITER.replace("range(100)", "range(10**9)")
    process = child(endless, path, "a")
    process.stdin.write("go\n")
    process.stdin.flush()
    end = time.monotonic() + 20
    while not (path.exists() and path.with_name("history.sqlite-wal").exists()):
        assert time.monotonic() < end
    history = open_history(keep=0)
    while len(history.last(50)) < 50:
        assert time.monotonic() < end
    process.kill()
    process.communicate()
    assert history.add(SAID) > 50
    assert told == []


def test_a_locked_file_is_waited_for_and_then_told(open_history, path):
    history = open_history()
    other = sqlite3.connect(path, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(HistoryError, match="database is locked"):
        history.add(SAID)
    assert time.monotonic() - began > 0.9
    threading.Timer(0.2, other.rollback).start()
    assert history.add(SAID)
    other.close()


def test_nothing_of_it_is_logged(open_history, path, caplog):
    caplog.set_level("DEBUG")
    history = open_history()
    history.add(replace(SAID, text=SECRET))
    history.close()
    garbage(path)
    open_history().add(replace(SAID, text=SECRET))
    assert SECRET not in caplog.text
    assert SECRET not in repr(history)


def test_what_is_known_of_a_dictation_is_there_after_a_restart(open_history):
    known = replace(
        SAID, engine="openai", language="de, en", seconds=4.25, audio="/kept/a.wav",
        state="failed", timings=Timings(41.5, 2.0, None),
    )  # fmt: skip
    entry = open_history().add(known)
    assert open_history().get(entry) == replace(known, id=entry)
    assert open_history().get(99) is None


def test_a_file_of_0_3_0_goes_on_with_all_that_was_in_it(open_history, path):
    path.parent.mkdir()
    path.write_bytes((Path(__file__).parents[1] / "data" / "history-0.3.0.sqlite").read_bytes())
    history = open_history()
    second, first = history.last(9)
    assert first == replace(SAID, id=1, at=1763800000.0)
    other = Entry(2, 1763800100.5, "Naïve 漢字 🎉\nand a line", "naive", "kept", "firefox")
    assert second == other
    assert history.add(SAID) == 4, "the id of what was forgotten is not used again"


def test_texts_are_found_whatever_their_capitals_in_all_scripts(open_history):
    history = open_history()
    for text in ("Über Nacht", "über alles", "nothing", "STRASSE 100%"):
        history.add(replace(SAID, text=text, raw=""))
    assert [entry.text for entry in history.find("ÜBER")] == ["über alles", "Über Nacht"]
    assert [entry.text for entry in history.find("straße")] == ["STRASSE 100%"]
    assert [entry.text for entry in history.find("0%")] == ["STRASSE 100%"]
    assert [entry.text for entry in history.find("über", limit=1)] == ["über alles"]
    history.add(replace(SAID, text="rewritten", raw="as it was said"))
    assert [entry.text for entry in history.find("was said")] == ["rewritten"]


def test_only_what_is_newer_is_found(open_history):
    history = open_history()
    for at in (1.0, 2.0, 3.0):
        history.add(replace(SAID, at=at))
    assert [entry.at for entry in history.find(since=2.0)] == [3.0, 2.0]
    assert [entry.at for entry in history.find("good", since=2.0, limit=1)] == [3.0]
    assert len(history.find()) == 3


def test_the_latest_recording_without_a_text_is_the_one_to_try_again(open_history):
    history = open_history()
    assert history.failed() == []
    first, second = (
        history.add(replace(SAID, text="", raw="", state="failed", audio=f"/kept/{n}.wav"))
        for n in range(2)
    )
    history.add(SAID)
    assert [entry.id for entry in history.failed()] == [second, first]
    history.transcribed(second, "At last.", "at last", "offline")
    found = history.get(second)
    assert (found.text, found.raw, found.state) == ("At last.", "at last", "kept")
    assert (found.engine, found.audio) == ("offline", "")
    assert [entry.id for entry in history.failed()] == [first]


@given(
    ages=st.lists(st.integers(0, 40), max_size=12),
    keep=st.integers(0, 6),
    days=st.integers(0, 30),
)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_is_the_newest_and_no_older_than_it_may_be(tmp_path, ages, keep, days):
    now = 100 * 86400.0
    path = tmp_path / uuid.uuid4().hex / "history.sqlite"
    history = History(path, keep=keep, days=days, clock=SetClock(now))
    for age in ages:
        history.add(replace(SAID, at=now - age * 86400 - 1))
    kept = [round((now - 1 - entry.at) / 86400) for entry in reversed(history.last(99))]
    history.close()
    young = [age for age in ages if not days or age < days]
    assert len(kept) == min(len(kept), keep or len(kept))
    assert all(not days or age < days for age in kept)
    # the count is of what was there at each moment, so that an old one may have made room
    assert kept == young[len(young) - len(kept) :]
    if young:
        assert kept, "the newest is always there"
