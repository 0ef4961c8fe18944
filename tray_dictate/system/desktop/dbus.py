"""Connections to the session's and the system's D-Bus, and the services on them."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbus_fast import BusType, DBusError, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.system.lifetime import obtain

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds; a stopped process on the bus never answers
DAEMON, _DAEMON_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_PROPERTIES = "org.freedesktop.DBus.Properties"

# dbus-fast: LookupError without HOME, ValueError for an address or a refusal to let us in,
# EOFError when the bus goes away; TimeoutError is an OSError.
TROUBLE = (OSError, EOFError, ValueError, LookupError, DBusError)


class _Patient:
    """A socket that reports 0 bytes sent while it is full: dbus-fast would end the connection.

    On a busy machine a panel that fetches our icon fills it.
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
    """A connection that leaves its socket alone once that is closed.

    dbus-fast 5.2 would make the loop watch the number of the closed socket, which a new socket may
    have by then: the new one could not be read.
    """

    async def connect(self) -> Bus:
        """Raises one of TROUBLE."""
        await super().connect()
        inner: Any = self
        inner._writer.sock = _Patient(inner._sock)  # noqa: SLF001 - there is no other way in
        return self

    def send(self, msg: Message) -> asyncio.Future[Any]:
        """Send a message; drop it after the end of the connection."""
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
    bus_type, address = (
        (BusType.SYSTEM, None) if system else (BusType.SESSION, address or _address())
    )
    bus = Bus(address, bus_type, negotiate_unix_fd=files)
    connecting = asyncio.ensure_future(bus.connect())
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.shield(connecting)
    except BaseException:
        _leave(bus, connecting)
        raise


def _leave(bus: Bus, connecting: asyncio.Future[Any]) -> None:
    """End an unwanted connection when it is established or has failed.

    If `connecting` were cancelled at once, dbus-fast 5.2 might leave its closed socket in the loop.
    """

    def ended(_: object) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            bus.disconnect()

    connecting.add_done_callback(ended)
    asyncio.get_running_loop().call_later(PATIENCE, connecting.cancel)


class Service:
    """An object of a service on a bus: its methods, its properties, and the service's signals.

    Every program on a bus can send any signal, and on the system bus every user's: a match rule
    selects which broadcasts the bus delivers to us, but signals addressed to us arrive without one.
    So a signal counts only if it comes from the owner of the service's name; the bus itself writes
    the sender into each message.
    """

    def __init__(self, bus: MessageBus, name: str, path: str, patience: float = PATIENCE) -> None:
        """`patience` is how many seconds an answer may take."""
        self.bus, self.name, self.path = bus, name, path
        self.unique = ""  # the owner's own name on the bus, where signals or owners are followed
        self._patience = patience
        self._subscriptions: dict[_Subscription, Callable[[Message], None]] = {}
        self._calls: dict[_Subscription, Callable[[Message], None]] = {}
        self._on_owner: Callable[[str], None] | None = None
        self._hears = self._follows = False
        self._heard_owner = False  # a signal named the owner, so an answer on its way is outdated

    async def call(
        self, interface: str, member: str, signature: str = "", *body: Any, start: bool = False
    ) -> list[Any]:
        """Return the values that a method answers.

        With `start` the bus starts a service that does not run. Raises one of TROUBLE.
        """
        flags = MessageFlag.NONE if start else MessageFlag.NO_AUTOSTART
        return (await self._reply(interface, member, signature, *body, flags=flags)).body

    async def file(self, interface: str, member: str, signature: str = "", *body: Any) -> int:
        """Return the open file that a method answers. Raises one of TROUBLE."""
        reply = await self._reply(interface, member, signature, *body)
        files: Any = reply.unix_fds
        if not files:
            raise DBusError(f"{interface}.{member}", "it answered no file")
        return int(files[reply.body[0]])

    async def property(self, interface: str, name: str, *, start: bool = False) -> Any:
        """Return the value of a property. Raises one of TROUBLE."""
        [value] = await self.call(_PROPERTIES, "Get", "ss", interface, name, start=start)
        return value.value if isinstance(value, Variant) else value

    async def ping(self, *, start: bool = False) -> None:
        """Wait for an answer, after which everything that the service sent before has arrived.

        Raises one of TROUBLE.
        """
        await self.call("org.freedesktop.DBus.Peer", "Ping", start=start)

    async def owner(self) -> str:
        """Return the unique name of the service's owner, "" without one. Raises one of TROUBLE."""
        try:
            [found] = await daemon(self.bus).call(DAEMON, "GetNameOwner", "s", self.name)
        except DBusError as reason:
            if reason.type == f"{DAEMON}.Error.NameHasNoOwner":
                return ""
            raise
        return str(found)

    async def process(self) -> int:
        """Return the process id of the service's owner. Raises one of TROUBLE."""
        ask = daemon(self.bus)
        [found] = await ask.call(DAEMON, "GetConnectionUnixProcessID", "s", self.name)
        return int(found)

    async def owner_changed(self, handle: Callable[[str], None]) -> None:
        """Call `handle` with the unique name of each new owner from now on, "" for none.

        Raises one of TROUBLE.
        """
        self._on_owner = handle
        await self._follow()

    async def signals(
        self,
        handle: Callable[[Message], None],
        interface: str = "",
        member: str = "",
        path: str = "",
        signature: str | None = None,
    ) -> None:
        """Call `handle` with the owner's signals from now on that match; "" matches any.

        A second subscription to the same signals replaces the handler. Raises one of TROUBLE.
        """
        await self._follow()
        wanted = _Subscription(interface, member, path, signature)
        known = wanted in self._subscriptions
        self._subscriptions[wanted] = handle
        if not known:
            try:
                await _add_match(self.bus, wanted.rule(self.name))
            except BaseException:
                del self._subscriptions[wanted]
                raise

    async def calls(
        self, handle: Callable[[Message], None], path: str, interface: str, signature: str
    ) -> None:
        """Pass the calls that the owner makes to our object at `path` on to `handle`.

        Raises one of TROUBLE.
        """
        await self._follow()
        self._calls[_Subscription(interface, "", path, signature)] = handle

    async def _reply(
        self, interface: str, member: str, signature: str, *body: Any,
        flags: MessageFlag = MessageFlag.NONE,
    ) -> Message:  # fmt: skip
        if not self.bus.connected:
            raise EOFError("the connection to the bus has ended")
        message = Message(
            destination=self.name, path=self.path, interface=interface, member=member,
            signature=signature, body=list(body), flags=flags,
        )  # fmt: skip
        async with asyncio.timeout(self._patience):
            reply = await obtain(self.bus.call(message), _close_files)
        if reply.message_type is MessageType.ERROR:
            raise DBusError(reply.error_name or "", str(reply.body[0]) if reply.body else "")
        return reply

    async def _follow(self) -> None:
        """Look up the owner, and follow its changes. Raises one of TROUBLE."""
        if self._follows:
            return
        if not self._hears:
            self._hears = True
            self.bus.add_message_handler(self._take)
        changes = _Subscription(DAEMON, "NameOwnerChanged")
        await _add_match(self.bus, f"{changes.rule(DAEMON)},arg0='{self.name}'")
        found = await self.owner()
        if not self._heard_owner:
            self.unique = found
        self._follows = True

    def _take(self, message: Message) -> Message | None:
        """Pass a message on; return the answer to a call."""
        if message.message_type is MessageType.METHOD_CALL:
            return self._answer(message)
        if message.message_type is not MessageType.SIGNAL:
            return None
        if message.sender != DAEMON:
            if self.unique and message.sender == self.unique:
                for wanted, handle in list(self._subscriptions.items()):
                    if wanted.matches(message):
                        handle(message)
        elif message.member == "NameOwnerChanged" and message.body[0] == self.name:
            self._heard_owner, self.unique = True, str(message.body[2])
            if self._on_owner:
                self._on_owner(self.unique)
        return None

    def _answer(self, call: Message) -> Message | None:
        """Return the answer to a call; None where it is not for us, or from another program."""
        for wanted, handle in self._calls.items():
            if self.unique and call.sender == self.unique and wanted.matches(call):
                handle(call)
                return Message.new_method_return(call)
        return None


@dataclass(frozen=True, slots=True)
class _Subscription:
    """A pattern of signals or calls of a service; "" and None match any."""

    interface: str
    member: str = ""
    path: str = ""
    signature: str | None = None

    def rule(self, sender: str) -> str:
        """Return the match rule, by which the bus passes them on; it knows no signatures."""
        parts = {
            "type": "signal", "sender": sender, "interface": self.interface,
            "member": self.member, "path": self.path,
        }  # fmt: skip
        return ",".join(f"{key}='{value}'" for key, value in parts.items() if value)

    def matches(self, signal: Message) -> bool:
        """Return whether a signal or a call is wanted."""
        return (
            self.interface in ("", signal.interface)
            and self.member in ("", signal.member)
            and self.path in ("", signal.path)
            and self.signature in (None, signal.signature)
        )


def daemon(bus: MessageBus) -> Service:
    """Return the bus itself as a service."""
    return Service(bus, DAEMON, _DAEMON_PATH)


async def _add_match(bus: MessageBus, rule: str) -> None:
    """Have the bus pass on the signals that match a rule. Raises one of TROUBLE."""
    await daemon(bus).call(DAEMON, "AddMatch", "s", rule)


def _close_files(reply: Message | None) -> None:
    """Close the files of an answer that is not waited for any more; None: the bus has gone."""
    for file in reply.unix_fds if reply else ():
        os.close(file)


class Backoff:
    """Computes the pauses between attempts to connect: each is twice as long as the one before.

    `first` is the first pause and `longest` the limit, in seconds.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._pause = first

    @property
    def is_fresh(self) -> bool:
        """Whether the next pause is the first one."""
        return self._pause == self._first

    def reset(self) -> None:
        """Start again with the first pause."""
        self._pause = self._first

    def next(self) -> float:
        """Return the next pause."""
        pause, self._pause = self._pause, min(2 * self._pause, self._longest)
        return pause


async def stay_connected(
    reach: Callable[[], Awaitable[MessageBus]],
    use: Callable[[MessageBus], Awaitable[None]],
    backoff: Backoff,
) -> None:
    """Connect and use the connection until it ends, again and again, until cancelled.

    `reach` connects, or raises one of TROUBLE; after the first attempt it is called again. The
    error of the first attempt and every error of `use` are raised.
    """
    known = False
    while True:
        try:
            bus = await reach()
        except TROUBLE as reason:
            if not known:
                raise
            log.debug("no bus: %s", reason)
        else:
            known = True
            backoff.reset()
            try:
                await use(bus)
            finally:
                bus.disconnect()
        await asyncio.sleep(backoff.next())


def _address() -> str | None:
    """Return the session bus's address by systemd's convention; None if dbus-fast can find it."""
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    socket = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "bus")
    return f"unix:path={socket}" if socket.is_socket() else None
