"""The machine's sleep, as systemd's (or elogind's) login manager tells it on the system bus.

Before it a dictation is finished, for which the manager waits a few seconds: that is what the
lock is for. After it nothing is as it was: connections are dead though they do not know it, the
microphone may be deaf, and a key may have been let go while nobody looked.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable

from dbus_fast import DBusError, Message
from dbus_fast.aio import MessageBus

from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon
from tray_dictate.system.dbus import TROUBLE, Backoff, Service, connect, stay_connected

log = logging.getLogger(__name__)

_LONGEST = 4.0  # seconds for a dictation to be finished; the manager waits for 5
_PAUSES = 5.0, 60.0  # seconds before another look for a bus that has gone: at first, and at last
_NAME, _PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
_MANAGER, _SIGNAL = f"{_NAME}.Manager", "PrepareForSleep"
_UNHELD = "a dictation may be cut off by the next sleep, which does not wait for us: %s"
_LOCK = "sleep", "tray_dictate", "A dictation is finished first", "delay"

Do = Callable[[], Awaitable[None]]


async def follow(daemon: Daemon, parts: Components) -> None:
    """Do what is to be done around each sleep, until cancelled; for where nobody tells, nothing."""

    async def before() -> None:
        log.info("the machine is about to sleep")
        await daemon.settle(_LONGEST)

    async def after() -> None:
        log.info("the machine has slept")
        daemon.look_at_keys()
        await parts.microphone.after_resume()
        await parts.engine.after_resume()

    await watch(before, after)


async def watch(before: Do, after: Do, pauses: tuple[float, float] = _PAUSES) -> None:
    """Call these before and after each sleep, until cancelled or where nobody tells of it."""

    async def use(bus: MessageBus) -> None:
        try:
            await _Watch(bus, before, after).run()
        except TROUBLE as reason:
            log.info("Nobody tells any more when the machine sleeps: %s", reason)

    try:
        await stay_connected(_connected, use, Backoff(*pauses))
    except TROUBLE as reason:
        log.info("Nobody tells when the machine sleeps: %s", reason)


class _Watch:
    """One connection; the lock is held while nobody sleeps."""

    def __init__(self, bus: MessageBus, before: Do, after: Do) -> None:
        self._bus, self._before, self._after = bus, before, after
        self._manager = Service(bus, _NAME, _PATH)
        self._told: asyncio.Queue[bool] = asyncio.Queue()
        self._lock: int | None = None

    async def run(self) -> None:
        """Raises one of TROUBLE when the bus goes."""
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
        self._told.put_nowait(bool(message.body[0]))

    async def _work(self) -> None:
        while True:
            sleeps = await self._told.get()
            try:
                await (self._before() if sleeps else self._after())
            except Exception:
                log.exception("around the machine's sleep")
            if sleeps:
                self._let_go()
                continue
            try:
                await self._hold()
            except TROUBLE as reason:
                log.info(_UNHELD, reason)

    async def _hold(self) -> None:
        """Have the machine wait for us before it sleeps. Raises one of TROUBLE."""
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
