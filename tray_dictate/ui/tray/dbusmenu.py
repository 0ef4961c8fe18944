"""com.canonical.dbusmenu: the menu as StatusNotifierItem hosts read it.

An entry keeps its number for good, found by the names on its path, so that a click that was sent
while the menu changed never means another entry. Each change is sent to the host as a signal:
changed properties (a label, a tick) as ItemsPropertiesUpdated, anything else as LayoutUpdated with
a new revision.
"""

# no postponed annotations here: dbus-fast would take "None" for a signature
import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from tray_dictate.core.ports import TrayCommands
from tray_dictate.ui.tray.menu import Entry, click, click_default

log = logging.getLogger(__name__)

PATH = "/MenuBar"
ROOT = 0
MOMENT = 0.3  # seconds that opening the menu waits for the lists; it shows the old ones until then
REMEMBERED = 2000  # numbers of removed entries: each recent dictation has one
_READ = PropertyAccess.READ
_TYPES = {str: "s", bool: "b", int: "i"}

Properties = dict[str, str | bool | int]
Layout = list[Any]  # [number, {property: Variant}, [Variant of Layout, ...]]


@dataclass(frozen=True, slots=True)
class Node:
    """An entry, numbered."""

    number: int
    properties: Properties
    entry: Entry | None = None  # None: the root
    children: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two menus."""

    layout: bool
    updated: dict[int, Properties] = field(default_factory=dict[int, Properties])
    removed: dict[int, list[str]] = field(default_factory=dict[int, list[str]])


class Tree:
    """The menu as numbered nodes."""

    def __init__(self) -> None:
        self.revision = 1
        self.nodes: dict[int, Node] = {ROOT: Node(ROOT, {"children-display": "submenu"})}
        self._numbers: dict[tuple[str, ...], int] = {(): ROOT}
        self._next = ROOT + 1

    def update(self, entries: tuple[Entry, ...]) -> Change:
        """Replace the menu; return what has changed."""
        before, self.nodes = self.nodes, {node.number: node for node in self._walk((), entries)}
        if len(self._numbers) > REMEMBERED + len(self.nodes):
            self._numbers = {
                path: number for path, number in self._numbers.items() if number in self.nodes
            }
        shape = {number: node.children for number, node in self.nodes.items()}
        if shape != {number: node.children for number, node in before.items()}:
            self.revision += 1
            return Change(layout=True)
        change = Change(layout=False)
        for number, node in self.nodes.items():
            old, new = before[number].properties, node.properties
            if updated := {key: new[key] for key in new if old.get(key) != new[key]}:
                change.updated[number] = updated
            if removed := [key for key in old if key not in new]:
                change.removed[number] = removed
        return change

    def _walk(
        self, path: tuple[str, ...], children: tuple[Entry, ...], entry: Entry | None = None
    ) -> Iterator[Node]:
        numbers = tuple(self._number((*path, child.name)) for child in children)
        yield Node(self._number(path), _properties(entry), entry, numbers)
        for child in children:
            yield from self._walk((*path, child.name), child.children, child)

    def _number(self, path: tuple[str, ...]) -> int:
        if path not in self._numbers:
            self._numbers[path], self._next = self._next, self._next + 1
        return self._numbers[path]


def _properties(entry: Entry | None) -> Properties:
    if entry is None:
        return {"children-display": "submenu"}
    if not entry.label:
        return {"type": "separator"}
    found: Properties = {
        "label": entry.label.replace("_", "__"),  # a single one marks the access key
        "enabled": entry.enabled,
    }
    if entry.checked is not None:
        found["toggle-type"] = "radio" if entry.radio else "checkmark"
        found["toggle-state"] = int(entry.checked)
    if entry.children:
        found["children-display"] = "submenu"
    return found


def _variants(properties: Properties, names: list[str] | None = None) -> dict[str, Variant]:
    return {
        key: Variant(_TYPES[type(value)], value)
        for key, value in properties.items()
        if not names or key in names
    }


class MenuInterface(ServiceInterface):
    """The D-Bus interface of the menu; every call is answered on the loop."""

    def __init__(self, entries: tuple[Entry, ...], commands: TrayCommands) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._entries, self._commands = entries, commands
        self.fresh = asyncio.Event()  # set when the menu is up to date after it was opened
        self.tree = Tree()
        self.tree.update(entries)

    def update(self, entries: tuple[Entry, ...]) -> None:
        """Show a new menu, also while it is open."""
        self._entries = entries
        change = self.tree.update(entries)
        if change.layout:
            self.layout_updated(self.tree.revision, ROOT)
        elif change.updated or change.removed:
            updated = [[number, _variants(found)] for number, found in change.updated.items()]
            self.properties_updated(updated, [list(pair) for pair in change.removed.items()])

    def click_default(self) -> None:
        """Do what a left click on the icon does."""
        click_default(self._entries)

    def _open(self) -> None:
        self._commands.note_click()  # by a click on the icon, most likely
        self._commands.refresh()

    def _node(self, number: int) -> Node:
        node = self.tree.nodes.get(number)
        if node is None:
            raise DBusError(ErrorType.INVALID_ARGS, f"The menu has no entry {number}.")
        return node

    def _layout(self, node: Node, depth: int, names: list[str]) -> Layout:
        """Return the node and `depth` levels below it; all levels if `depth` is negative."""
        children = [] if depth == 0 else [self.tree.nodes[number] for number in node.children]
        below = [Variant("(ia{sv}av)", self._layout(child, depth - 1, names)) for child in children]
        return [node.number, _variants(node.properties, names), below]

    def _click(self, number: int, event: str) -> None:
        entry = self._node(number).entry
        if event == "opened":
            self._open()
        if event != "clicked" or entry is None:
            return
        log.debug("the menu's %r was clicked", entry.name)
        click(entry)
        if entry.checked is not None:  # some hosts tick by themselves: send the real state
            self.properties_updated([[number, _variants(self._node(number).properties)]], [])

    @dbus_method(name="GetLayout")
    def get_layout(
        self,
        parent: DBusInt32,
        depth: DBusInt32,
        names: Annotated[list[str], DBusSignature("as")],
    ) -> Annotated[tuple[int, Layout], DBusSignature("u(ia{sv}av)")]:
        """Return the revision, and an entry with the levels below it."""
        return self.tree.revision, self._layout(self._node(parent), depth, names)

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(
        self,
        numbers: Annotated[list[int], DBusSignature("ai")],
        names: Annotated[list[str], DBusSignature("as")],
    ) -> Annotated[list[Any], DBusSignature("a(ia{sv})")]:
        """Return properties of the entries that exist; of all entries if none is named."""
        known = [self.tree.nodes[number] for number in numbers if number in self.tree.nodes]
        nodes = known if numbers else list(self.tree.nodes.values())
        return [[node.number, _variants(node.properties, names)] for node in nodes]

    @dbus_method(name="GetProperty")
    def get_property(
        self, number: DBusInt32, name: DBusStr
    ) -> Annotated[Variant, DBusSignature("v")]:
        """Return one property of an entry."""
        found = _variants(self._node(number).properties)
        if name not in found:
            raise DBusError(ErrorType.INVALID_ARGS, f"Entry {number} has no property {name}.")
        return found[name]

    @dbus_method(name="Event")
    def event(
        self,
        number: DBusInt32,
        event: DBusStr,
        data: Annotated[Variant, DBusSignature("v")],  # noqa: ARG002
        timestamp: DBusUInt32,  # noqa: ARG002
    ) -> None:
        """Handle an entry that was clicked or opened; ignore closed and hovered."""
        self._click(number, event)

    @dbus_method(name="EventGroup")
    def event_group(
        self, events: Annotated[list[tuple[int, str, Any, int]], DBusSignature("a(isvu)")]
    ) -> Annotated[list[int], DBusSignature("ai")]:
        """Handle several events; return the numbers that do not exist."""
        unknown = [number for number, *_ in events if number not in self.tree.nodes]
        if events and len(unknown) == len(events):
            raise DBusError(ErrorType.INVALID_ARGS, f"The menu has no entries {unknown}.")
        for number, event, *_ in events:
            if number not in unknown:
                self._click(number, event)
        return unknown

    async def _freshen(self) -> bool:
        """Have the menu updated, waiting for `MOMENT` at most; return whether it has changed."""
        revision = self.tree.revision
        self.fresh.clear()
        self._open()
        with suppress(TimeoutError):
            async with asyncio.timeout(MOMENT):
                await self.fresh.wait()
        return self.tree.revision != revision

    @dbus_method(name="AboutToShow")
    async def about_to_show(self, number: DBusInt32) -> DBusBool:
        """Return whether the host must read the menu again; later changes are sent as signals."""
        self._node(number)
        return await self._freshen()

    @dbus_method(name="AboutToShowGroup")
    async def about_to_show_group(
        self, numbers: Annotated[list[int], DBusSignature("ai")]
    ) -> Annotated[tuple[list[int], list[int]], DBusSignature("aiai")]:
        """Return which entries the host must read again, and which do not exist."""
        unknown = [number for number in numbers if number not in self.tree.nodes]
        changed = await self._freshen()
        return [number for number in numbers if changed and number not in unknown], unknown

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(
        self, revision: int, parent: int
    ) -> Annotated[tuple[int, int], DBusSignature("ui")]:
        """Report that entries were added, removed or moved."""
        return revision, parent

    @dbus_signal(name="ItemsPropertiesUpdated")
    def properties_updated(
        self, updated: list[Any], removed: list[Any]
    ) -> Annotated[tuple[list[Any], list[Any]], DBusSignature("a(ia{sv})a(ias)")]:
        """Report changed properties, such as labels and ticks."""
        return updated, removed

    @dbus_property(access=_READ, name="Version")
    def version(self) -> DBusUInt32:
        """The version of the protocol."""
        return 3

    @dbus_property(access=_READ, name="Status")
    def status(self) -> DBusStr:
        """Whether the menu wants attention: never."""
        return "normal"

    @dbus_property(access=_READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        """The direction of the text: left to right."""
        return "ltr"

    @dbus_property(access=_READ, name="IconThemePath")
    def icon_theme_path(self) -> Annotated[list[str], DBusSignature("as")]:
        """The folders with icons: none."""
        return []
