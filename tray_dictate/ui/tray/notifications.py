"""Messages to the user by org.freedesktop.Notifications, shown literally, one bubble a cause."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import TrayCommands, Urgency
from tray_dictate.system.dbus import TROUBLE, Service, connect
from tray_dictate.ui.labels import BUTTONS, NAME, TITLE, markup, plain
from tray_dictate.ui.tray.icon import Picture, draw

log = logging.getLogger(__name__)

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
_ICON = 64  # pixels
_DEFAULT_TIME = -1  # the desktop decides how long it is seen
_URGENT_TIME = 30_000  # milliseconds; else it stays until it is clicked away


class Notifications:
    """The bubbles that were shown over one connection to the bus."""

    def __init__(self, bus: MessageBus, commands: TrayCommands | None = None) -> None:
        """`commands` do what a button says, on the loop; without them no buttons are shown."""
        self._service, self._commands = Service(bus, SERVICE, PATH), commands
        self._listens = False
        self._lock = asyncio.Lock()  # a bubble's number is known when its answer is here
        self._numbers: dict[str, int] = {}  # by cause
        self._owner = ""  # who gave these numbers: another one may give them to other programs

    async def show(
        self, message: str, cause: str, urgency: Urgency, buttons: tuple[str, ...] = ()
    ) -> bool:
        """Show a message in place of what its cause has shown; False where nothing shows it."""
        try:
            async with self._lock:
                await self._show(message, cause, urgency, buttons)
        except TROUBLE as error:
            log.warning("%s (not shown: %s)", plain(message), error)
            return False
        return True

    async def close(self, cause: str) -> None:
        """Take away what this cause has shown last, if it is still there."""
        try:
            async with self._lock:
                await self._look_who_shows()
                number = self._numbers.pop(cause, 0)
                if number:
                    await self._service.call(SERVICE, "CloseNotification", "u", number)
        except TROUBLE as error:  # it has been closed already, or its service has gone
            log.debug("a notification could not be closed: %s", error)

    async def _show(
        self, message: str, cause: str, urgency: Urgency, buttons: tuple[str, ...]
    ) -> None:
        able = await self._capabilities()
        markup_read = "body-markup" in able
        await self._look_who_shows()
        text = plain(message)
        body = markup(text) if markup_read else text
        hints = {
            "image-data": _image(Status.ERROR if urgency is Urgency.CRITICAL else Status.IDLE),
            "desktop-entry": Variant("s", NAME),
            "urgency": Variant("y", int(urgency)),
        }
        actions: list[str] = []
        if "actions" in able and self._commands and buttons:
            await self._listen()
            actions = [word for name in buttons for word in (name, BUTTONS[name])]
        time = _URGENT_TIME if urgency is Urgency.CRITICAL else _DEFAULT_TIME
        before = self._numbers.get(cause, 0)
        arguments = (NAME, before, "", TITLE, body, actions, hints, time)
        [number] = await self._service.call(
            SERVICE, "Notify", "susssasa{sv}i", *arguments, start=True
        )
        if cause:
            self._numbers[cause] = number

    async def _listen(self) -> None:
        """Hear of pressed buttons from now on."""
        if not self._listens:
            self._listens = True
            await self._service.signals(self._heard, SERVICE, "ActionInvoked", signature="us")

    def _heard(self, message: Message) -> None:
        """Take a signal of who shows them, of buttons that are ours."""
        number, button = message.body
        if self._commands and number in self._numbers.values():
            _press(button, self._commands)

    async def _capabilities(self) -> list[str]:
        """Return what the service can do; asked each time, another may have taken its place."""
        [found] = await self._service.call(SERVICE, "GetCapabilities", start=True)
        return found

    async def _look_who_shows(self) -> None:
        """Forget the bubbles' numbers where another service has taken the place."""
        owner = await self._service.owner()  # "": it has ended, and will be started again
        if owner != self._owner:
            self._owner, self._numbers = owner, {}


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


def _press(button: str, commands: TrayCommands) -> None:
    """Do what a button says; nothing if it is none of ours."""
    match button:
        case "redo":
            commands.redo()
        case "copy":
            commands.copy_last()
        case "settings":
            commands.open_document("settings")
        case "check":
            commands.open_document("check")
        case _:
            log.debug("a notification has no button %r", button)


def _image(status: Status) -> Variant:
    """Return width, height, bytes a row, alpha, bits a channel, channels and the pixels."""
    drawn = draw(Picture(status), _ICON).tobytes()
    pixels: list[Any] = [_ICON, _ICON, _ICON * 4, True, 8, 4, drawn]
    return Variant("(iiibiiay)", pixels)
