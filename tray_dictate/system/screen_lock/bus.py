"""Follows the reports on the buses whether the screen is locked.

The login manager reports that a session is to be locked, and, where the desktop says so, that it
is. Desktops and lockers report their screen saver on the session's bus.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from dbus_fast import DBusError, Message
from dbus_fast.aio import MessageBus

from tray_dictate.system.desktop.dbus import TROUBLE, Backoff, Service, connect, stay_connected
from tray_dictate.system.screen_lock import ScreenLock
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)

_PAUSE = 30.0  # seconds
_LOGIN, _LOGIN_PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
_MANAGER, _SESSION = f"{_LOGIN}.Manager", f"{_LOGIN}.Session"
_USER = f"{_LOGIN}.User"
_HINT = "LockedHint"
# each screen saver's object; all have the same interface
_SAVERS = {
    "org.freedesktop.ScreenSaver": "/org/freedesktop/ScreenSaver",
    "org.gnome.ScreenSaver": "/org/gnome/ScreenSaver",
    "org.cinnamon.ScreenSaver": "/org/cinnamon/ScreenSaver",
    "org.mate.ScreenSaver": "/org/mate/ScreenSaver",
    "org.xfce.ScreenSaver": "/org/xfce/ScreenSaver",
}


async def follow(lock: ScreenLock, pause: float = _PAUSE) -> None:
    """Pass all reports to the lock until cancelled.

    `pause` is the time between attempts to reach a bus again that has gone, in seconds.
    """
    savers = [_Saver(name, lock) for name in _SAVERS]
    await asyncio.gather(
        _stay(savers, pause, system=False), _stay([_Session(lock)], pause, system=True)
    )


class _Source(Protocol):
    async def begin(self, bus: MessageBus) -> None:
        """Watch on this bus. Raises one of TROUBLE."""
        ...

    def end(self) -> None:
        """Report the screen as not locked: the bus has gone."""
        ...


async def _stay(sources: Sequence[_Source], pause: float, *, system: bool) -> None:
    """Watch the sources on a bus, also after it was restarted; return if there is no bus."""

    async def watch(bus: MessageBus) -> None:
        try:
            for source in sources:
                await source.begin(bus)
            await bus.wait_for_disconnect()
        except TROUBLE as reason:
            log.info("a bus no longer reports the screen lock: %s", reason)
        finally:
            for source in sources:
                source.end()

    try:
        await stay_connected(partial(connect, system=system), watch, Backoff(pause, pause))
    except TROUBLE as reason:
        log.debug("no bus reports the screen lock: %s", reason)


class _Saver:
    """One name of a screen saver."""

    def __init__(self, name: str, lock: ScreenLock) -> None:
        self._name, self._lock = name, lock

    async def begin(self, bus: MessageBus) -> None:
        """Watch on this bus. Raises one of TROUBLE."""
        saver = Service(bus, self._name, _SAVERS[self._name])
        await saver.owner_changed(self._owned)
        await saver.signals(self._heard, self._name, "ActiveChanged", signature="b")
        if saver.unique:
            with suppress(DBusError, TimeoutError):  # one that only keeps the screen awake
                [active] = await saver.call(self._name, "GetActive")
                self._report(bool(active))

    def end(self) -> None:
        """Report the screen as not locked: the bus has gone."""
        self._report(False)

    def _owned(self, _owner: str) -> None:
        self._report(False)  # a new owner reports it itself

    def _heard(self, message: Message) -> None:
        self._report(bool(message.body[0]))

    def _report(self, locked: bool) -> None:
        self._lock.report(self._name, locked=locked)


class _Session:
    """Our session, as the login manager has it."""

    def __init__(self, lock: ScreenLock) -> None:
        self._lock, self._path = lock, ""
        self._tasks = TaskSet()

    async def begin(self, bus: MessageBus) -> None:
        """Watch on this bus. Raises one of TROUBLE."""
        self._bus, self._path = bus, ""
        self._manager = Service(bus, _LOGIN, _LOGIN_PATH)
        await self._manager.owner_changed(self._owned)
        if self._manager.unique:
            await self._find()

    def end(self) -> None:
        """Report the screen as not locked: the bus has gone."""
        self._report(False)

    def _owned(self, owner: str) -> None:
        if owner:  # it was restarted, or comes only now
            self._tasks.start(self._find())

    async def _find(self) -> None:
        """Find our session, follow it, and report whether it is locked."""
        with suppress(*TROUBLE):
            path = await _session(self._manager)
            if path and path != self._path:
                await self._manager.signals(self._heard, path=path)
            self._path = path
            await self._ask()

    async def _ask(self) -> None:
        if not self._path:
            return
        with suppress(*TROUBLE):
            session = Service(self._bus, _LOGIN, self._path)
            self._report(bool(await session.property(_SESSION, _HINT)))

    def _heard(self, message: Message) -> None:
        if not self._path or message.path != self._path:
            return
        match message.interface, message.member, message.body:
            case "org.freedesktop.login1.Session", "Lock", _:
                self._lock.lock_soon()
            case "org.freedesktop.login1.Session", "Unlock", _:
                self._report(False)
            case "org.freedesktop.DBus.Properties", "PropertiesChanged", [str(interface), new, old]:
                if interface == _SESSION:
                    self._learn(new, old)
            case _:
                pass

    def _learn(self, new: dict[str, Any], old: list[str]) -> None:
        if _HINT in new:
            self._report(bool(new[_HINT].value))
        elif _HINT in old:  # invalidated: the new value has to be asked for
            self._tasks.start(self._ask())

    def _report(self, locked: bool) -> None:
        self._lock.report(_LOGIN, locked=locked)


async def _session(manager: Service) -> str:
    """Return the path of our session, or of the user's graphical one; "" for none.

    A service of the user's is in no session.
    """
    with suppress(*TROUBLE):
        if named := os.environ.get("XDG_SESSION_ID"):
            return str((await manager.call(_MANAGER, "GetSession", "s", named))[0])
    with suppress(*TROUBLE):
        return str((await manager.call(_MANAGER, "GetSessionByPID", "u", os.getpid()))[0])
    with suppress(*TROUBLE):
        [path] = await manager.call(_MANAGER, "GetUser", "u", os.getuid())
        user = Service(manager.bus, _LOGIN, path)
        return str((await user.property(_USER, "Display"))[1])
    log.info("the login manager knows no session of ours, so it reports no lock")
    return ""
