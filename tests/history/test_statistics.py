"""Numbers without words, and the minutes that went to a cloud, on a real file and from the loop."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeNotices, SetClock
from tray_dictate.core.errors import EngineError
from tray_dictate.history.database import BUSY
from tray_dictate.history.statistics import (
    CloudUsage,
    Numbers,
    Quantiles,
    Stats,
    Timings,
    month_of,
    open_statistics,
    quantiles,
)

ROOT = Path(__file__).parents[2]
NOVEMBER = datetime(2026, 11, 22).timestamp()  # noqa: DTZ001 - the user's own clock
DECEMBER = datetime(2026, 12, 1, 0, 1).timestamp()  # noqa: DTZ001


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "stats.sqlite"


@pytest.fixture
def told():
    return []


@pytest.fixture
def stats(path):
    stats = Stats(path)
    yield stats
    stats.close()


@pytest.fixture
async def make(path, told):
    made = []

    def make(at: float = NOVEMBER, busy: float = BUSY) -> CloudUsage:
        file = open_statistics(FakeNotices(told.append), path, busy=busy)
        made.append(CloudUsage(file, SetClock(at)))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def took(heard: float | None = None, engine: float | None = None, text: float | None = None):
    return Timings(heard, engine, text)


def test_every_engine_has_its_own_numbers(stats):
    stats.add(Numbers(1.0, "offline", 5, 30.0, False, took(40.0, 2.0, 12.0)))
    stats.add(Numbers(2.0, "offline", 7, 60.0, False, took(60.0, 3.0, None)))
    stats.add(Numbers(3.0, "openai", 0, 6.0, True, took(50.0)))
    offline, openai = stats.summaries()
    assert (offline.engine, offline.takes, offline.words, offline.minutes) == (
        "offline",
        2,
        12,
        1.5,
    )
    assert (offline.failed, openai.failed) == (0, 1)
    assert offline.heard == Quantiles(2, 40.0, 60.0)
    assert offline.text == Quantiles(1, 12.0, 12.0)
    assert (openai.spoken, openai.text) == (None, None)


def test_they_are_there_after_a_restart_and_private(path):
    stats = Stats(path)
    stats.send({("2026-11", "openai"): 5.0}, "2026-11")
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    stats.close()
    again = Stats(path)
    assert again.sent("2026-11") == {"openai": 5.0}
    again.close()


def test_each_month_has_its_own_minutes(stats):
    stats.send({("2026-10", "openai"): 100.0, ("2026-11", "openai"): 5.0}, "2026-11")
    assert stats.send({("2026-11", "openai"): 2.0, ("2026-11", "azure"): 1.0}, "2026-11") == 8.0
    assert stats.sent("2026-11") == {"azure": 1.0, "openai": 7.0}
    assert stats.sent("2026-12") == {}


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_half_and_95_of_100_are_not_above_their_quantile(values):
    random.shuffle(values)
    found = quantiles(values)
    assert found.count == len(values)
    for bound, share in ((found.p50, 0.5), (found.p95, 0.95)):
        assert bound in values
        assert sum(value <= bound for value in values) >= share * len(values)
        assert sum(value < bound for value in values) < share * len(values)


SENDER = """
import sys
from pathlib import Path
from tray_dictate.history.statistics import Stats
sys.stdin.readline()
stats = Stats(Path(sys.argv[1]))
for _ in range(100):
    stats.send({("2026-11", "openai"): 0.25}, "2026-11")
"""


def test_two_processes_count_at_once_and_nothing_is_lost(path, stats):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER, str(path)], stdin=subprocess.PIPE, cwd=ROOT, text=True
        )
        for _ in range(2)
    ]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    assert stats.sent("2026-11") == {"openai": 50.0}


async def test_what_is_sent_is_in_the_file_soon_and_after_the_end(make, path):
    counting = make()
    counting.consume("openai", 3.0, 0)
    counting.consume("openai", 4.0, 0)
    await counting.close()
    stats = Stats(path)
    assert stats.sent(month_of(NOVEMBER)) == {"openai": 7.0}
    stats.close()


async def test_a_cap_lets_go_what_is_within_it_and_no_more(make):
    counting = make()
    await counting.check(1)
    for _ in range(60):
        counting.consume("openai", 1.0, 1)
    with pytest.raises(EngineError, match=r"1 minutes .* are used up; no more .* before 1 Decem"):
        counting.consume("openai", 0.1, 1)
    with pytest.raises(EngineError, match=r"engine\.cap_minutes"):
        await counting.check(1)
    await counting.check(2)
    await counting.check(0)
    counting.consume("openai", 0.1, 0)


async def test_a_cap_knows_what_was_sent_before_a_restart_and_by_others(make, path):
    before = make()
    before.consume("azure", 40.0, 1)
    await before.close()
    after = make()
    await after.check(1)
    other = Stats(path)
    other.send({(month_of(NOVEMBER), "openai"): 20.0}, "")
    other.close()
    with pytest.raises(EngineError, match="used up"):
        await after.check(1)


async def test_in_the_next_month_the_clouds_are_used_again(make):
    november = make()
    november.consume("openai", 60.0, 0)
    await november.close()
    december = make(DECEMBER)
    await december.check(1)
    december.consume("openai", 1.0, 1)


async def test_a_file_that_fails_is_told_of_once_and_the_counting_goes_on(make, path, told):
    counting = make(busy=0.05)
    await counting.flush()  # the file is made
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    counting.consume("openai", 59.0, 1)
    await counting.flush()
    await counting.flush()
    counting.consume("openai", 1.0, 1)
    with pytest.raises(EngineError, match="used up"):
        counting.consume("openai", 1.0, 1)
    assert len(told) == 1
    assert told[0].startswith("Your statistics are not saved to disk: ")
    other.rollback()
    other.close()
    await counting.flush()
    stats = Stats(path)
    assert stats.sent(month_of(NOVEMBER)) == {"openai": 60.0}
    stats.close()


async def test_dictations_are_counted_in_order(path, told):
    file = open_statistics(FakeNotices(told.append), path)
    numbers = [Numbers(float(n), "offline", n, 1.0, False, took()) for n in range(20)]
    await asyncio.gather(*(file.do(partial(Stats.add, numbers=one), None) for one in numbers))
    await file.close()
    stats = Stats(path)
    [summary] = stats.summaries()
    stats.close()
    assert (summary.takes, summary.words) == (20, 190)


async def test_what_was_just_counted_is_written_before_the_end(path, told):
    thread, gate = ThreadPoolExecutor(1), threading.Event()
    thread.submit(gate.wait, 20)
    counting = CloudUsage(
        open_statistics(FakeNotices(told.append), path, thread), SetClock(NOVEMBER)
    )
    counting.consume("openai", 7.0, 0)
    asyncio.get_running_loop().call_later(0.05, gate.set)
    await counting.close()
    thread.shutdown()
    stats = Stats(path)
    assert stats.sent(month_of(NOVEMBER)) == {"openai": 7.0}
    stats.close()


async def test_what_a_slow_disk_has_not_taken_yet_counts_and_is_counted_once(path, told):
    thread, gate = ThreadPoolExecutor(1), threading.Event()
    thread.submit(gate.wait, 20)
    file = open_statistics(FakeNotices(told.append), path, thread, patience=0.05)
    counting = CloudUsage(file, SetClock(NOVEMBER))
    counting.consume("openai", 59.0, 1)
    flushing = asyncio.create_task(counting.flush())
    await counting.check(1)  # the disk does not answer
    counting.consume("openai", 1.0, 1)
    with pytest.raises(EngineError, match="used up"):
        counting.consume("openai", 1.0, 1)
    gate.set()
    await flushing
    await counting.close()
    thread.shutdown()
    stats = Stats(path)
    assert stats.sent(month_of(NOVEMBER)) == {"openai": 60.0}
    stats.close()
    assert told == ["Your statistics are not saved to disk: The disk did not answer within 0.05 s."]
