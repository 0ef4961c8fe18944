"""What is acquired on a thread belongs to who waits, or it is given back, once."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from tests.waiting import until
from tray_dictate.system.lifetime import acquire, finish, obtain, release
from tray_dictate.system.threads import Bridge


class Thing:
    """Something that is open until it is given back."""

    def __init__(self) -> None:
        self.open = 0
        self.may_come = threading.Event()
        self.coming = threading.Event()
        self.given_back_by: list[int] = []
        self.order: list[str] = []

    def make(self) -> Thing:
        self.coming.set()
        assert self.may_come.wait(20)
        self.open += 1
        return self

    def give_back(self, thing: Thing) -> None:
        assert thing is self
        self.open -= 1
        self.given_back_by.append(threading.get_ident())
        self.order.append("given back")


async def test_who_waits_gets_it():
    thing = Thing()
    thing.may_come.set()
    assert await acquire(thing.make, thing.give_back) is thing
    assert thing.open == 1


class AtOnce(Executor):
    """A worker that is done before anybody can wait for it."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        done = Future()
        done.set_result(fn(*args, **kwargs))
        return done


async def test_what_was_posted_while_it_was_acquired_is_done_before():
    loop, thing = asyncio.get_running_loop(), Thing()
    thing.may_come.set()

    def make() -> Thing:
        loop.call_soon_threadsafe(thing.order.append, "posted")
        return thing.make()

    await acquire(make, thing.give_back, AtOnce())
    assert thing.order == ["posted"]


async def test_what_comes_too_late_is_given_back_on_the_thread_that_has_acquired_it():
    thing = Thing()
    with ThreadPoolExecutor(1) as worker:
        ident = worker.submit(threading.get_ident).result()
        task = asyncio.create_task(acquire(thing.make, thing.give_back, worker))
        await until(thing.coming.is_set)
        task.cancel()
        next_work = worker.submit(thing.order.append, "the next")
        with pytest.raises(asyncio.CancelledError):
            await task
        thing.may_come.set()
        await asyncio.wrap_future(next_work)
    assert thing.open == 0
    assert thing.given_back_by == [ident]
    assert thing.order == ["given back", "the next"]


async def test_what_is_there_when_its_waiter_is_cancelled_is_given_back_on_the_worker():
    thing = Thing()
    thing.may_come.set()
    with ThreadPoolExecutor(1) as worker:
        ident = worker.submit(threading.get_ident).result()
        task = asyncio.create_task(acquire(thing.make, thing.give_back, worker))
        await asyncio.sleep(0)
        worker.submit(int).result()  # it is there, and the loop has not heard of it yet
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: thing.given_back_by)
    assert thing.open == 0
    assert thing.given_back_by == [ident]


async def test_what_was_not_begun_yet_is_not_acquired():
    thing, busy = Thing(), threading.Event()
    with ThreadPoolExecutor(1) as worker:
        worker.submit(busy.wait, 20)
        task = asyncio.create_task(acquire(thing.make, thing.give_back, worker))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        busy.set()
    assert not thing.coming.is_set()


async def test_it_is_given_back_though_the_worker_has_been_sent_home():
    thing = Thing()
    worker = ThreadPoolExecutor(1)
    task = asyncio.create_task(acquire(thing.make, thing.give_back, worker))
    await until(thing.coming.is_set)
    worker.shutdown(wait=False, cancel_futures=True)
    thing.may_come.set()
    worker.shutdown()  # it is there, and the loop has not heard of it yet
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: thing.given_back_by)
    assert thing.open == 0


def test_it_is_given_back_where_the_loop_ends_meanwhile():
    thing, bridge = Thing(), Bridge()
    bridge.start()
    bridge.run(acquire(thing.make, thing.give_back))
    assert thing.coming.wait(20)
    bridge.stop()
    given_back = threading.Event()
    thing.order = Telling(given_back)  # type: ignore[assignment]
    thing.may_come.set()
    assert given_back.wait(20)
    assert thing.open == 0


class Telling(list[str]):
    def __init__(self, event: threading.Event) -> None:
        super().__init__()
        self._event = event

    def append(self, item: str) -> None:
        self._event.set()


async def test_at_random_moments_everything_is_either_had_or_given_back():
    chance = random.Random(7)
    had, open_now, lock = 0, 0, threading.Lock()

    def make() -> object:
        nonlocal open_now
        chance_of_thread.wait(chance.uniform(0, 0.002))
        with lock:
            open_now += 1
        return object()

    def give_back(_thing: object) -> None:
        nonlocal open_now
        with lock:
            open_now -= 1

    chance_of_thread = threading.Event()
    with ThreadPoolExecutor(2) as worker:
        for _ in range(300):
            task = asyncio.create_task(acquire(make, give_back, worker))
            await asyncio.sleep(chance.uniform(0, 0.002))
            task.cancel()
            await asyncio.wait({task})
            had += not task.cancelled()
    assert 0 < had < 300
    assert open_now == had


async def test_what_fails_is_raised_and_a_failure_that_comes_too_late_is_nobodys(caplog):
    may_fail = threading.Event()

    def fail() -> object:
        assert may_fail.wait(20)
        raise OSError("no device")

    task = asyncio.create_task(acquire(fail, lambda _: pytest.fail("there is nothing")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    may_fail.set()
    with pytest.raises(OSError, match="no device"):
        await acquire(fail, lambda _: pytest.fail("there is nothing"))
    assert caplog.text == ""


async def test_a_release_is_done_though_it_was_queued_when_its_waiter_was_cancelled():
    done, busy = threading.Event(), threading.Event()
    worker = ThreadPoolExecutor(1)
    worker.submit(busy.wait, 20)
    task = asyncio.create_task(release(done.set, worker))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    busy.set()
    worker.shutdown()
    assert done.is_set()


async def test_a_release_tells_what_went_wrong():
    def fail() -> None:
        raise OSError("no device")

    with pytest.raises(OSError, match="no device"):
        await release(fail)


async def test_what_a_coroutine_brings_too_late_is_given_back():
    may_come = asyncio.Event()
    given_back: list[str] = []

    async def connect() -> str:
        await may_come.wait()
        return "connection"

    task = asyncio.create_task(obtain(connect(), given_back.append))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert given_back == []
    may_come.set()
    await until(lambda: given_back)
    assert given_back == ["connection"]
    assert await obtain(connect(), given_back.append) == "connection"
    assert given_back == ["connection"]


async def test_what_is_to_be_finished_is_though_it_is_cancelled():
    may_end, ended = asyncio.Event(), False

    async def clear_up() -> None:
        nonlocal ended
        await may_end.wait()
        ended = True

    task = asyncio.create_task(finish(clear_up()))
    await asyncio.sleep(0)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended


async def test_what_cannot_be_given_back_is_logged(caplog):
    def refuse(_thing: object) -> None:
        raise OSError("no device")

    thing = Thing()
    task = asyncio.create_task(acquire(thing.make, refuse))
    await until(thing.coming.is_set)
    task.cancel()
    await asyncio.wait({task})
    thing.may_come.set()
    await until(lambda: "Thing could not be given back" in caplog.text)
