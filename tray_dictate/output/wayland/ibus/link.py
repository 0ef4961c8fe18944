"""Our connection to IBus, which puts our engine in use and the user's again."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import Self

from dbus_fast import Message, MessageType

from tray_dictate.output.wayland.ibus.composition import Composition
from tray_dictate.output.wayland.ibus.engine import Engine
from tray_dictate.output.wayland.ibus.survivor import NAMES, Survivor, is_ours, restore
from tray_dictate.system.desktop import dbus, ibus
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)

_SHOWN = "Tray Dictate"
_TURN = 1.0  # seconds for another tray_dictate process to finish
_LOOK = 0.02  # seconds between two looks at that


class Link:
    """One connection to IBus. Its methods raise one of dbus.TROUBLE, and OSError."""

    def __init__(self, connection: ibus.IBus) -> None:
        self.ibus, self.name = connection, f"{NAMES}{os.getpid()}"
        self.engine, self.composition = Engine(connection), Composition(connection)
        self._users = ""  # the user's engine; "" for none
        self._taken = False
        self._survivor: Survivor | None = None  # once our engine is registered
        self._tasks = TaskSet()

    @classmethod
    async def open(cls) -> Self:
        """Connect; nothing is registered yet."""
        link = cls(ibus.IBus(await ibus.connect()))
        try:
            link.ibus.hear(link._hear)
            rule = f"type='signal',interface='{ibus.NAME}',member='GlobalEngineChanged'"
            await link.ibus.follow(rule)
            await link.composition.follow()
            link._note(await link.ibus.engine())
        except BaseException:
            link.ibus.bus.disconnect()
            raise
        return link

    @property
    def is_open(self) -> bool:
        """Whether IBus is still there."""
        return self.ibus.bus.connected

    async def take(self) -> None:
        """Put our engine in use; then its field is described."""
        self._note(await self._users_engine())
        self._taken = True
        if self._survivor is None:
            self._tell(Survivor(self.ibus.file))
            await self.ibus.register(self.name, _SHOWN)
        await self.ibus.set_engine(self.name)

    async def give_back(self) -> None:
        """Put the user's engine in use, unless the user has chosen another meanwhile."""
        in_force = await self.ibus.engine()
        if not self._users:
            await self.close()  # an engine cannot be put out of force otherwise
        elif in_force in (self.name, ""):
            await self.ibus.set_engine(self._users)
        self._taken = False

    async def close(self) -> None:
        """End the connection, and have the user's engine in use after that; idempotent."""
        host = self.ibus.bus
        host.disconnect()
        survivor, self._survivor = self._survivor, None
        if survivor:
            try:
                await host.wait_for_disconnect()
                if self._users:
                    await restore(host.unique_name or "", self._users)
            finally:
                survivor.end()

    async def _users_engine(self) -> str:
        """Return the engine in use; never one of a tray_dictate process, which ends or hangs.

        IBus names none while no text field has the focus, and where one was taken away.
        """
        in_force = await self.ibus.engine()
        with suppress(TimeoutError):
            async with asyncio.timeout(_TURN):
                while is_ours(in_force):
                    await asyncio.sleep(_LOOK)
                    in_force = await self.ibus.engine()
        return self._users if is_ours(in_force) else in_force or self._users

    def _note(self, engine: str) -> None:
        if engine != self._users and not is_ours(engine):
            self._users = engine
            if self._survivor:
                self._tell(self._survivor)

    def _tell(self, survivor: Survivor) -> None:
        self._survivor = survivor
        survivor.note(self.ibus.bus.unique_name or "", self._users)

    def _hear(self, message: Message) -> None:
        changed = message.message_type is MessageType.SIGNAL and message.interface == ibus.NAME
        if not changed or message.member != "GlobalEngineChanged":
            return
        self.composition.forget()
        engine = str(message.body[0])
        if engine and not is_ours(engine):
            self._note(engine)
        elif engine == self.name and not self._taken:
            # where another program takes its engines away, IBus puts the first one in use
            self._tasks.start(self._put_out_of_force())

    async def _put_out_of_force(self) -> None:
        with suppress(*dbus.TROUBLE):
            await self.give_back()
