"""IBus, the session's input methods: where its own bus is, and how its calls are spelled.

One of IBus's engines is in use at a time: it gets the keys, and what it commits goes into the
text field that has the focus. A layout of the keyboard is an engine, too ("xkb:us::eng").
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbus_fast import DBusError, Message, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.system.desktop import dbus

NAME, PATH = "org.freedesktop.IBus", "/org/freedesktop/IBus"
ENGINE, CONTEXT, FACTORY = f"{NAME}.Engine", f"{NAME}.InputContext", f"{NAME}.Factory"
FACTORY_PATH = f"{PATH}/Factory"  # where a program that has registered engines makes them
PASSWORD, PIN, TERMINAL = 8, 9, 10  # purposes of text fields
HIDDEN = 1 << 12  # a hint of a text field

_PATIENCE = 3.0  # seconds for an answer, which takes milliseconds
_ATTEMPTS, _PAUSE = 4, 0.03  # how often to put an engine in use, and seconds between
_DISPLAY = re.compile(r"(?P<host>[^:]*):(?P<number>\d+)")


class IBus:
    """The calls to IBus over one connection. Each raises one of dbus.TROUBLE."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus
        self._service = dbus.Service(bus, NAME, PATH, _PATIENCE)
        self._daemon = dbus.daemon(bus)

    def hear(self, handle: Callable[[Message], Message | None]) -> None:
        """Call `handle` with each message; what it returns is the answer.

        Only programs of this user are on IBus's bus, and it names no senders that could be told
        apart.
        """
        self.bus.add_message_handler(handle)

    @property
    def file(self) -> int:
        """The number of the connection's file."""
        inner: Any = self.bus
        return int(inner._fd)  # noqa: SLF001 - there is no other way in

    async def engine(self) -> str:
        """Return the name of the engine in use; "" for none."""
        try:
            return _engine_name(await self._service.property(NAME, "GlobalEngine"))
        except DBusError as reason:
            if "No global engine" in reason.text:
                return ""
            raise

    async def set_engine(self, name: str) -> None:
        """Put an engine in use; what IBus tells it about the text field comes before we return.

        With the engine before it, a composition ends that its user has not finished.
        """
        for left in reversed(range(_ATTEMPTS)):
            try:
                await self._service.call(NAME, "SetGlobalEngine", "s", name)
            except DBusError as reason:  # where the focus changes just then
                if not left or "cancelled" not in reason.text:
                    raise
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def register(self, name: str, shown: str) -> None:
        """Offer an engine of this name on this connection, for as long as that lives.

        When it ends, IBus has no engine in use, whichever was.
        """
        await self._service.call(NAME, "RegisterComponent", "v", _component(name, shown))

    async def follow(self, rule: str) -> None:
        """Have messages between others that match a rule passed on to this connection, too."""
        await self._daemon.call(dbus.DAEMON, "AddMatch", "s", rule)

    async def has_field(self, path: str) -> bool:
        """Tell whether a program still has the text field of this path."""
        field = dbus.Service(self.bus, NAME, path, _PATIENCE)
        try:
            await field.property(CONTEXT, "ContentType")
        except DBusError as reason:
            return not reason.type.endswith(("UnknownMethod", "UnknownObject", "UnknownInterface"))
        return True

    async def knows(self, connection: str) -> bool:
        """Tell whether a connection with this unique name is still there."""
        [found] = await self._daemon.call(dbus.DAEMON, "NameHasOwner", "s", connection)
        return bool(found)


async def connect() -> MessageBus:
    """Return a connection to IBus's bus. Raises one of dbus.TROUBLE."""
    found = address()
    if not found:
        raise FileNotFoundError("no IBus runs in this session")
    return await dbus.connect(address=found)


def address() -> str:
    """Return the address of the bus that IBus has left for this session; "" if it has not."""
    if given := os.environ.get("IBUS_ADDRESS"):
        return given
    for file in _files():
        with suppress(OSError):
            for line in file.read_text(errors="replace").splitlines():
                key, _, found = line.partition("=")
                if key == "IBUS_ADDRESS":
                    return found
    return ""


def text(words: str) -> Variant:
    """Return an IBusText without attributes."""
    attributes = Variant("(sa{sv}av)", ["IBusAttrList", {}, []])
    return Variant("(sa{sv}sv)", ["IBusText", {}, words, attributes])


def words(serialised: Any) -> str:
    """Return the words of an IBusText."""
    return _third(serialised)


def _engine_name(serialised: Any) -> str:
    """Return the name of an IBusEngineDesc, (sa{sv}ss...)."""
    return _third(serialised)


def _third(serialised: Any) -> str:
    while isinstance(serialised, Variant):
        serialised = serialised.value
    return str(serialised[2])


def _component(name: str, shown: str) -> Variant:
    """Return an IBusComponent with one IBusEngineDesc; its layout is that of the keyboard."""
    ours: list[Any] = ["IBusEngineDesc", {}, name, shown, "", "other", "MIT", "", "", "default", 0]
    engine = Variant("(sa{sv}ssssssssusssssss)", [*ours, *[""] * 7])
    head: list[Any] = ["IBusComponent", {}, f"{NAME}.{name.replace('-', '_')}", shown, "1", "MIT"]
    return Variant("(sa{sv}ssssssssavav)", [*head, *[""] * 4, [], [engine]])


def _files() -> Iterator[Path]:
    """Yield the files that may have the address, likeliest first: of Wayland, then of X."""
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    names: list[str] = []
    if wayland := os.environ.get("WAYLAND_DISPLAY"):
        names.append(f"unix-{wayland}")
    elif display := _DISPLAY.match(os.environ.get("DISPLAY", "")):
        names.append(f"{display['host'] or 'unix'}-{display['number']}")
    for name in names:
        found = [
            (file.stat().st_mtime, file) for file in (settings / "ibus" / "bus").glob(f"*-{name}")
        ]
        yield from (file for _, file in sorted(found, reverse=True))
