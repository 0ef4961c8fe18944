"""Messages to the user by org.freedesktop.Notifications, shown literally, one bubble a cause."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from dbus_fast import DBusError, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.core.dictation import Status
from tray_dictate.dbus import TROUBLE, call, connect
from tray_dictate.ports import Urgency
from tray_dictate.tray.icon import Picture, draw
from tray_dictate.tray.words import NAME, TITLE, markup, plain

log = logging.getLogger(__name__)

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
_ICON = 64  # pixels
_DEFAULT_TIME = -1  # the desktop decides how long it is seen
_URGENT_TIME = 30_000  # milliseconds; else it stays until it is clicked away


class Notifications:
    """The bubbles that were shown over one connection to the bus."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._lock = asyncio.Lock()  # a bubble's number is known when its answer is here
        self._numbers: dict[str, int] = {}  # by cause
        self._service = ""  # who gave these numbers: another one may give them to other programs

    async def show(self, message: str, cause: str, urgency: Urgency) -> bool:
        """Show a message in place of what its cause has shown; False where nothing shows it."""
        try:
            async with self._lock:
                await self._show(message, cause, urgency)
        except TROUBLE as error:
            log.warning("%s (not shown: %s)", plain(message), error)
            return False
        return True

    async def _show(self, message: str, cause: str, urgency: Urgency) -> None:
        markup_read = "body-markup" in await self._capabilities()
        await self._look_who_shows()
        text = plain(message)
        body = markup(text) if markup_read else text
        hints = {
            "image-data": _image(),
            "desktop-entry": Variant("s", NAME),
            "urgency": Variant("y", int(urgency)),
        }
        actions: list[str] = []
        time = _URGENT_TIME if urgency is Urgency.CRITICAL else _DEFAULT_TIME
        before = self._numbers.get(cause, 0)
        arguments = (NAME, before, "", TITLE, body, actions, hints, time)
        notify = f"{SERVICE}.Notify"
        [number] = await call(
            self._bus, SERVICE, PATH, notify, "susssasa{sv}i", *arguments, start=True
        )
        if cause:
            self._numbers[cause] = number

    async def _capabilities(self) -> list[str]:
        """Return what the service can do; asked each time, another may have taken its place."""
        get = f"{SERVICE}.GetCapabilities"
        [found] = await call(self._bus, SERVICE, PATH, get, start=True)
        return found

    async def _look_who_shows(self) -> None:
        """Forget the bubbles' numbers where another service has taken the place."""
        daemon = "org.freedesktop.DBus"
        member = f"{daemon}.GetNameOwner"
        try:
            [owner] = await call(self._bus, daemon, "/org/freedesktop/DBus", member, "s", SERVICE)
        except DBusError:  # it has ended just now, and will be started again
            owner = ""
        if owner != self._service:
            self._service, self._numbers = owner, {}


async def show_once(message: str, cause: str, urgency: Urgency) -> None:
    """Show a message over a connection of its own."""
    try:
        bus = await connect()
    except TROUBLE as error:
        log.warning("%s (not shown: %s)", plain(message), error)
        return
    try:
        await Notifications(bus).show(message, cause, urgency)
    finally:
        bus.disconnect()


def _image() -> Variant:
    """Return width, height, bytes a row, alpha, bits a channel, channels and the pixels."""
    pixels: list[Any] = [
        _ICON,
        _ICON,
        _ICON * 4,
        True,
        8,
        4,
        draw(Picture(Status.IDLE), _ICON).tobytes(),
    ]
    return Variant("(iiibiiay)", pixels)
