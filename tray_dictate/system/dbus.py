"""The desktop's bus and the machine's: how to get on them, and one call with an answer."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbus_fast import BusType, DBusError, Message, MessageFlag, MessageType
from dbus_fast.aio import MessageBus

from tray_dictate.system.lifetime import obtain

PATIENCE = 10.0  # seconds; a stopped process on the bus never answers
DAEMON, _DAEMON_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"

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


class Bus(MessageBus):
    """A connection that touches its socket no more once that is closed.

    dbus-fast 5.2 would have the loop watch the closed socket's number, which is another's by then:
    that one cannot be read any more.
    """

    async def connect(self) -> Bus:
        """Raises one of TROUBLE."""
        await super().connect()
        inner: Any = self
        inner._writer.sock = _Patient(inner._sock)  # noqa: SLF001 - there is no other way in
        return self

    def send(self, msg: Message) -> asyncio.Future[Any]:
        """Send it; what comes after the end goes nowhere."""
        with suppress(OSError):  # it ends just now
            if not self._disconnected:
                inner: Any = super()
                return inner.send(msg)
        nowhere: asyncio.Future[Any] = self._loop.create_future()
        nowhere.set_result(None)
        return nowhere


async def connect(
    *, system: bool = False, files: bool = False, address: str | None = None
) -> MessageBus:
    """Return a connection to the session's bus, the system's, or the one at an address.

    `files` may pass through. Raises one of TROUBLE.
    """
    kind, address = (BusType.SYSTEM, None) if system else (BusType.SESSION, address or _address())
    bus = Bus(address, kind, negotiate_unix_fd=files)
    connecting = asyncio.ensure_future(bus.connect())
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.shield(connecting)
    except BaseException:
        _leave(bus, connecting)
        raise


def _leave(bus: Bus, connecting: asyncio.Future[Any]) -> None:
    """End a connection that nobody wants any more, as soon as that can be done.

    Cancelled at once, dbus-fast 5.2 may leave its closed socket with the loop.
    """

    def ended(_: object) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            bus.disconnect()

    connecting.add_done_callback(ended)
    asyncio.get_running_loop().call_later(PATIENCE, connecting.cancel)


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
    flags = MessageFlag.NONE if start else MessageFlag.NO_AUTOSTART
    return (await _answer(bus, destination, path, member, signature, *body, flags=flags)).body


async def file(
    bus: MessageBus, destination: str, path: str, member: str, signature: str = "", *body: Any
) -> int:
    """Return the open file that "interface.Member" answers. Raises one of TROUBLE."""
    reply = await _answer(bus, destination, path, member, signature, *body)
    files: Any = reply.unix_fds
    if not files:
        raise DBusError(member, "it answered no file")
    return int(files[reply.body[0]])


async def _answer(
    bus: MessageBus, destination: str, path: str, member: str, signature: str, *body: Any,
    flags: MessageFlag = MessageFlag.NONE,
) -> Message:  # fmt: skip
    if not bus.connected:
        raise EOFError("the connection to the bus has ended")
    interface, _, name = member.rpartition(".")
    message = Message(
        destination=destination, path=path, interface=interface, member=name,
        signature=signature, body=list(body), flags=flags,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        reply = await obtain(bus.call(message), _close_files)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(reply.error_name or "", str(reply.body[0]) if reply.body else "")
    return reply


def _close_files(reply: Message | None) -> None:
    """Close what came with an answer that nobody waits for any more; None: the bus has gone."""
    for file in reply.unix_fds if reply else ():
        os.close(file)


async def listen(bus: MessageBus, rule: str) -> None:
    """Have the signals sent to us that match a rule. Raises one of TROUBLE."""
    await call(bus, DAEMON, _DAEMON_PATH, f"{DAEMON}.AddMatch", "s", rule)


async def owner(bus: MessageBus, name: str) -> str:
    """Return the unique name of who has a name now, "" for nobody. Raises one of TROUBLE."""
    try:
        [found] = await call(bus, DAEMON, _DAEMON_PATH, f"{DAEMON}.GetNameOwner", "s", name)
    except DBusError as reason:
        if reason.type == f"{DAEMON}.Error.NameHasNoOwner":
            return ""
        raise
    return str(found)


def _nothing(_owner: str) -> None:
    """Do nothing: who has the name does not matter."""


class Owner:
    """Who has a name on a bus, and the signals that they send.

    Anybody on a bus may send any signal to anybody, on the system's bus any user: a match rule
    chooses what the bus passes on, but what is sent to us alone comes without one. So a signal
    counts only by its sender, which the bus itself writes into each message.
    """

    def __init__(
        self,
        bus: MessageBus,
        name: str,
        heard: Callable[[Message], None],
        changed: Callable[[str], None] = _nothing,
    ) -> None:
        """`heard` takes the owner's signals, `changed` learns of every other owner, "" for none."""
        self._bus, self.name, self._heard, self._changed = bus, name, heard, changed
        self.unique = ""  # the owner's own name on the bus
        self._told = False  # of an owner that is newer than the one that was asked for

    async def follow(self) -> None:
        """Learn who it is, now and later. Raises one of TROUBLE."""
        self._bus.add_message_handler(self._take)
        rule = f"type='signal',sender='{DAEMON}',interface='{DAEMON}',member='NameOwnerChanged'"
        await listen(self._bus, f"{rule},arg0='{self.name}'")
        found = await owner(self._bus, self.name)
        if not self._told:
            self.unique = found

    async def listen(self, rule: str = "") -> None:
        """Have their signals sent to us, those that match "member='Ended'"; or all."""
        whole = f"type='signal',sender='{self.name}'"
        await listen(self._bus, f"{whole},{rule}" if rule else whole)

    def _take(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender != DAEMON:
            if self.unique and message.sender == self.unique:
                self._heard(message)
        elif message.member == "NameOwnerChanged" and message.body[0] == self.name:
            self._told, self.unique = True, str(message.body[2])
            self._changed(self.unique)


def _address() -> str | None:
    """Return where the bus is if only systemd's convention says so, else None: dbus-fast knows."""
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    socket = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "bus")
    return f"unix:path={socket}" if socket.is_socket() else None
