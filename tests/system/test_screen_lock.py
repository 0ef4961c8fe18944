"""Who tells that the screen is locked: the login manager and screen savers on real buses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dbus_fast import Message
from dbus_fast.aio import MessageBus

from tests.fakes import FakeLock
from tests.rigs.logind import Logind
from tests.rigs.strangers import Stranger
from tests.waiting import until
from tray_dictate.system.desktop.dbus import connect
from tray_dictate.system.screen_lock import ScreenLock
from tray_dictate.system.screen_lock import bus as screen_lock_bus
from tray_dictate.system.screen_lock.windows import WindowsLock

SAVER = "org.gnome.ScreenSaver"


def enter(service: Logind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on its bus, which is the session's as well."""
    for kind in ("SYSTEM", "SESSION"):
        monkeypatch.setenv(f"DBUS_{kind}_BUS_ADDRESS", service.address)


@pytest.fixture
def logind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logind]:
    with Logind(tmp_path) as service:
        enter(service, monkeypatch)
        yield service


class Watched:
    """A lock that is followed; `changes` counts its reports."""

    def __init__(self, lock: ScreenLock) -> None:
        self.lock, self.changes = lock, 0
        lock.reported.subscribe(self.changed)

    def changed(self) -> None:
        self.changes += 1

    async def until(self, *, locked: bool) -> None:
        await until(lambda: self.lock.is_locked() is locked)


@asynccontextmanager
async def following(lock: ScreenLock | None = None) -> AsyncGenerator[Watched]:
    watched = Watched(lock or ScreenLock())
    task = asyncio.create_task(screen_lock_bus.follow(watched.lock, 0.05))
    await until(lambda: watched.changes)  # the session was asked, the last of all
    try:
        yield watched
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def saver() -> AsyncGenerator[MessageBus]:
    bus = await connect()
    await bus.request_name(SAVER)
    yield bus
    bus.disconnect()


async def tell(bus: MessageBus, *, active: bool) -> None:
    path = "/org/gnome/ScreenSaver"
    await bus.send(Message.new_signal(path, SAVER, "ActiveChanged", "b", [active]))


@pytest.mark.parametrize(("lock", "unlock"), [("locked", "unlocked"), ("lock", "unlock")])
async def test_the_login_manager_tells_of_our_sessions_lock(logind, lock, unlock):
    async with following() as watched:
        logind.tell(lock)
        await watched.until(locked=True)
        logind.tell(unlock)
        await watched.until(locked=False)


async def test_a_session_that_was_to_be_locked_and_is_not_may_be_dictated_in(logind):
    async with following(ScreenLock(settling=0.3)) as watched:
        logind.tell("lock")
        await watched.until(locked=True)
        await watched.until(locked=False)  # though nobody says so


async def test_a_session_that_is_locked_at_the_start_is_known(tmp_path, monkeypatch):
    with Logind(tmp_path, locked=True) as service:
        enter(service, monkeypatch)
        async with following() as watched:
            await watched.until(locked=True)


async def test_a_screen_saver_tells_of_itself_and_is_not_active_when_it_has_gone(logind):
    async with following() as watched:
        async with saver() as bus:
            for active in (True, False, True):
                await tell(bus, active=active)
                await watched.until(locked=active)
        await watched.until(locked=False)


async def test_only_they_are_believed(logind):
    async with following() as watched, Stranger(logind.address) as stranger:
        session = "/org/freedesktop/login1/session/_32"
        await stranger.forge(session, "org.freedesktop.login1.Session.Lock", "", count=100)
        member = f"{SAVER}.ActiveChanged"
        await stranger.forge("/org/gnome/ScreenSaver", member, "b", True, count=100)
        before = watched.changes
        logind.tell("unlocked")  # what was forged has arrived before it
        await until(lambda: watched.changes > before)
        assert watched.changes == before + 1
        assert not watched.lock.is_locked()


async def test_a_bus_that_has_gone_tells_of_no_lock_and_is_found_again(logind):
    async with following() as watched:
        logind.tell("locked")
        await watched.until(locked=True)
        await asyncio.to_thread(logind.stop)
        await watched.until(locked=False)
        before = watched.changes
        await asyncio.to_thread(logind.start)
        await until(lambda: watched.changes > before)
        logind.tell("locked")
        await watched.until(locked=True)


async def test_without_any_bus_nobody_is_waited_for(tmp_path, monkeypatch):
    for kind in ("SYSTEM", "SESSION"):
        monkeypatch.setenv(f"DBUS_{kind}_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    async with asyncio.timeout(20):
        await screen_lock_bus.follow(ScreenLock())


def test_what_can_be_asked_is_asked():
    screen = FakeLock()
    lock = ScreenLock([FakeLock(), screen])
    assert not lock.is_locked()
    screen.locked = True
    assert lock.is_locked()


class User32:
    """Windows' desktops; every handle is to be given back."""

    def __init__(self) -> None:
        self.locked, self.open = False, 0

    def OpenInputDesktop(self, flags: int, inherit: bool, access: int) -> int | None:  # noqa: N802
        assert (flags, inherit, access) == (0, False, 0x100)
        if self.locked:
            return None
        self.open += 1
        return 42

    def CloseDesktop(self, handle: int) -> int:  # noqa: N802
        assert handle == 42
        self.open -= 1
        return 1


def test_windows_says_whether_our_desktop_has_the_keyboard():
    user32 = User32()
    lock = WindowsLock(user32)
    assert not lock.is_locked()
    user32.locked = True
    assert lock.is_locked()
    assert user32.open == 0
