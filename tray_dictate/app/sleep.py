"""Finishes dictations before the machine suspends, and recovers after it resumes.

systemd's (or elogind's) login manager announces both on the system bus, and delays the suspend for
a few seconds while we hold an inhibitor lock. After the resume connections are dead without having
been closed, the microphone may deliver nothing, and a key may have been released unseen.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Protocol

from dbus_fast import DBusError, Message
from dbus_fast.aio import MessageBus

from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon
from tray_dictate.system.desktop.dbus import TROUBLE, Backoff, Service, connect, stay_connected

log = logging.getLogger(__name__)

_LONGEST = 4.0  # seconds for a dictation to be finished; the manager waits for 5
_PAUSES = 5.0, 60.0  # seconds before another look for a bus that has gone: at first, and at last
_NAME, _PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
_MANAGER, _SIGNAL = f"{_NAME}.Manager", "PrepareForSleep"
_UNHELD = "the next suspend will not wait for a dictation: %s"
_LOCK = "sleep", "tray_dictate", "Finishing a dictation", "delay"


class SleepObserver(Protocol):
    """Acts around each suspend; called on the loop."""

    async def before_sleep(self) -> None:
        """The machine is about to suspend: it waits for the end of this, but only for seconds."""
        ...

    async def after_sleep(self) -> None:
        """The machine has resumed."""
        ...


async def follow(daemon: Daemon, components: Components) -> None:
    """Have the daemon follow each suspend until cancelled; return if none can be detected."""
    await watch(_DaemonSleep(daemon, components))


class _DaemonSleep:
    """The daemon's SleepObserver."""

    def __init__(self, daemon: Daemon, components: Components) -> None:
        self._daemon, self._components = daemon, components

    async def before_sleep(self) -> None:
        log.info("the machine is about to sleep")
        await self._daemon.settle(_LONGEST)

    async def after_sleep(self) -> None:
        log.info("the machine has slept")
        self._daemon.look_at_keys()
        await self._components.microphone.after_resume()
        await self._components.engine.after_resume()


async def watch(observer: SleepObserver, pauses: tuple[float, float] = _PAUSES) -> None:
    """Call the observer around each suspend until cancelled; return if there is no logind."""

    async def use(bus: MessageBus) -> None:
        try:
            await _Watch(bus, observer).run()
        except TROUBLE as reason:
            log.info("lost logind: suspend cannot be detected for now (%s)", reason)

    try:
        await stay_connected(_connected, use, Backoff(*pauses))
    except TROUBLE as reason:
        log.info("No logind: suspend cannot be detected (%s)", reason)


class _Watch:
    """One connection to logind; holds the inhibitor lock except during a suspend."""

    def __init__(self, bus: MessageBus, observer: SleepObserver) -> None:
        self._bus, self._observer = bus, observer
        self._manager = Service(bus, _NAME, _PATH)
        self._announced: asyncio.Queue[bool] = asyncio.Queue()  # True: before a suspend
        self._lock: int | None = None

    async def run(self) -> None:
        """Follow the announcements until the bus closes, which raises one of TROUBLE."""
        await self._manager.signals(self._hear, _MANAGER, _SIGNAL, _PATH, "b")
        try:
            await self._hold()
        except DBusError as reason:  # refused, as by a policy; the signal comes all the same
            log.info(_UNHELD, reason)
        working = asyncio.create_task(self._work())
        try:
            await self._bus.wait_for_disconnect()
        finally:
            working.cancel()
            self._let_go()

    def _hear(self, message: Message) -> None:
        self._announced.put_nowait(bool(message.body[0]))

    async def _work(self) -> None:
        while True:
            sleeps = await self._announced.get()
            try:
                if sleeps:
                    await self._observer.before_sleep()
                else:
                    await self._observer.after_sleep()
            except Exception:
                log.exception("a step around the suspend failed")
            if sleeps:
                self._let_go()
                continue
            try:
                await self._hold()
            except TROUBLE as reason:
                log.info(_UNHELD, reason)

    async def _hold(self) -> None:
        """Take the lock that delays the next suspend. Raises one of TROUBLE."""
        if self._lock is None:
            self._lock = await self._manager.file(_MANAGER, "Inhibit", "ssss", *_LOCK)

    def _let_go(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


async def _connected() -> MessageBus:
    """Return a connection on which the login manager answers. Raises one of TROUBLE."""
    bus = await connect(system=True, files=True)
    try:
        await Service(bus, _NAME, _PATH).ping(start=True)
    except TROUBLE:
        bus.disconnect()
        raise
    return bus
