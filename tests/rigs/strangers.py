"""Somebody else on a bus, of another user where the tests may be one, who sends to everybody."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.auth import UID_NOT_SPECIFIED, AuthExternal

from tray_dictate.system.desktop.dbus import DAEMON, Bus, daemon

NOBODY = 65534


@contextmanager
def _as_nobody() -> Generator[None]:
    """Be another user for the moment in which a socket is connected: the bus asks the kernel."""
    if os.geteuid():  # no root: then it is the same user, and still somebody else
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


class Stranger:
    """One connection; `forge` sends a signal to everybody there, so that nobody need ask for it."""

    def __init__(self, address: str) -> None:
        with _as_nobody():
            self._bus = Bus(address, auth=AuthExternal(UID_NOT_SPECIFIED))

    async def __aenter__(self) -> Stranger:
        await self._bus.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()

    async def forge(self, path: str, member: str, signature: str, *body: Any, count: int) -> None:
        """Send "interface.Member" so many times, and return when everybody has it."""
        names = await daemon(self._bus).call(DAEMON, "ListNames")
        others = {name for name in names[0] if name.startswith(":")} - {self._bus.unique_name}
        interface, _, name = member.rpartition(".")
        assert others
        for other in others:
            for _ in range(count):
                await self._bus.send(
                    Message(
                        message_type=MessageType.SIGNAL, destination=other, path=path,
                        interface=interface, member=name, signature=signature, body=list(body),
                    )
                )  # fmt: skip
        await daemon(self._bus).call(DAEMON, "GetId")
