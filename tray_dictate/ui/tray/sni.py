"""StatusNotifierItem: the icon of KDE, GNOME's extension, XFCE, waybar and most others, over D-Bus.

We register with the watcher whenever one is running, and report whether a host draws the icon: a
watcher may run without any host (KDE's, while another panel runs).
"""

# no postponed annotations here: dbus-fast would take "None" for a signature
import asyncio
import logging
import math
import os
import time
from pathlib import Path
from typing import Annotated, Any

from dbus_fast import Message, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import TrayCommands
from tray_dictate.core.signals import Signal
from tray_dictate.system.desktop.dbus import TROUBLE, Backoff, Service
from tray_dictate.ui.labels import NAME, TITLE
from tray_dictate.ui.tray import dbusmenu
from tray_dictate.ui.tray.icon import SIZES, argb
from tray_dictate.ui.tray.menu import View, menu

log = logging.getLogger(__name__)

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_PATH = "/StatusNotifierWatcher"
PATH = "/StatusNotifierItem"
SETTLING = 1.0  # seconds; a bar that has just started accepts an icon without drawing it
YOUNG = 10.0  # seconds; a bar that has run for longer draws at once
_AGAIN = (0.5, 60.0)  # seconds until an icon that was dropped is registered again: first, at most
_READ = PropertyAccess.READ
_LITERAL = str.maketrans("<>&", "()+")  # in a tooltip some hosts read markup, and others show it

Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]


class ItemInterface(ServiceInterface):
    """The D-Bus interface of the icon: what a host reads, and the clicks that it sends."""

    def __init__(self, view: View, menu: dbusmenu.MenuInterface) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._view, self._menu = view, menu

    def show(self, view: View) -> None:
        """Change the icon and its tooltip."""
        before, self._view = self._view, view
        if before.picture != view.picture:
            self.new_icon()
        if before.status is not view.status:
            self.new_attention_icon()
            self.new_status(self._urgency)
        if before.tooltip != view.tooltip:
            self.new_tooltip()

    @property
    def _urgency(self) -> str:
        return "NeedsAttention" if self._view.status is Status.ERROR else "Active"

    def _pixmaps(self) -> list[Any]:
        picture = self._view.picture
        return [[size, size, argb(picture, size)] for size in SIZES]

    @dbus_property(access=_READ, name="Category")
    def category(self) -> DBusStr:
        """The category of the program."""
        return "ApplicationStatus"

    @dbus_property(access=_READ, name="Id")
    def id(self) -> DBusStr:
        """The name by which hosts remember the icon's place, and whether it is hidden."""
        return NAME

    @dbus_property(access=_READ, name="Title")
    def title(self) -> DBusStr:
        """The name of the program."""
        return TITLE

    @dbus_property(access=_READ, name="Status")
    def status(self) -> DBusStr:
        """The urgency: Active, or NeedsAttention after a problem."""
        return self._urgency

    @dbus_property(access=_READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        """The window of the program: none."""
        return 0

    @dbus_property(access=_READ, name="IconName")
    def icon_name(self) -> DBusStr:
        """The name of an icon of the theme: none, for ours is drawn."""
        return ""

    @dbus_property(access=_READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        """The icon in every size."""
        return self._pixmaps()

    @dbus_property(access=_READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """The name of an icon of the theme for NeedsAttention: none."""
        return ""

    @dbus_property(access=_READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        """The icon for NeedsAttention in every size: the same."""
        return self._pixmaps()

    @dbus_property(access=_READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """The name of a picture over the icon: none."""
        return ""

    @dbus_property(access=_READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        """A picture over the icon: none."""
        return []

    @dbus_property(access=_READ, name="ToolTip")
    def tool_tip(self) -> Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]:
        """The tooltip: name of an icon, icon, title, text."""
        return ["", [], self._view.tooltip.translate(_LITERAL), ""]

    @dbus_property(access=_READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """Whether a left click opens the menu: no, it starts or stops a dictation."""
        return False

    @dbus_property(access=_READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        """The object path of the menu."""
        return dbusmenu.PATH

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002
        """Handle a left click."""
        self._menu.click_default()

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002
        """Handle a middle click."""
        self._menu.click_default()

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """Ignore a right click from a host that cannot draw menus: we cannot, either."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Ignore the mouse wheel."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """Report a new icon."""

    @dbus_signal(name="NewAttentionIcon")
    def new_attention_icon(self) -> None:
        """Report a new icon for NeedsAttention."""

    @dbus_signal(name="NewToolTip")
    def new_tooltip(self) -> None:
        """Report a new tooltip."""

    @dbus_signal(name="NewStatus")
    def new_status(self, status: str) -> DBusStr:
        """Report a new urgency."""
        return status


class Item:
    """The icon and its menu on one connection, registered whenever a watcher is running."""

    def __init__(self, bus: MessageBus, view: View, commands: TrayCommands) -> None:
        self._bus, self._view, self._commands = bus, view, commands
        self.hosted_changed = Signal[bool]()  # whether a host draws the icon
        self._name = f"org.kde.StatusNotifierItem-{os.getpid()}-1"
        self._menu = dbusmenu.MenuInterface(menu(view, commands), commands)
        self._item = ItemInterface(view, self._menu)
        self._watcher = Service(bus, WATCHER, WATCHER_PATH)
        self._registering: asyncio.Task[None] | None = None
        self._dropped = Backoff(*_AGAIN)

    async def start(self) -> None:
        """Register now, and whenever a watcher starts. Raises one of TROUBLE."""
        self._bus.export(PATH, self._item)
        self._bus.export(dbusmenu.PATH, self._menu)
        await self._bus.request_name(self._name)
        await self._watcher.owner_changed(self._owned)
        await self._watcher.signals(self._heard, WATCHER)
        self._register(after=0)

    def show(self, view: View) -> None:
        """Change icon, tooltip and menu."""
        before, self._view = self._view, view
        self._item.show(view)
        if (before.status, before.choices) != (view.status, view.choices):
            self._menu.update(menu(view, self._commands))

    def offered(self) -> None:
        """Let the host that opens the menu have it: the lists are up to date."""
        self._menu.fresh.set()

    def close(self) -> None:
        """Stop registering."""
        if self._registering:
            self._registering.cancel()

    def _owned(self, watcher: str) -> None:
        log.debug("the tray's watcher %s", "has come" if watcher else "has gone")
        self._dropped.reset()
        self.hosted_changed.emit(bool(watcher))  # at once: the XEmbed icon must be gone first
        self._register(after=SETTLING) if watcher else self.close()

    def _heard(self, message: Message) -> None:
        if message.member == "StatusNotifierHostRegistered":
            if self._registering is None or self._registering.done():
                self._register(after=0)  # else a registration is due, once the bar has settled
        elif message.member == "StatusNotifierHostUnregistered":
            self._register(after=0)
        elif message.member == "StatusNotifierItemUnregistered" and self._is_ours(message.body):
            # GNOME's extension drops one icon in three, for a race at its first call to it
            log.info("The tray has dropped the icon; it is registered again")
            self._register(after=self._dropped.next())

    def _is_ours(self, body: list[Any]) -> bool:
        return bool(body) and str(body[0]).startswith(self._name)  # some add the path

    def _register(self, after: float) -> None:
        self.close()
        self._registering = asyncio.get_running_loop().create_task(self._offer(after))

    async def _offer(self, after: float) -> None:
        try:
            await asyncio.sleep(after or (SETTLING if await self._is_young() else 0))
            await self._watcher.call(WATCHER, "RegisterStatusNotifierItem", "s", self._name)
        except TROUBLE as error:
            log.info("No StatusNotifierItem host for the icon: %s", error)
            self.hosted_changed.emit(False)
            return
        hosted = await self._drawn()
        log.info("The icon is registered%s", "" if hosted else ", but no host draws it")
        self.hosted_changed.emit(hosted)

    async def _is_young(self) -> bool:
        """Return whether the watcher has started less than `YOUNG` ago, as at login."""
        try:
            return _age(await self._watcher.process()) < YOUNG
        except TROUBLE:  # no watcher is running
            return False

    async def _drawn(self) -> bool:
        """Return whether the watcher has a host; true if it does not say."""
        name = "IsStatusNotifierHostRegistered"
        try:
            return await self._watcher.property(WATCHER, name) is not False
        except TROUBLE as error:
            log.debug("%s: %s", name, error)
            return True


def _age(pid: int) -> float:
    """Return for how many seconds a process has run; infinity if that cannot be read."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.inf
    began = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began
