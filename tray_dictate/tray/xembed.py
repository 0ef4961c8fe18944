"""The icon in an XEmbed tray (trayer, tint2, i3bar ...) by pystray, which knows how to dock there.

pystray's X11 icon lacks what a daemon needs, and has no hooks for it, so this file reaches into it:
its window does not ask for clicks; it looks for a host once and gives up; a host that dies leaves
the icon as a stray window on the desktop; transparency comes out black; and it has its callers
wait for its thread, forever if that has died. Here callers leave what they want and wake
the thread by a message to the icon's window. There is no menu: a left click starts and stops.
"""

# ruff: noqa: SLF001 - see above
# pyright: reportPrivateUsage=false

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from PIL import Image

from tray_dictate.core.dictation import Status
from tray_dictate.tray.icon import SIZES, draw
from tray_dictate.tray.words import NAME, TITLE

log = logging.getLogger(__name__)

SMALLEST = 8  # pixels; a window that no host has given its size yet is smaller
_PAUSES = (1.0, 60.0)  # seconds before another window: at first, and at last
_PANEL = (46, 52, 54)  # behind the icon where the panel's own colour cannot be had


class XEmbedIcon:
    """An icon that docks whenever it is wanted and there is a host; methods from any thread."""

    def __init__(self, on_click: Callable[[], None]) -> None:
        self._on_click = on_click
        self._wanted = self._stopped = False
        self._status, self._title = Status.IDLE, TITLE
        self._window: _Window | None = None
        self._thread = threading.Thread(target=self._run, name="xembed", daemon=True)

    def want(self, wanted: bool) -> None:
        """Show the icon wherever there is a host for it, or take it away."""
        self._wanted = wanted
        if wanted and not self._thread.ident:
            self._thread.start()
        self._wake()

    def paint(self, status: Status, title: str) -> None:
        """Change picture and title."""
        self._status, self._title = status, title
        self._wake()

    def stop(self) -> None:
        """Take the icon away for good."""
        self._stopped = True
        self._wake()

    def _wake(self) -> None:
        if window := self._window:
            window.wake()

    def _run(self) -> None:
        """Have a window, and another when a dying host has taken it along."""
        pause, longest = _PAUSES
        while not self._stopped:
            try:
                self._window = _Window(self._on_click, self._obey)
                self._window.run()
            except Exception:
                log.warning("No icon in an XEmbed tray", exc_info=True)
                return
            finally:
                self._window = None
            if not self._stopped:
                time.sleep(pause)
                pause = min(pause * 2, longest)

    def _obey(self, window: _Window) -> None:
        """Bring the window into the state that is wanted now; runs on the icon's thread."""
        if self._stopped:
            window.destroy()
        elif self._wanted:
            window.dock()
            window.draw(self._status, self._title)
        else:
            window.undock()


class _Window:
    """pystray's icon with its X11 side mended; all but `wake` for the thread that runs it."""

    def __init__(self, on_click: Callable[[], None], obey: Callable[[_Window], None]) -> None:
        self._on_click, self._obey = on_click, obey
        self._x, xorg, base = _import_pystray()
        entry = base.MenuItem(TITLE, self._on_click, default=True)
        self._icon = xorg.Icon(NAME, draw(Status.IDLE, SIZES[-1]), TITLE, base.Menu(entry))
        self._display, self._window = self._icon._display, self._icon._window
        self._gc = self._window.create_gc()
        self._wake_atom = self._display.intern_atom("_TRAY_DICTATE_WAKE")
        self._manager_atom = self._display.intern_atom("MANAGER")
        self._host: Any = None  # the window of the host where we are docked
        self._ground: Image.Image | None = None  # what the panel looks like behind us
        self._display.set_error_handler(_log_x_error)
        self._listen()

    def run(self) -> None:
        """Handle events until the window is destroyed."""
        self.wake()  # for what was wanted before there was a window
        self._icon.run(setup=_nothing)
        self._icon._running = False  # else it waits for its own end when it is collected

    def wake(self) -> None:
        """Have `obey` called soon; from any thread."""
        try:
            self._icon._send_message(self._window, self._wake_atom)
            self._display.flush()
        except Exception:
            log.debug("the icon's X connection has ended", exc_info=True)

    def dock(self) -> None:
        """Ask the host, if there is one, to take us in."""
        if not self._host:
            self._icon._dock_window()
            self._host = self._icon._systray_manager

    def undock(self) -> None:
        """Leave the host."""
        if self._host:
            self._icon._undock_window()
            self._host = self._ground = None

    def destroy(self) -> None:
        """End `run`."""
        self._window.destroy()
        self._display.flush()

    def draw(self, status: Status, title: str) -> None:
        """Paint the picture over the panel's own background."""
        name, utf8 = (self._display.intern_atom(atom) for atom in ("_NET_WM_NAME", "UTF8_STRING"))
        self._window.change_property(name, utf8, 8, title.encode())
        geometry = self._window.get_geometry()
        size = (geometry.width, geometry.height)
        if not self._host or min(size) < SMALLEST:
            return
        if self._ground is None or self._ground.size != size:
            self._ground = self._look_behind(geometry)
        side = min(size)
        icon = draw(status, side)
        picture = self._ground.copy()
        picture.paste(icon, ((size[0] - side) // 2, (size[1] - side) // 2), icon)
        self._window.put_pil_image(self._gc, 0, 0, picture)
        self._display.flush()

    def _look_behind(self, geometry: Any) -> Image.Image:
        """Return what the window shows before we paint: the panel shines through."""
        size = (geometry.width, geometry.height)
        parent = self._window.query_tree().parent
        if geometry.depth == 24 and parent.get_geometry().depth == geometry.depth:
            set_ground = self._window.change_attributes
            set_ground(background_pixmap=self._x.X.ParentRelative)
            self._window.clear_area(0, 0, *size)
            set_ground(background_pixmap=self._x.X.NONE)  # else no host of another depth takes us
            try:
                raw = self._window.get_image(0, 0, *size, self._x.X.ZPixmap, 0xFFFFFFFF)
                return Image.frombytes("RGB", size, raw.data, "raw", "BGRX")
            except (self._x.error.XError, ValueError) as error:  # not visible (yet)
                log.debug("no look behind the icon: %s", error)
        return Image.new("RGB", size, _PANEL)

    def _listen(self) -> None:
        x, handlers = self._x.X, self._icon._message_handlers
        mask = x.ExposureMask | x.StructureNotifyMask
        self._window.change_attributes(event_mask=mask | x.ButtonPressMask)  # pystray forgets it
        self._display.screen().root.change_attributes(event_mask=x.StructureNotifyMask)
        handlers[x.ClientMessage] = self._on_message
        handlers[x.DestroyNotify] = self._on_destroyed
        handlers[x.ConfigureNotify] = handlers[x.Expose] = self._on_changed

    def _on_message(self, event: Any) -> None:
        if event.client_type == self._manager_atom:  # a new host introduces itself to all
            if event.data[1][1] != self._icon._net_system_tray_sx:
                return
            self._host = self._ground = None
        self._obey(self)

    def _on_destroyed(self, event: Any) -> None:
        if self._host and event.window.id == self._host.id:
            self._window.unmap()  # the X server has put it on the desktop
            self._icon._systray_manager = self._host = self._ground = None
            self._obey(self)

    def _on_changed(self, event: Any) -> None:
        if event.window.id == self._window.id and self._host:
            self._obey(self)


def _import_pystray() -> tuple[Any, Any, Any]:
    """Return Xlib and two modules of pystray; its import chooses a back end, so name one."""
    before = os.environ.get("PYSTRAY_BACKEND")
    os.environ["PYSTRAY_BACKEND"] = "xorg"
    try:
        xlib: Any = importlib.import_module("Xlib")
        importlib.import_module("Xlib.error")
        return (
            xlib, importlib.import_module("pystray._xorg"), importlib.import_module("pystray._base")
        )  # fmt: skip
    finally:
        os.environ.pop("PYSTRAY_BACKEND")
        if before is not None:
            os.environ["PYSTRAY_BACKEND"] = before


def _nothing(_icon: object) -> None:
    """Set nothing up: `obey` does."""


def _log_x_error(error: object, request: object) -> None:
    """Take errors of requests without an answer: windows of a host that has just died."""
    log.debug("X error %s in %s", error, request)
