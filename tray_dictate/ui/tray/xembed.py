"""The icon in an XEmbed tray (trayer, tint2, i3bar ...), built on the window and loop of pystray.

pystray's X11 icon lacks what a daemon needs, and has no hooks for it, so this file reaches into it:
its window does not ask for clicks; it looks for a host once, and again only when that host ends; a
host that dies may leave the icon as a stray window on the desktop; transparent pixels turn black;
it grabs the whole X server while it looks for a host; and its callers wait for its thread, without
end if the thread has ended. Here callers store what they want and wake the thread, which alone
talks to the X server. XEmbed hosts draw no menu: xembed_menu.py does.
"""

# ruff: noqa: SLF001 - see above
# pyright: reportPrivateUsage=false

from __future__ import annotations

import importlib
import logging
import os
import select
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

from PIL import Image

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import TrayCommands
from tray_dictate.system.desktop.x11 import wait
from tray_dictate.system.wakeup import WakeUp
from tray_dictate.ui.labels import NAME, TITLE
from tray_dictate.ui.tray.icon import SIZES, Picture, draw
from tray_dictate.ui.tray.menu import View, click_default, menu
from tray_dictate.ui.tray.xembed_menu import Popup

log = logging.getLogger(__name__)

_PAUSES = (1.0, 60.0)  # seconds before a new window: at first, and at most
_REQUEST_DOCK = 0
_LEFT, _RIGHT = 1, 3  # buttons of the mouse
_PANEL = (46, 52, 54)  # behind the icon if the panel's own colour cannot be read


class XEmbedIcon:
    """An icon that docks whenever it is wanted and a host is running.

    `want`, `paint` and `stop` may be called from any thread.
    """

    def __init__(self, commands: TrayCommands) -> None:
        self._commands = commands
        self._wanted = self._stopped = False
        self._view = View()
        self._listed: object = None  # the status and choices in the menu
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._run, name="xembed", daemon=True)
        self._thread.start()

    def want(self, wanted: bool) -> None:
        """Show the icon whenever a host is running, or remove it."""
        self._wanted = wanted
        self._wake_up.set()

    def paint(self, view: View) -> None:
        """Show another view."""
        self._view = view
        self._wake_up.set()

    def stop(self) -> None:
        """Remove the icon for good."""
        self._stopped = True
        self._wake_up.set()

    def _run(self) -> None:
        """Run a window, and a new one when a dying host has destroyed it."""
        pause, longest = _PAUSES
        with closing(self._wake_up):
            try:
                while not self._stopped:
                    _Window(self, self._wake_up).run()
                    if not self._stopped:
                        select.select([self._wake_up], [], [], pause)
                        pause = min(pause * 2, longest)
            except Exception as reason:  # an icon never fails anything; the X server may have gone
                log.warning("No icon in an XEmbed tray: %s: %s", type(reason).__name__, reason)
                log.debug("where", exc_info=True)

    def click(self, popup: Popup, event: Any) -> None:
        """Start or stop by a left click, open the menu by a right one; on the icon's thread."""
        if event.detail == _LEFT:
            click_default(menu(self._view, self._commands))
        elif event.detail == _RIGHT:
            self._commands.note_click()
            self._commands.refresh()
            popup.open(menu(self._view, self._commands), event.root_x, event.root_y)

    def obey(self, window: _Window) -> bool:
        """Bring the window into the state that is wanted now; False when it is to end.

        On the icon's thread.
        """
        if self._wanted and not self._stopped:
            window.dock()
            window.draw(self._view)
            if self._listed != (self._view.status, self._view.choices):
                self._listed = (self._view.status, self._view.choices)
                window.popup.update(menu(self._view, self._commands))
        else:
            window.undock()
        return not self._stopped


class _Window:
    """The window of pystray's icon with its faults mended; one thread creates and runs it."""

    def __init__(self, owner: XEmbedIcon, wake_up: WakeUp) -> None:
        self._owner, self._wake_up = owner, wake_up
        self._x, xorg = _import_pystray()
        self._icon = xorg.Icon(NAME, draw(Picture(Status.IDLE), SIZES[-1]), TITLE)
        self.popup = Popup(self._x, self._icon._display)
        self._display, self._window = self._icon._display, self._icon._window
        self._root = self._display.screen().root
        self._gc = self._window.create_gc()
        self._manager_atom = self._display.intern_atom("MANAGER")
        self._host: Any = None  # the window of the host that was asked to embed us
        self._inside = False  # whether the host has embedded us
        self._ground: Image.Image | None = None  # the panel behind the icon
        self._drawn: object = None  # the picture and tooltip on the screen
        self._display.set_error_handler(_log_x_error)
        self._listen()

    def run(self) -> None:
        """Handle events until `obey` ends it, or until the window or the X server is gone."""
        try:
            self._icon.run(setup=_nothing)
        finally:
            with suppress(self._x.error.ConnectionClosedError):
                self._display.close()
            # pystray cleans up when it is collected, which may be late, and fails if it is closed
            self._icon._running, self._icon._display = False, _Closed()

    def dock(self) -> None:
        """Ask the host, if one is running, to embed the window."""
        tray = self._icon._net_system_tray_sx
        host = None if self._host else self._display.get_selection_owner(tray)
        if not host:
            return
        host.change_attributes(event_mask=self._x.X.StructureNotifyMask)  # reports its end
        if self._display.get_selection_owner(tray) == host:  # else it has ended before
            opcode, window = self._icon._net_system_tray_opcode, self._window
            self._icon._send_message(host, opcode, _REQUEST_DOCK, window.id)
            self._host = host

    def undock(self) -> None:
        """Leave the host, also one that has embedded us after we no longer wanted it."""
        self.popup.close()
        if self._host or self._inside:
            self._window.unmap()
            self._window.reparent(self._root, 0, 0)
            self._inside = False
            self._forget_host()

    def draw(self, view: View) -> None:
        """Paint the picture over the panel's own background."""
        drawn = (view.picture, view.tooltip)
        if not self._inside or self._drawn == drawn:
            return
        geometry = self._window.get_geometry()
        if self._window.get_attributes().map_state != self._x.X.IsViewable:
            return  # an Expose event follows
        name, utf8 = (self._display.intern_atom(atom) for atom in ("_NET_WM_NAME", "UTF8_STRING"))
        self._window.change_property(name, utf8, 8, view.tooltip.encode())
        size = (geometry.width, geometry.height)
        if self._ground is None or self._ground.size != size:
            self._ground = self._look_behind(geometry)
        side = min(size)
        icon = draw(view.picture, side)
        picture = self._ground.copy()
        picture.paste(icon, ((size[0] - side) // 2, (size[1] - side) // 2), icon)
        self._window.put_pil_image(self._gc, 0, 0, picture)
        self._drawn = drawn

    def _look_behind(self, geometry: Any) -> Image.Image:
        """Return the window's picture before we paint: the background of the panel."""
        size = (geometry.width, geometry.height)
        parent = self._window.query_tree().parent
        if geometry.depth == 24 and parent.get_geometry().depth == geometry.depth:
            set_ground = self._window.change_attributes
            set_ground(background_pixmap=self._x.X.ParentRelative)
            self._window.clear_area(0, 0, *size)
            set_ground(background_pixmap=self._x.X.NONE)  # else no host of another depth embeds us
            try:
                raw = self._window.get_image(0, 0, *size, self._x.X.ZPixmap, 0xFFFFFFFF)
                return Image.frombytes("RGB", size, raw.data, "raw", "BGRX")
            except (self._x.error.XError, ValueError) as error:  # not visible (yet)
                log.debug("the panel behind the icon cannot be read: %s", error)
        return Image.new("RGB", size, _PANEL)

    def _listen(self) -> None:
        x, handlers = self._x.X, self._icon._message_handlers
        mask = x.ExposureMask | x.StructureNotifyMask
        self._window.change_attributes(event_mask=mask | x.ButtonPressMask)  # pystray forgets it
        self._root.change_attributes(event_mask=x.StructureNotifyMask)
        self._icon._events = self._events
        handlers[x.ClientMessage] = self._on_message
        handlers[x.ButtonPress] = self._on_pressed
        handlers[x.DestroyNotify] = self._on_destroyed
        handlers[x.ReparentNotify] = self._on_reparented
        handlers[x.ConfigureNotify] = handlers[x.Expose] = self._on_changed

    def _events(self) -> Iterator[Any]:
        """Yield X events; after each batch, and when woken, let the owner decide."""
        display = self._display
        try:
            while True:
                while display.pending_events():
                    event = display.next_event()
                    if not self.popup.takes(event):
                        yield event
                if not self._owner.obey(self):
                    return
                wait(display, self._wake_up)
        except self._x.error.ConnectionClosedError:
            log.info("The X server has gone, and the icon with it")

    def _on_pressed(self, event: Any) -> None:
        if event.window.id == self._window.id:
            self._owner.click(self.popup, event)

    def _on_message(self, event: Any) -> None:
        """Handle the message by which a new host introduces itself."""
        introduced = event.client_type == self._manager_atom
        if introduced and event.data[1][1] == self._icon._net_system_tray_sx:
            self._forget_host()

    def _on_destroyed(self, event: Any) -> None:
        if self._host and event.window.id == self._host.id:
            self._window.unmap()  # the X server moved it to the desktop, and may show it
            self._forget_host()

    def _on_reparented(self, event: Any) -> None:
        if event.window.id == self._window.id:
            self._inside = event.parent.id != self._root.id

    def _on_changed(self, event: Any) -> None:
        if event.window.id == self._window.id:
            self._drawn = None

    def _forget_host(self) -> None:
        self._host = self._ground = self._drawn = None


class _Closed:
    """Stands in for a closed connection, which may be closed again."""

    def close(self) -> None:
        """Close nothing."""


def _import_pystray() -> tuple[Any, Any]:
    """Return Xlib and pystray's X11 module; importing pystray selects a back end, so name one."""
    before = os.environ.get("PYSTRAY_BACKEND")
    os.environ["PYSTRAY_BACKEND"] = "xorg"
    try:
        xlib: Any = importlib.import_module("Xlib")
        importlib.import_module("Xlib.error")
        xorg: Any = importlib.import_module("pystray._xorg")
        xorg.Icon._display = _Closed()  # pystray closes it even if there was no display to open
        return xlib, xorg
    finally:
        os.environ.pop("PYSTRAY_BACKEND")
        if before is not None:
            os.environ["PYSTRAY_BACKEND"] = before


def _nothing(_icon: object) -> None:
    """Set nothing up: `obey` shows the icon."""


def _log_x_error(error: object, request: object) -> None:
    """Log errors of requests without an answer, such as those about a host that has died."""
    log.debug("X error %s in %s", error, request)
