"""The windows of a Wayland session: reports which has the focus, and gives the focus to a window.

Uses zwlr_foreign_toplevel_management_v1. Layer surfaces (launchers, locked screens) are not among
its windows: while such a surface has the keyboard, no window has the focus.
"""

from __future__ import annotations

import itertools
import logging
import select
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.core.ports import Target
from tray_dictate.core.text.normalize import label
from tray_dictate.system.desktop.wayland import PATIENCE, Arguments, Connection, WaylandError
from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)

MANAGER = "zwlr_foreign_toplevel_manager_v1"
NOT_OFFERED = "This compositor does not report which window has the focus."

_TOPLEVEL, _FINISHED = 0, 1  # events of the manager
_STOP = 0  # request to it
_ACTIVATE, _DESTROY = 4, 7  # requests to a window
_ACTIVATED = 2  # of its states
_ARRIVAL = 2.0  # seconds for a compositor to give the focus
_LOOK = 0.01  # seconds between two looks
CLOSED = "The window you dictated into has been closed."
_numbers = itertools.count(1)  # never reused: a remembered name must not lead to another window


class Windows(Protocol):
    """The windows of a session; asked from any thread."""

    def focus(self) -> Target | None:
        """Return the window that has the focus now. Raises DeliveryError."""
        ...

    def activate(self, target: Target) -> None:
        """Give the focus to a window and see it there. Raises DeliveryError."""
        ...

    def is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Stop hearing of windows; idempotent."""
        ...


def await_focus(windows: Windows, target: Target) -> None:
    """Return once a window has the focus that it was given. Raises DeliveryError."""
    end = time.monotonic() + _ARRIVAL
    while time.monotonic() < end:
        now = windows.focus()
        if now and now.window == target.window:
            return
        time.sleep(_LOOK)
    raise DeliveryError("The window you dictated into does not accept the focus.")


@dataclass(slots=True)
class _Window:
    handle: int
    application: str = ""
    focused: bool = False


class WindowList:
    """The windows as one connection hears of them, in order with that connection's own requests."""

    def __init__(self, connection: Connection) -> None:
        """Raises UnavailableError and WaylandError."""
        self._connection = connection
        if MANAGER not in connection.globals:
            raise UnavailableError(NOT_OFFERED)
        self.windows: dict[str, _Window] = {}
        self.moves = 0  # times that a window has got or lost the focus
        self._finished = False
        self._manager = connection.bind(MANAGER, 1, self._on_manager)
        for _ in range(2):  # first the windows, then their details
            connection.roundtrip()

    def focused(self) -> str:
        """Return the name of the window with the focus, by the last event; empty if none has it."""
        return next((name for name, window in self.windows.items() if window.focused), "")

    def close(self) -> None:
        """Stop the reports, on a connection that goes on."""
        self._connection.request(self._manager, _STOP)
        self._connection.wait(lambda: self._finished, PATIENCE)
        for window in self.windows.values():
            self._forget(window)

    def _forget(self, window: _Window) -> None:
        self._connection.request(window.handle, _DESTROY)
        self._connection.forget(window.handle)

    def _on_manager(self, opcode: int, event: Arguments) -> None:
        if opcode == _FINISHED:
            self._finished = True
        if opcode != _TOPLEVEL:
            return
        handle = event.uint()
        name = f"toplevel-{next(_numbers)}"
        self.windows[name] = window = _Window(handle)
        self._connection.adopt(
            handle, lambda opcode, arguments: self._on_window(name, window, opcode, arguments)
        )

    def _on_window(self, name: str, window: _Window, opcode: int, event: Arguments) -> None:
        match opcode:
            case 1:  # app_id
                window.application = label(event.text())
            case 4:  # state; its `done` comes later, when the keys go elsewhere already
                focused = _ACTIVATED in _numbers_of(event.array())
                self.moves += focused != window.focused
                window.focused = focused
            case 6:  # closed
                self.moves += window.focused
                del self.windows[name]
                self._forget(window)
            case _:  # its title, its outputs
                pass


class Toplevels:
    """Hears of every window, on a thread of its own; asked from any thread."""

    def __init__(self) -> None:
        """Raises UnavailableError."""
        self._lock = threading.Lock()
        self._connection = Connection()
        try:
            self._seat = self._connection.bind("wl_seat")
            self._list = WindowList(self._connection)
        except UnavailableError:
            self._connection.close()
            raise
        except WaylandError as reason:
            self._connection.close()
            raise UnavailableError(f"The list of windows cannot be read: {reason}.") from reason
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._listen, name="output-windows", daemon=True)
        self._thread.start()

    def focus(self) -> Target | None:
        """Return the window that has the focus now. Raises DeliveryError."""
        with self._lock:
            self._refresh()
            name = self._list.focused()
            return Target(name, self._list.windows[name].application) if name else None

    def activate(self, target: Target) -> None:
        """Give the focus to a window and see it there. Raises DeliveryError."""
        with self._lock:
            self._refresh()
            window = self._list.windows.get(target.window)
            if window is None:
                raise DeliveryError(CLOSED)
            self._connection.request(window.handle, _ACTIVATE, self._seat)
        await_focus(self, target)

    def is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed. Raises DeliveryError."""
        with self._lock:
            self._refresh()
            return target.window not in self._list.windows

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._wake_up.set()
        self._thread.join()
        with self._lock:
            self._connection.close()
        self._wake_up.close()

    def _refresh(self) -> None:
        """Handle all events that the compositor has sent until now."""
        try:
            self._connection.roundtrip()
        except (WaylandError, OSError, ValueError) as reason:
            raise DeliveryError(f"The list of windows cannot be read: {reason}.") from reason

    def _listen(self) -> None:
        """Read events between questions: a client that never reads is disconnected in the end."""
        with suppress(OSError, ValueError):
            files = [self._connection, self._wake_up]
            while self._wake_up not in select.select(files, [], [])[0]:
                with self._lock:
                    try:
                        self._connection.dispatch()
                    except WaylandError as reason:
                        log.warning("the list of windows can no longer be read: %s", reason)
                        return


def _numbers_of(array: bytes) -> list[int]:
    return [number for (number,) in struct.iter_unpack("=I", array)]
