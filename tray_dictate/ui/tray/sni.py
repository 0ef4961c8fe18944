"""StatusNotifierItem: the icon of KDE, GNOME's extension, XFCE, waybar and most others, over D-Bus.

We register with the watcher whenever there is one, and say whether a host draws us: a watcher may
be there without (KDE's, while another panel runs).
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
from tray_dictate.system.dbus import TROUBLE, Service
from tray_dictate.ui.labels import NAME, TITLE
from tray_dictate.ui.tray import dbusmenu
from tray_dictate.ui.tray.icon import SIZES, argb
from tray_dictate.ui.tray.menu import View, menu

log = logging.getLogger(__name__)

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_PATH = "/StatusNotifierWatcher"
PATH = "/StatusNotifierItem"
SETTLING = 1.0  # seconds; a bar that has just started takes a registration and does not draw it
YOUNG = 10.0  # seconds; one that has run for longer has settled
_READ = PropertyAccess.READ
_LITERAL = str.maketrans("<>&", "()+")  # some hosts read markup here, and others show it

Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]


class ItemInterface(ServiceInterface):
    """What a host reads, and the clicks that it sends."""

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
        """What kind of program it stands for."""
        return "ApplicationStatus"

    @dbus_property(access=_READ, name="Id")
    def id(self) -> DBusStr:
        """By which hosts remember where it was and whether it is hidden."""
        return NAME

    @dbus_property(access=_READ, name="Title")
    def title(self) -> DBusStr:
        """The program's name."""
        return TITLE

    @dbus_property(access=_READ, name="Status")
    def status(self) -> DBusStr:
        """How much it wants to be seen."""
        return self._urgency

    @dbus_property(access=_READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        """The window that belongs to it: none."""
        return 0

    @dbus_property(access=_READ, name="IconName")
    def icon_name(self) -> DBusStr:
        """The theme's icon: none, ours is drawn."""
        return ""

    @dbus_property(access=_READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        """The icon in every size."""
        return self._pixmaps()

    @dbus_property(access=_READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """The theme's icon while it wants attention: none."""
        return ""

    @dbus_property(access=_READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        """The icon while it wants attention: the same."""
        return self._pixmaps()

    @dbus_property(access=_READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """What is drawn over the icon: nothing."""
        return ""

    @dbus_property(access=_READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        """What is drawn over the icon: nothing."""
        return []

    @dbus_property(access=_READ, name="ToolTip")
    def tool_tip(self) -> Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]:
        """Icon name, icon, words, more words."""
        return ["", [], self._view.tooltip.translate(_LITERAL), ""]

    @dbus_property(access=_READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """Whether a left click shows the menu, too: it starts and stops."""
        return False

    @dbus_property(access=_READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        """Where the menu is."""
        return dbusmenu.PATH

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002
        """Take a left click."""
        self._menu.click_default()

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:  # noqa: ARG002
        """Take a middle click."""
        self._menu.click_default()

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """Take a right click of a host that cannot draw menus: we cannot, either."""

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Take the mouse wheel: nothing."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """Tell that the icon is another."""

    @dbus_signal(name="NewAttentionIcon")
    def new_attention_icon(self) -> None:
        """Tell that the icon is another."""

    @dbus_signal(name="NewToolTip")
    def new_tooltip(self) -> None:
        """Tell that the tooltip is another."""

    @dbus_signal(name="NewStatus")
    def new_status(self, status: str) -> DBusStr:
        """Tell how much it wants to be seen."""
        return status


class Item:
    """The icon with its menu on one connection, registered whenever there is a watcher."""

    def __init__(self, bus: MessageBus, view: View, commands: TrayCommands) -> None:
        self._bus, self._view, self._commands = bus, view, commands
        self.hosted_changed = Signal[bool]()  # whether a host draws the icon
        self._name = f"org.kde.StatusNotifierItem-{os.getpid()}-1"
        self._menu = dbusmenu.MenuInterface(menu(view, commands), commands)
        self._item = ItemInterface(view, self._menu)
        self._watcher = Service(bus, WATCHER, WATCHER_PATH)
        self._registering: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Offer the icon now and whenever a watcher comes. Raises one of TROUBLE."""
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
        """Tell the host that opens the menu that it is up to date now."""
        self._menu.fresh.set()

    def close(self) -> None:
        """Wait for no watcher any more."""
        if self._registering:
            self._registering.cancel()

    def _owned(self, watcher: str) -> None:
        log.debug("the tray's watcher %s", "has come" if watcher else "has gone")
        self.hosted_changed.emit(bool(watcher))  # at once: the other icon must be gone before
        self._register(after=SETTLING) if watcher else self.close()

    def _heard(self, message: Message) -> None:
        if message.member == "StatusNotifierHostRegistered":
            if self._registering is None or self._registering.done():
                self._register(after=0)  # else it is about to, once the bar has settled
        elif message.member == "StatusNotifierHostUnregistered":
            self._register(after=0)

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
        """Return whether the watcher has just started, as at login."""
        try:
            return _age(await self._watcher.process()) < YOUNG
        except TROUBLE:  # there is none
            return False

    async def _drawn(self) -> bool:
        """Return whether the watcher knows of a host; one that does not say has one."""
        name = "IsStatusNotifierHostRegistered"
        try:
            return await self._watcher.property(WATCHER, name) is not False
        except TROUBLE as error:
            log.debug("%s: %s", name, error)
            return True


def _age(pid: int) -> float:
    """Return for how many seconds a process has run; infinity where that is not to be seen."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.inf
    began = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began
