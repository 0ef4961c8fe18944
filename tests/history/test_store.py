"""The store of the daemon: an ornament that fails nothing, and is told of once."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from dataclasses import replace

import pytest

from tests.fakes import FakeNotices
from tray_dictate.config.schema import HistorySettings
from tray_dictate.history.database import BUSY
from tray_dictate.history.entries import Entry, History
from tray_dictate.history.statistics import Stats
from tray_dictate.history.store import Store
from tray_dictate.system import files

SAID = Entry(0, 4e9, "Good morning.", "good morning", "delivered", "xterm")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def path(folder):
    return folder / "history.sqlite"


@pytest.fixture
def told():
    return []


@pytest.fixture
async def make(folder, told):
    made = []

    def make(*, patience: float = 20, busy: float = BUSY, **settings) -> Store:
        notices = FakeNotices(told.append)
        made.append(Store(HistorySettings(**settings), notices, folder, patience, busy))
        return made[-1]

    yield make
    for store in made:
        await store.close()


async def newest(store: Store, count: int = 9) -> list[Entry]:
    return await store.last(count)


def without_number(entries: list[Entry]) -> list[Entry]:
    return [replace(entry, id=0) for entry in entries]


async def test_what_is_said_is_kept_on_disk(make, path, told):
    store = make()
    store.record(replace(SAID, state="kept"))
    [entry] = await store.last()
    assert entry == replace(SAID, id=entry.id, state="kept")
    assert entry.id > 0
    other = History(path)
    assert other.last() == [entry]
    other.close()
    assert told == []


async def test_the_settings_bound_it(make):
    store = make(entries=2)
    for at in (1.0, 2.0, 3.0):
        store.record(replace(SAID, at=4e9 + at))
    assert [entry.at - 4e9 for entry in await newest(store)] == [3.0, 2.0]
    store.record(replace(SAID, at=1.0))  # 30 days are long over
    assert [entry.at - 4e9 for entry in await newest(store)] == [3.0, 2.0]


async def test_switched_off_nothing_is_written_and_the_last_is_known_all_the_same(make, path, told):
    store = make(enabled=False)
    store.record(replace(SAID, state="kept"))
    assert await store.last() == [replace(SAID, state="kept")]
    assert await store.clear()
    assert await store.last() == []
    assert not path.exists()
    assert told == []


async def test_what_is_kept_in_memory_is_bounded_too(make):
    store = make(enabled=False, entries=2)
    for at in (1.0, 2.0, 3.0):
        store.record(replace(SAID, at=at))
    assert [entry.at for entry in await newest(store)] == [3.0, 2.0]
    store.change(HistorySettings(enabled=False, entries=1))
    assert [entry.at for entry in await newest(store)] == [3.0]


async def test_clearing_is_answered(make):
    store = make()
    for _ in range(3):
        store.record(SAID)
    assert len(await newest(store)) == 3
    assert await store.clear()
    assert await newest(store) == []


async def test_what_is_on_its_way_is_cleared_too(make):
    store = make()
    for _ in range(3):
        store.record(SAID)
    assert await store.clear()
    assert await newest(store) == []


async def test_dictations_are_counted_also_where_the_history_is_off(make, folder):
    store = make(enabled=False)
    store.record(replace(SAID, engine="offline"))
    store.record(replace(SAID, engine="offline", state="failed", text=""))
    store.record(replace(SAID, engine="offline", state="dropped"))
    store.usage.consume("openai", 3.0, 0)
    await store.close()
    stats = Stats(folder / "stats.sqlite")
    [summary] = stats.summaries()
    stats.close()
    assert (summary.takes, summary.failed, summary.words) == (3, 1, 2)


@pytest.fixture
def locked(path):
    """Lock the file, for as long as the test wants."""
    History(path).close()
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


async def test_a_file_that_fails_is_told_of_once_and_again_after_it_has_worked(make, locked, told):
    store = make(busy=0.05)
    for at in (1.0, 2.0):
        store.record(replace(SAID, at=at))
    assert [entry.at for entry in await newest(store)] == [2.0, 1.0]
    assert len(told) == 1
    assert told[0].startswith("Your dictations are not saved to disk: ")
    assert told[0].endswith("database is locked.")
    assert not await store.clear()
    locked.rollback()
    store.record(SAID)
    [entry] = await newest(store)
    assert entry.id > 0
    locked.execute("BEGIN EXCLUSIVE")
    store.record(SAID)
    await newest(store)
    assert len(told) == 2


async def test_what_the_file_could_not_take_is_in_memory(make, locked):
    store = make(days=0, busy=0.05)
    store.record(replace(SAID, at=5.0, state="kept"))
    await newest(store)
    locked.rollback()
    store.record(replace(SAID, at=6.0))
    later, early = await newest(store)
    assert (later.state, early.state) == ("delivered", "kept")
    assert later.id > early.id == 0
    assert await store.clear()
    assert await newest(store) == []


async def test_a_file_that_can_never_be_opened_fails_nothing(make, folder, told):
    folder.write_text("a file where the folder should be")
    store = make()
    store.record(SAID)
    assert await store.last() == [SAID]
    assert not await store.clear()
    assert sorted(message.partition(":")[0] for message in told) == [
        "Your dictations are not saved to disk", "Your statistics are not saved to disk",
    ]  # fmt: skip


async def test_a_corrupt_file_is_told_of_on_the_loop(make, path, told):
    path.parent.mkdir()
    path.write_bytes(b"garbage " * 999)
    store = make()
    store.record(SAID)
    [entry] = await store.last()
    assert entry.id > 0
    assert len(told) == 1
    assert "was corrupt" in told[0]


async def test_many_at_once_are_stored_in_order(make):
    store = make()
    for number in range(50):
        store.record(replace(SAID, text=str(number)))
    entries = await store.last(50)
    assert [entry.text for entry in entries] == [str(n) for n in range(49, -1, -1)]
    assert [entry.id for entry in entries] == sorted({entry.id for entry in entries}, reverse=True)
    assert min(entry.id for entry in entries) > 0


async def test_who_asks_no_longer_does_not_break_it(make):
    store = make()
    asking = asyncio.create_task(store.last())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    store.record(SAID)
    assert without_number(await store.last()) == [SAID]


async def test_other_settings_are_followed_at_once(make, path):
    store = make(entries=9)
    for _ in range(3):
        store.record(SAID)
    store.change(HistorySettings(entries=1))
    assert len(await newest(store)) == 1
    store.change(HistorySettings(enabled=False))
    store.record(replace(SAID, text="only in memory"))
    await store.close()
    file = History(path, days=0)
    assert [entry.text for entry in file.last(9)] == [SAID.text]
    file.close()


async def test_recordings_expire_with_the_history_also_where_it_is_off(make, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = files.kept_audio()
    folder.mkdir(parents=True)
    old, young = folder / "a.wav", folder / "b.wav"
    for path in (old, old.with_suffix(".json"), young):
        path.touch()
    for path in (old, old.with_suffix(".json")):
        os.utime(path, (1e9, 1e9))
    store = make(enabled=False, days=30)
    await store.close()
    assert list(folder.iterdir()) == [young]


async def test_the_recordings_of_dictations_that_the_count_has_expired_go_too(
    make, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = files.kept_audio()
    folder.mkdir(parents=True)
    now = time.time()
    store = make(entries=2, days=0)
    for age in (4, 3, 2, 1):  # days
        at, audio = now - age * 86400, folder / f"{age}.wav"
        audio.touch()
        os.utime(audio, (at + 60, at + 60))  # it is written at the end of the dictation
        store.record(replace(SAID, at=at, audio=str(audio)))
    await store.last()
    assert sorted(path.name for path in folder.iterdir()) == ["1.wav", "2.wav"]
    store.change(HistorySettings(entries=0, days=0))
    store.record(replace(SAID, at=now))
    await store.last()
    assert len(list(folder.iterdir())) == 2, "without a count nothing expires"


@pytest.fixture
def hang():
    """Return what makes a store's disk hang, until the event that it returns is set."""
    gates = []

    def hang(store: Store) -> threading.Event:
        gates.append(threading.Event())
        store._thread.submit(gates[-1].wait, 1000)
        return gates[-1]

    yield hang
    for gate in gates:
        gate.set()


async def test_what_was_just_said_is_written_before_the_end(make, path, hang):
    store = make()
    gate = hang(store)
    for number in range(3):
        store.record(replace(SAID, text=str(number)))
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await store.close()
    file = History(path)
    assert [entry.text for entry in file.last(9)] == ["2", "1", "0"]
    file.close()


async def test_a_disk_that_hangs_holds_up_the_end_for_no_longer_than_it_may(make, hang, told):
    store = make(patience=0.1)
    hang(store)
    await store.close()
    assert sorted(told) == [
        "Your dictations are not saved to disk: The disk did not answer within 0.1 s.",
        "Your statistics are not saved to disk: The disk did not answer within 0.1 s.",
    ]


async def test_what_a_slow_disk_takes_after_all_is_there_once(make, hang, told):
    store = make(patience=0.1)
    gate = hang(store)
    early = replace(SAID, at=4e9 + 1)
    store.record(early)
    assert await store.last() == [early], "it is in memory, as far as anybody knows"
    assert (
        told.count("Your dictations are not saved to disk: The disk did not answer within 0.1 s.")
        == 1
    )
    gate.set()
    later = replace(SAID, at=4e9 + 2)
    store.record(later)
    async with asyncio.timeout(20):
        while any(entry.id == 0 for entry in await newest(store)):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    assert without_number(await newest(store)) == [later, early]
