"""Around the machine's sleep, on a real bus."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.rigs.logind import Logind
from tests.rigs.strangers import Stranger
from tests.waiting import until
from tray_dictate.app import sleep
from tray_dictate.system.desktop import dbus


@pytest.fixture
def logind(tmp_path, monkeypatch):
    with Logind(tmp_path) as service:
        for name, value in service.env.items():
            monkeypatch.setenv(name, value)
        yield service


class Watching:
    """What was called, in order; before each sleep it waits for `may_sleep`."""

    def __init__(self, pauses: tuple[float, float] = (5.0, 60.0)) -> None:
        self._pauses = pauses
        self.called: list[str] = []
        self.may_sleep = asyncio.Event()
        self.may_sleep.set()

    async def before_sleep(self) -> None:
        self.called.append("before")
        await self.may_sleep.wait()

    async def after_sleep(self) -> None:
        self.called.append("after")

    async def __aenter__(self) -> Watching:
        watch = sleep.watch(self, self._pauses)
        self._task = asyncio.create_task(watch)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


class Failing:
    """An observer that fails."""

    async def before_sleep(self) -> None:
        raise RuntimeError("broken")

    async def after_sleep(self) -> None:
        raise RuntimeError("broken")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_the_machine_waits_for_us_before_it_sleeps_and_each_time_again(logind):
    async with Watching() as watching:
        for sleeps in (1, 2):
            await asyncio.to_thread(logind.wait_for, "locked tray_dictate", sleeps)
            watching.may_sleep.clear()
            logind.tell("sleep")
            await until(lambda: watching.called[-1:] == ["before"])
            assert logind._said.count("unlocked") == sleeps - 1
            watching.may_sleep.set()
            await asyncio.to_thread(logind.wait_for, "unlocked", sleeps)
            logind.tell("awake")
            await until(lambda: watching.called[-1:] == ["after"])
    assert watching.called == ["before", "after"] * 2


async def test_only_the_login_manager_is_believed(logind):
    """Any user of the machine may send us the same signal."""
    async with Watching() as watching:
        await asyncio.to_thread(logind.wait_for, "locked tray_dictate")
        async with Stranger(logind.address) as stranger:
            member = "org.freedesktop.login1.Manager.PrepareForSleep"
            for sleeps in (True, False):
                await stranger.forge("/org/freedesktop/login1", member, "b", sleeps, count=100)
        logind.tell("sleep")  # the last of all: what was forged has arrived before it
        await asyncio.to_thread(logind.wait_for, "unlocked")
    assert watching.called == ["before"]


async def test_the_lock_ends_with_the_watch(logind):
    files = open_files()
    async with Watching():
        await asyncio.to_thread(logind.wait_for, "locked tray_dictate")
    await asyncio.to_thread(logind.wait_for, "unlocked")
    assert open_files() == files


async def test_a_lock_that_comes_when_nobody_waits_for_it_any_more_is_let_go(logind):
    bus = await dbus.connect(system=True, files=True)
    manager = dbus.Service(bus, sleep._NAME, sleep._PATH)
    asking = asyncio.create_task(manager.file(sleep._MANAGER, "Inhibit", "ssss", *sleep._LOCK))
    with logind.stopped():
        for _ in range(20):
            await asyncio.sleep(0)  # until it has been asked
    logind.wait_for("locked tray_dictate")  # and the loop has not read the answer
    asking.cancel()
    await asyncio.wait({asking})
    assert asking.cancelled()
    await asyncio.to_thread(logind.wait_for, "unlocked")
    bus.disconnect()
    await bus.wait_for_disconnect()


async def test_a_bus_that_restarts_is_found_again(logind):
    async with Watching((0.1, 0.1)) as watching:
        await asyncio.to_thread(logind.wait_for, "locked tray_dictate")
        await asyncio.to_thread(logind.stop)
        await asyncio.to_thread(logind.start)
        await asyncio.to_thread(logind.wait_for, "locked tray_dictate")
        logind.tell("awake")
        await until(lambda: watching.called == ["after"])


async def test_where_the_lock_is_refused_each_sleep_is_still_heard_of(
    tmp_path, monkeypatch, caplog
):
    caplog.set_level("INFO")
    with Logind(tmp_path, refuses=True) as service:
        monkeypatch.setenv(*next(iter(service.env.items())))
        async with Watching() as watching:
            await asyncio.to_thread(service.wait_for, "refused")
            for what, called in (("sleep", "before"), ("awake", "after")):
                service.tell(what)
                await until(lambda called=called: watching.called[-1:] == [called])
    assert watching.called == ["before", "after"]
    assert "will not wait for a dictation: Permission denied" in caplog.text
    assert "cannot be detected" not in caplog.text


async def test_what_fails_before_a_sleep_keeps_nobody_awake(logind, caplog):
    task = asyncio.create_task(sleep.watch(Failing()))
    await asyncio.to_thread(logind.wait_for, "locked tray_dictate")
    logind.tell("sleep")
    await asyncio.to_thread(logind.wait_for, "unlocked")
    logind.tell("awake")
    await asyncio.to_thread(logind.wait_for, "locked tray_dictate", 2)
    task.cancel()
    await asyncio.wait([task])
    assert "broken" in caplog.text


@pytest.mark.parametrize("bus", [True, False], ids=["a bus without one", "no bus at all"])
async def test_where_there_is_no_login_manager_the_log_says_so_once(
    bus, tmp_path, monkeypatch, caplog
):
    caplog.set_level("INFO")
    with Logind(tmp_path, serves=False) as service:
        if not bus:
            service.stop()
        monkeypatch.setenv(*next(iter(service.env.items())))
        async with asyncio.timeout(30):
            await sleep.watch(Watching())
    [said] = [record.message for record in caplog.records if record.name == sleep.__name__]
    assert "No logind: suspend cannot be detected" in said
