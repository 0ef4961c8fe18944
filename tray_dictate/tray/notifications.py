"""Messages to the user by org.freedesktop.Notifications, shown literally."""

from __future__ import annotations

import logging
from typing import Any

from dbus_fast import Variant
from dbus_fast.aio import MessageBus

from tray_dictate.core.dictation import Status
from tray_dictate.tray.bus import TROUBLE, call
from tray_dictate.tray.icon import draw
from tray_dictate.tray.words import NAME, TITLE, markup, plain

log = logging.getLogger(__name__)

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
_ICON = 64  # pixels
_DEFAULT_TIME = -1  # the desktop decides how long it is seen


async def send(bus: MessageBus, message: str) -> None:
    """Show a message, literally; where nothing shows it, it is in the log."""
    try:
        markup_read = "body-markup" in await _capabilities(bus)
        text = plain(message)
        body = markup(text) if markup_read else text
        hints = {"image-data": _image(), "desktop-entry": Variant("s", NAME)}
        actions: list[str] = []
        arguments = (NAME, 0, "", TITLE, body, actions, hints, _DEFAULT_TIME)
        notify = f"{SERVICE}.Notify"
        await call(bus, SERVICE, PATH, notify, "susssasa{sv}i", *arguments, start=True)
    except TROUBLE as error:
        log.warning("%s (not shown: %s)", plain(message), error)


async def _capabilities(bus: MessageBus) -> list[str]:
    """Return what the service can do; asked each time, another may have taken its place."""
    get = f"{SERVICE}.GetCapabilities"
    [found] = await call(bus, SERVICE, PATH, get, start=True)
    return found


def _image() -> Variant:
    """Return width, height, bytes a row, alpha, bits a channel, channels and the pixels."""
    pixels: list[Any] = [_ICON, _ICON, _ICON * 4, True, 8, 4, draw(Status.IDLE, _ICON).tobytes()]
    return Variant("(iiibiiay)", pixels)
