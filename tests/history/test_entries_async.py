"""The history from the loop: an ornament that fails nothing, and is told of once."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from dataclasses import replace

import pytest

from tray_dictate.config.schema import HistorySettings
from tray_dictate.history import worker
from tray_dictate.history.entries import AsyncHistory, Entry, History

SAID = Entry(0, 4e9, "Good morning.", "good morning", "delivered", "xterm")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "history.sqlite"


@pytest.fixture
def told():
    return []


@pytest.fixture
async def make(path, told):
    made = []

    def make(**settings) -> AsyncHistory:
        made.append(AsyncHistory(HistorySettings(**settings), told.append, path))
        return made[-1]

    yield make
    for history in made:
        await history.close()


async def test_what_is_said_is_kept_on_disk(make, path, told):
    history = make()
    entry = await history.add(SAID)
    await history.update(entry, "kept")
    assert await history.last() == [replace(SAID, id=entry, state="kept")]
    other = History(path)
    assert other.last() == await history.last()
    other.close()
    assert told == []


async def test_the_settings_bound_it(make):
    history = make(entries=2)
    for at in (1.0, 2.0, 3.0):
        await history.add(replace(SAID, at=4e9 + at))
    assert [entry.at - 4e9 for entry in await history.last(9)] == [3.0, 2.0]
    await history.add(replace(SAID, at=1.0))  # 30 days are long over
    assert [entry.at - 4e9 for entry in await history.last(9)] == [3.0, 2.0]


async def test_switched_off_nothing_is_written_and_the_last_is_known_all_the_same(make, path, told):
    history = make(enabled=False)
    entry = await history.add(SAID)
    await history.update(entry, "kept")
    assert await history.last() == [replace(SAID, id=entry, state="kept")]
    assert await history.forget("all")
    assert await history.last() == []
    assert not path.parent.exists()
    assert told == []


async def test_forgetting_is_answered(make):
    history = make()
    entries = [await history.add(SAID) for _ in range(3)]
    assert await history.forget(entries[0])
    assert [entry.id for entry in await history.last(9)] == [entries[2], entries[1]]
    assert await history.forget("all")
    assert await history.last(9) == []


@pytest.fixture
def locked(path):
    """Lock the file, for as long as the test wants."""
    History(path).close()
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


async def test_a_file_that_fails_is_told_of_once_and_again_after_it_has_worked(make, locked, told):
    history = make()
    first = await history.add(replace(SAID, at=1.0))
    second = await history.add(replace(SAID, at=2.0))
    assert len(told) == 1
    assert told[0].startswith("What you say is not kept on disk: ")
    assert told[0].endswith("database is locked.")
    assert 0 > first > second
    assert not await history.forget("all")
    locked.rollback()
    assert await history.add(replace(SAID, at=4e9)) > 0
    locked.execute("BEGIN EXCLUSIVE")
    await history.add(SAID)
    assert len(told) == 2


async def test_what_the_file_could_not_take_is_in_memory(make, locked):
    history = make(days=0)
    early = await history.add(replace(SAID, at=5.0))
    await history.update(early, "kept")
    locked.rollback()
    stored = await history.add(replace(SAID, at=6.0))
    assert [(entry.id, entry.state) for entry in await history.last(5)] == [
        (stored, "delivered"), (early, "kept"),
    ]  # fmt: skip
    assert await history.forget(early)
    assert [entry.id for entry in await history.last(5)] == [stored]


async def test_a_file_that_can_never_be_opened_fails_nothing(make, path, told):
    path.parent.write_text("a file where the folder should be")
    history = make()
    entry = await history.add(SAID)
    assert await history.last() == [replace(SAID, id=entry)]
    await history.update(7, "kept")
    assert not await history.forget(7)
    assert len(told) == 1


async def test_a_corrupt_file_is_told_of_on_the_loop(make, path, told):
    path.parent.mkdir()
    path.write_bytes(b"garbage " * 999)
    history = make()
    assert await history.add(SAID) > 0
    assert len(told) == 1
    assert "was corrupt" in told[0]


async def test_many_at_once_are_stored_in_order(make):
    history = make()
    ids = await asyncio.gather(*(history.add(replace(SAID, text=str(n))) for n in range(50)))
    assert ids == sorted(set(ids))
    assert [entry.text for entry in await history.last(50)] == [str(n) for n in range(49, -1, -1)]


async def test_a_cancelled_dictation_does_not_break_it(make):
    history = make()
    adding = asyncio.create_task(history.add(SAID))
    await asyncio.sleep(0)
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    assert await history.add(SAID) > 0


async def test_other_settings_are_followed_at_once(make, path):
    history = make(entries=9)
    for _ in range(3):
        await history.add(SAID)
    history.change(HistorySettings(entries=1))
    assert len(await history.last(9)) == 1
    history.change(HistorySettings(enabled=False))
    await history.add(replace(SAID, text="only in memory"))
    file = History(path, days=0)
    assert [entry.text for entry in file.last(9)] == [SAID.text]
    file.close()


async def test_recordings_expire_with_the_history_also_where_it_is_off(make, tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    monkeypatch.setattr("tray_dictate.system.files.kept_audio", lambda: folder)
    folder.mkdir()
    old, young = folder / "a.wav", folder / "b.wav"
    for path in (old, old.with_suffix(".json"), young):
        path.touch()
    for path in (old, old.with_suffix(".json")):
        os.utime(path, (1e9, 1e9))
    history = make(enabled=False, days=30)
    await history.close()
    assert list(folder.iterdir()) == [young]


async def test_the_recordings_of_dictations_that_the_count_has_expired_go_too(
    make, tmp_path, monkeypatch
):
    folder = tmp_path / "kept"
    monkeypatch.setattr("tray_dictate.system.files.kept_audio", lambda: folder)
    folder.mkdir()
    now = time.time()
    history = make(entries=2, days=0)
    for age in (4, 3, 2, 1):  # days
        at, audio = now - age * 86400, folder / f"{age}.wav"
        audio.touch()
        os.utime(audio, (at + 60, at + 60))  # it is written at the end of the dictation
        await history.add(replace(SAID, at=at, audio=str(audio)))
    assert sorted(path.name for path in folder.iterdir()) == ["1.wav", "2.wav"]
    history.change(HistorySettings(entries=0, days=0))
    await history.add(replace(SAID, at=now))
    assert len(list(folder.iterdir())) == 2, "without a count nothing expires"


@pytest.fixture
def slow(monkeypatch):
    """Return what makes the disk hang, until the event that it returns is set."""
    gates = []

    def hang(history: AsyncHistory, longest: float = 0.1) -> threading.Event:
        monkeypatch.setattr(worker, "LONGEST", longest)
        gates.append(threading.Event())
        history._file.aside(lambda gate=gates[-1]: gate.wait(1000))
        return gates[-1]

    yield hang
    for gate in gates:
        gate.set()


async def test_what_was_just_said_is_written_before_the_end(make, path, slow):
    history = make()
    gate = slow(history, longest=20)
    adding = [asyncio.create_task(history.add(replace(SAID, text=str(n)))) for n in range(3)]
    await asyncio.sleep(0)  # nothing has been opened yet
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await history.close()
    file = History(path)
    assert [entry.text for entry in file.last(9)] == ["2", "1", "0"]
    file.close()
    assert min([await added for added in adding]) > 0


async def test_a_disk_that_hangs_holds_up_the_end_for_no_longer_than_it_may(make, slow, told):
    history = make()
    slow(history)
    await history.close()
    assert told == ["What you say is not kept on disk: The disk did not answer within 0.1 s."]


async def test_what_a_slow_disk_takes_after_all_is_there_once(make, slow, told, monkeypatch):
    history = make()
    gate = slow(history)
    early = await history.add(replace(SAID, at=4e9 + 1))
    assert early < 0, "it is in memory, as far as anybody knows"
    assert len(told) == 1
    monkeypatch.setattr(worker, "LONGEST", 20)
    gate.set()
    stored = await history.add(replace(SAID, at=4e9 + 2))
    assert [entry.id for entry in await history.last(9)] == [stored, stored - 1]
    await history.update(early, "kept")
    assert (await history.last(9))[1].state == "kept"
    assert await history.forget(early)
    assert [entry.id for entry in await history.last(9)] == [stored]
