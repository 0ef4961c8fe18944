"""Reads and clears the X11 clipboard, and starts the process that keeps its contents."""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from Xlib import X, Xatom

from tray_dictate.output.x11.selection_transfer import Contents, SelectionSnapshot
from tray_dictate.system.desktop import x11
from tray_dictate.system.desktop.x11 import connect, disconnect
from tray_dictate.system.key_variables import without_keys
from tray_dictate.system.programs import own_python

NAMES = ("CLIPBOARD", "PRIMARY")
SAMPLE = "SAMPLE"  # asks `keep` to put a sample text on the clipboard
_START = 15.0  # seconds for the process to start and to read the contents
_PATIENCE = 2.0  # seconds for the X server to tell the time


class Reader:
    """A connection to the X server with an invisible window, for one thread."""

    def __init__(self) -> None:
        """Raises UnavailableError where there is no X server."""
        self.display = connect()
        self.window = self.display.screen().root.create_window(
            -1, -1, 1, 1, 0, X.CopyFromParent, X.InputOnly, event_mask=X.PropertyChangeMask
        )

    def close(self) -> None:
        """End the connection."""
        disconnect(self.display)

    def owner(self, name: str) -> int:
        """Return the window that owns a selection; 0 for none."""
        owner: Any = self.display.get_selection_owner(self.display.intern_atom(name))
        return owner.id if owner else 0

    def contents(self, name: str) -> Contents:
        """Return what a selection holds. Raises UnsavedError."""
        if not self.owner(name):
            return {}
        saving = SelectionSnapshot(self.display, self.window, wait=self._wait, stamp=self.stamp())
        return saving.read(self.display.intern_atom(name))

    def stamp(self) -> int:
        """Return the server's time. Raises TimeoutError."""
        atom = self.display.intern_atom("_TRAY_DICTATE_TIME")
        self.window.change_property(atom, Xatom.STRING, 8, b"", X.PropModeAppend)
        return self._wait(
            lambda event: event.type == X.PropertyNotify and event.atom == atom, _PATIENCE
        ).time

    def _wait(self, wanted: Callable[[Any], bool], seconds: float) -> Any:
        end = time.monotonic() + seconds
        while True:
            while self.display.pending_events():
                event = self.display.next_event()
                if wanted(event):
                    return event
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            x11.wait(self.display, seconds=left)


@dataclass(frozen=True, slots=True)
class ClipboardState:
    """The contents of the clipboard, and the owner of each selection."""

    contents: Contents
    owners: dict[str, int]
    sample: bool = False  # the clipboard was empty: the contents are our sample


def read() -> ClipboardState:
    """Return the current state; blocks. Raises UnavailableError, UnsavedError, TimeoutError."""
    reader = Reader()
    try:
        owners = {name: reader.owner(name) for name in NAMES}
        return ClipboardState(reader.contents("CLIPBOARD"), owners)
    finally:
        reader.close()


def clear() -> None:
    """Leave the clipboard without contents; blocks."""
    reader = Reader()
    try:
        clipboard = reader.display.intern_atom("CLIPBOARD")
        reader.window.set_selection_owner(clipboard, reader.stamp())
        reader.display.sync()
    finally:
        reader.close()  # a selection ends with its owner


def owners() -> dict[str, int]:
    """Return the window that owns each selection, 0 for none; blocks."""
    reader = Reader()
    try:
        return {name: reader.owner(name) for name in NAMES}
    finally:
        reader.close()


def keep(*names: str) -> bool:
    """Start a process that keeps these selections; return whether it does. Blocks."""
    quiet = subprocess.DEVNULL
    program = own_python.module("tray_dictate.doctor.delivery.clipboard_keeper", *names)
    try:
        done = subprocess.run(
            program, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True,
            check=False, timeout=_START, env=without_keys(),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
