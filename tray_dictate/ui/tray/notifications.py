"""Shows messages by org.freedesktop.Notifications: one notification for each cause."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import TrayCommands, Urgency
from tray_dictate.system.desktop.dbus import TROUBLE, Service, connect
from tray_dictate.ui.labels import BUTTONS, NAME, TITLE, markup, plain
from tray_dictate.ui.tray.icon import Picture, draw

log = logging.getLogger(__name__)

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
_ICON = 64  # pixels
_DEFAULT_TIME = -1  # the desktop decides how long a notification is shown
_URGENT_TIME = 30_000  # milliseconds; by default, an urgent one stays until it is dismissed


class Notifications:
    """The notifications that were shown over one connection to the bus."""

    def __init__(self, bus: MessageBus, commands: TrayCommands | None = None) -> None:
        """`commands` do what a button says, on the loop; without them no buttons are shown."""
        self._service, self._commands = Service(bus, SERVICE, PATH), commands
        self._listens = False
        self._lock = asyncio.Lock()  # the number of a notification is in the answer to its call
        self._numbers: dict[str, int] = {}  # by cause
        self._owner = ""  # the service that gave the numbers; another gives them to other programs

    async def show(
        self, message: str, cause: str, urgency: Urgency, buttons: tuple[str, ...] = ()
    ) -> bool:
        """Show a message in place of the last of its cause; return False if nothing shows it."""
        try:
            async with self._lock:
                await self._show(message, cause, urgency, buttons)
        except TROUBLE as error:
            log.warning("%s (not shown: %s)", plain(message), error)
            return False
        return True

    async def close(self, cause: str) -> None:
        """Close the notification of this cause, if it is still shown."""
        try:
            async with self._lock:
                await self._check_owner()
                number = self._numbers.pop(cause, 0)
                if number:
                    await self._service.call(SERVICE, "CloseNotification", "u", number)
        except TROUBLE as error:  # closed already, or the service has gone
            log.debug("a notification could not be closed: %s", error)

    async def _show(
        self, message: str, cause: str, urgency: Urgency, buttons: tuple[str, ...]
    ) -> None:
        able = await self._capabilities()
        markup_read = "body-markup" in able
        await self._check_owner()
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
        """Subscribe to pressed buttons, once."""
        if not self._listens:
            self._listens = True
            await self._service.signals(self._heard, SERVICE, "ActionInvoked", signature="us")

    def _heard(self, message: Message) -> None:
        """Carry out what a pressed button of our notifications says."""
        number, button = message.body
        if self._commands and number in self._numbers.values():
            _carry_out(button, self._commands)

    async def _capabilities(self) -> list[str]:
        """Return what the service can do; asked each time, for another may have taken its place."""
        [found] = await self._service.call(SERVICE, "GetCapabilities", start=True)
        return found

    async def _check_owner(self) -> None:
        """Forget the notifications' numbers if another service has taken over."""
        owner = await self._service.owner()  # "": the service has ended, and will be started again
        if owner != self._owner:
            self._owner, self._numbers = owner, {}


async def show_once(message: str, cause: str, urgency: Urgency) -> None:
    """Show a message over a new connection to the bus."""
    try:
        bus = await connect()
    except TROUBLE as error:
        log.warning("%s (not shown: %s)", plain(message), error)
        return
    try:
        await Notifications(bus).show(message, cause, urgency)
    finally:
        bus.disconnect()


def _carry_out(button: str, commands: TrayCommands) -> None:
    """Carry out what a button says; nothing for a button of another program."""
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
    """Return an image: width, height, bytes a row, alpha, bits a channel, channels, pixels."""
    drawn = draw(Picture(status), _ICON).tobytes()
    pixels: list[Any] = [_ICON, _ICON, _ICON * 4, True, 8, 4, drawn]
    return Variant("(iiibiiay)", pixels)
