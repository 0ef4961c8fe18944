"""A file on a thread of its own, here one that is as slow and as broken as the test wants."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.fakes import FakeNotices
from tray_dictate.core.errors import HistoryError
from tray_dictate.history.worker import FileWorker


class Words:
    """A file of words."""

    def __init__(self) -> None:
        self.words, self.closed = list[str](), 0
        self.gate = threading.Event()
        self.gate.set()

    def open(self, notices) -> Words:
        return self

    def add(self, word: str) -> int:
        self.gate.wait(20)
        if not word:
            raise HistoryError("The disk is full.")
        self.words.append(word)
        return len(self.words)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def words():
    return Words()


@pytest.fixture
def told():
    return []


@pytest.fixture
async def worker(words, told):
    worker = FileWorker(words, FakeNotices(told.append), "Not kept: ")
    yield worker
    words.gate.set()
    await worker.close()


async def add(worker: FileWorker[Words], word: str, **more) -> int:
    return await worker.do(lambda file: file.add(word), 0, **more)


async def test_what_takes_too_long_goes_on_and_is_told_of(words, told):
    worker = FileWorker(words, FakeNotices(told.append), "Not kept: ", patience=0.05)
    words.gate.clear()
    assert await add(worker, "one") == 0
    assert await add(worker, "") == 0
    patient = [asyncio.create_task(add(worker, word, patiently=True)) for word in ("two", "")]
    await asyncio.sleep(0)  # they have begun
    assert await add(worker, "three") == 0
    words.gate.set()
    assert [await answer for answer in patient] == [2, 0]
    await worker.close()
    assert words.words == ["one", "two", "three"]
    assert told == ["Not kept: The disk did not answer within 0.05 s."]


async def test_what_is_waited_for_no_more_is_written_all_the_same(worker, words):
    words.gate.clear()
    adding = asyncio.create_task(add(worker, "one"))
    await asyncio.sleep(0.02)
    adding.cancel()
    await asyncio.wait([adding])
    words.gate.set()
    await add(worker, "two")
    assert words.words == ["one", "two"]


async def test_trouble_is_told_once_until_it_works_again(worker, told):
    for _ in range(2):
        assert await add(worker, "") == 0
    assert told == ["Not kept: The disk is full."]
    await add(worker, "one")
    await add(worker, "")
    assert len(told) == 2


async def test_work_begins_before_it_is_waited_for(worker, words):
    adding = worker.do(lambda file: file.add("one"), 0)
    await add(worker, "two")
    assert await adding == 1
    assert words.words == ["one", "two"]


async def test_closing_comes_after_what_was_asked_for_and_ends_it(worker, words):
    adding = [asyncio.create_task(add(worker, str(n))) for n in range(20)]
    await asyncio.sleep(0)  # they have begun
    await worker.close()
    assert (len(words.words), words.closed) == (20, 1)
    assert [await added for added in adding] == list(range(1, 21))
    assert await add(worker, "late") == 0
    worker.reopen()
    await worker.close()
    assert (len(words.words), words.closed) == (20, 1)


async def test_what_was_never_used_is_not_opened_to_be_closed(worker, words):
    await worker.close()
    assert words.closed == 0


async def test_it_is_opened_anew_when_asked(worker, words):
    await add(worker, "one")
    worker.reopen()
    await add(worker, "two")
    assert words.closed == 1
