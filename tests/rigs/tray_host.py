"""Programs that show the icon and its menu, played over D-Bus."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from dbus_fast import Message, MessageType, RequestNameReply, Variant
from dbus_fast.aio import MessageBus

from tests.rigs.session import Session
from tests.waiting import until
from tray_dictate.system.desktop.dbus import DAEMON, Service, connect, daemon
from tray_dictate.system.threads import Bridge

T = TypeVar("T")

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"


class Host:
    """A watcher and a host on one connection of their own; drawn only where `draws`."""

    def __init__(self, bus: MessageBus, *, draws: bool) -> None:
        self.bus, self.draws = bus, draws
        self.registered: list[str] = []
        self.heard: list[Message] = []
        bus.add_message_handler(self._on_message)

    async def open(self) -> None:
        assert await self.bus.request_name(WATCHER) is RequestNameReply.PRIMARY_OWNER
        for interface in (ITEM, MENU):
            rule = f"type='signal',interface='{interface}'"
            await daemon(self.bus).call(DAEMON, "AddMatch", "s", rule)

    async def close(self) -> None:
        await self.bus.release_name(WATCHER)

    async def wait_registered(self, count: int = 1) -> None:
        await until(lambda: len(self.registered) == count)

    async def draw(self, draws: bool) -> None:
        self.draws = draws
        member = f"StatusNotifierHost{'R' if draws else 'Unr'}egistered"
        await self.bus.send(Message.new_signal("/StatusNotifierWatcher", WATCHER, member))

    async def drop(self, item: str) -> None:
        """Say that this item is shown no longer."""
        member = "StatusNotifierItemUnregistered"
        signal = Message.new_signal("/StatusNotifierWatcher", WATCHER, member, "s", [item])
        await self.bus.send(signal)

    async def ask(self, path: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        interface, _, name = member.rpartition(".")
        item = Service(self.bus, self.registered[-1], path)
        return await item.call(interface, name, signature, *body)

    async def property(self, name: str) -> Any:
        item = Service(self.bus, self.registered[-1], "/StatusNotifierItem")
        return await item.property(ITEM, name)

    async def layout(self) -> tuple[int, dict[int, dict[str, Any]]]:
        """Return the revision, and the properties of each entry."""
        revision, root = await self.ask("/MenuBar", f"{MENU}.GetLayout", "iias", 0, -1, [])
        children = [variant.value for variant in root[2]]
        return revision, {
            number: {name: value.value for name, value in found.items()}
            for number, found, _ in children
        }

    def signals(self, member: str) -> list[list[Any]]:
        return [message.body for message in self.heard if message.member == member]

    def _on_message(self, message: Message) -> Message | None:
        if message.message_type is MessageType.SIGNAL:
            self.heard.append(message)
            return None
        match message.member, message.body:
            case "RegisterStatusNotifierItem", [str(name)]:
                self.registered.append(name)
                return Message.new_method_return(message)
            case "Get", [_, "IsStatusNotifierHostRegistered"]:
                return Message.new_method_return(message, "v", [Variant("b", self.draws)])
            case _:
                return None


@dataclass(frozen=True)
class Line:
    """A line of the menu, and the lines below it."""

    number: int
    label: str
    enabled: bool
    chosen: bool
    below: tuple[Line, ...]


class OpenMenu:
    """The menu of the only icon on a session, read and clicked as a panel does it.

    Where no panel runs (KDE's and GNOME's do not here), this is the watcher and the host, too.
    """

    def __init__(self, session: Session) -> None:
        self._address = session.env["DBUS_SESSION_BUS_ADDRESS"]
        self._plays = not session.bus_has(WATCHER)
        self._bridge = Bridge("menu")

    def __enter__(self) -> Self:
        self._bridge.start()
        self._host = self._wait(self._join())
        return self

    def __exit__(self, *_: object) -> None:
        self._bridge.post(self._host.bus.disconnect)
        self._bridge.stop()

    def lines(self, *path: str) -> tuple[Line, ...]:
        """Open the menu; return its lines, or those below the one at a path.

        A path has the beginnings of the labels.
        """
        return self._wait(self._read(path)).below

    def labels(self, *path: str) -> list[str]:
        """Open the menu; return the labels of these lines, without separators."""
        return [line.label for line in self.lines(*path) if line.label]

    def click(self, *path: str) -> None:
        """Open the menu, and click on a line of it."""
        self._wait(self._click(path))

    async def _join(self) -> Host:
        host = Host(await connect(address=self._address), draws=True)
        if self._plays:
            await host.open()
        return host

    async def _read(self, path: tuple[str, ...]) -> Line:
        if self._plays:
            await until(lambda: self._host.registered)
        else:
            watcher = Service(self._host.bus, WATCHER, "/StatusNotifierWatcher")
            [item] = await watcher.property(WATCHER, "RegisteredStatusNotifierItems")
            self._host.registered = [item.partition("/")[0]]
        await self._host.ask("/MenuBar", f"{MENU}.AboutToShow", "i", 0)
        _, root = await self._host.ask("/MenuBar", f"{MENU}.GetLayout", "iias", 0, -1, [])
        line = _line(root)
        for label in path:
            found = [child for child in line.below if child.label.startswith(label)]
            assert len(found) == 1, f"{label!r}: {[child.label for child in line.below]}"
            [line] = found
        return line

    async def _click(self, path: tuple[str, ...]) -> None:
        line = await self._read(path)
        event = line.number, "clicked", Variant("i", 0), 0
        await self._host.ask("/MenuBar", f"{MENU}.Event", "isvu", *event)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._bridge.run(work).result(30)


def _line(layout: list[Any]) -> Line:
    number, properties, below = layout
    found = {name: value.value for name, value in properties.items()}
    return Line(
        number,
        found.get("label", "").replace("__", "_"),
        found.get("enabled", True),
        found.get("toggle-state") == 1,
        tuple(_line(child.value) for child in below),
    )
