"""The one crossing between threads, and tasks that nobody awaits."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tray_dictate.system.threads import Bridge, TaskSet


@pytest.fixture
def bridge():
    bridge = Bridge()
    bridge.start()
    yield bridge
    bridge.stop()


def test_a_posted_callback_runs_on_the_loops_thread(bridge):
    ran, where = threading.Event(), []

    def callback(name):
        where.append((name, threading.current_thread().name))
        ran.set()

    bridge.post(callback, "x")
    assert ran.wait(5)
    assert where == [("x", "loop")]


def test_posting_after_the_end_is_dropped(bridge):
    bridge.stop()
    bridge.post(print, "never")
    bridge.stop()


def test_stopping_cancels_what_still_runs(bridge):
    cancelled = threading.Event()
    started = threading.Event()

    async def forever():
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    running = bridge.run(forever())
    assert started.wait(5)
    bridge.stop()
    assert cancelled.is_set()
    assert running.cancelled()


def test_a_coroutines_result_comes_back(bridge):
    async def answer():
        return 42

    assert bridge.run(answer()).result(5) == 42


async def test_tasks_that_nobody_awaits_are_held_until_they_end():
    tasks, go_on = TaskSet(), asyncio.Event()
    assert not tasks
    await tasks.wait()
    tasks.start(go_on.wait())
    assert tasks
    await tasks.wait(0)
    assert tasks
    go_on.set()
    await tasks.wait()
    assert not tasks
