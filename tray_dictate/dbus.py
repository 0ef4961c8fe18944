"""The session bus: how to get on it, and one call with an answer."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

from dbus_fast import DBusError, Message, MessageFlag, MessageType
from dbus_fast.aio import MessageBus

PATIENCE = 10.0  # seconds; a stopped process on the bus never answers

# dbus-fast: LookupError without HOME, ValueError for an address or a refusal to let us in,
# EOFError when the bus goes away; TimeoutError is an OSError.
TROUBLE = (OSError, EOFError, ValueError, LookupError, DBusError)


class _Patient:
    """A socket that has sent nothing while it is full, where dbus-fast would end the connection.

    A panel that fetches our icon while a message is under way fills it on a busy machine.
    """

    def __init__(self, wrapped: socket.socket) -> None:
        self._wrapped = wrapped

    def send(self, data: memoryview) -> int:
        """Return how many bytes were taken; dbus-fast waits until there is room for the rest."""
        try:
            return self._wrapped.send(data)
        except BlockingIOError:
            return 0


async def connect(*, files: bool = False) -> MessageBus:
    """Return a connection to the session bus; `files` may pass through. Raises one of TROUBLE."""
    async with asyncio.timeout(PATIENCE):
        bus: Any = await MessageBus(bus_address=_address(), negotiate_unix_fd=files).connect()
    bus._writer.sock = _Patient(bus._sock)  # noqa: SLF001 - there is no other way in
    return bus


async def call(
    bus: MessageBus,
    destination: str,
    path: str,
    member: str,
    signature: str = "",
    *body: Any,
    start: bool = False,
) -> list[Any]:
    """Return what "interface.Member" answers; `start` has the bus start who is not there.

    Raises one of TROUBLE.
    """
    interface, _, name = member.rpartition(".")
    message = Message(
        destination=destination,
        path=path,
        interface=interface,
        member=name,
        signature=signature,
        body=list(body),
        flags=MessageFlag.NONE if start else MessageFlag.NO_AUTOSTART,
    )
    async with asyncio.timeout(PATIENCE):
        reply = await bus.call(message)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(reply.error_name or "", str(reply.body[0]) if reply.body else "")
    return reply.body


async def listen(bus: MessageBus, rule: str) -> None:
    """Have the signals sent to us that match a rule. Raises one of TROUBLE."""
    daemon = "org.freedesktop.DBus"
    await call(bus, daemon, "/org/freedesktop/DBus", f"{daemon}.AddMatch", "s", rule)


def _address() -> str | None:
    """Return where the bus is if only systemd's convention says so, else None: dbus-fast knows."""
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    socket = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "bus")
    return f"unix:path={socket}" if socket.is_socket() else None
