"""Knows whether the user is composing: Chinese by its sounds, an accent by its dead key.

What is being composed is shown in the text field, but is not part of its text yet; another engine
in use would drop it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dbus_fast import Message, MessageType

from tray_dictate.system.desktop import ibus

_SHOWN = ("UpdatePreeditText", "UpdatePreeditTextWithMode")
_MEMBERS = (*_SHOWN, "ShowPreeditText", "HidePreeditText")


class Composition:
    """What IBus has the program show as being composed that has shown anything last."""

    def __init__(self, connection: ibus.IBus) -> None:
        self._ibus = connection
        self._field = ""  # IBus's path of the text field
        self._shown, self._visible = "", False
        self._over = asyncio.Event()
        self._over.set()

    @property
    def is_over(self) -> bool:
        """Whether nothing is being composed, as far as IBus has told."""
        return self._over.is_set()

    async def follow(self) -> None:
        """Hear of it from now on. Raises one of dbus.TROUBLE."""
        self._ibus.hear(self._hear)
        for member in _MEMBERS:
            rule = f"type='signal',interface='{ibus.CONTEXT}',member='{member}'"
            await self._ibus.follow(rule)

    async def over(self, patience: float) -> bool:
        """Wait up to `patience` seconds until nothing is being composed; tell whether it is so.

        Raises one of dbus.TROUBLE.
        """
        if not (
            self._over.is_set()
            or (await self._ibus.has_field(self._field) and await self._ibus.engine())
        ):
            self.forget()  # the program or the engine has ended in the middle
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._over.wait()
        return self._over.is_set()

    def forget(self) -> None:
        """Take it that nothing is being composed: another engine is in use now."""
        self._shown, self._visible = "", False
        self._over.set()

    def _hear(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL or message.interface != ibus.CONTEXT:
            return
        if message.path != self._field:
            self._field, self._shown, self._visible = message.path or "", "", False
        member = message.member
        if member in _SHOWN:
            self._shown, self._visible = ibus.words(message.body[0]), bool(message.body[2])
        elif member in ("ShowPreeditText", "HidePreeditText"):
            self._visible = member == "ShowPreeditText"
        if self._shown and self._visible:
            self._over.clear()
        else:
            self._over.set()
