"""Small test windows, for X11 and for Wayland, that collect the text that arrives in them.

They talk directly to the X server (by python-xlib) and to the compositor, so that no toolkit can
change the text.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import logging
import os
import select
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from Xlib import XK, X, Xutil, error

from tray_dictate.core.keys.keycodes import XKB
from tray_dictate.core.ports import Target
from tray_dictate.system.desktop import x11
from tray_dictate.system.desktop.keymaps import library, read_keymap
from tray_dictate.system.desktop.wayland import Arguments, Connection, WaylandError
from tray_dictate.system.desktop.x11 import connect, disconnect
from tray_dictate.system.desktop.x11_requests import open_xkb
from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)

CLASS = "tray-dictate-doctor"
TITLE = "tray_dictate checks whether text arrives here"
WIDTH, HEIGHT = 520, 60  # pixels
_END = 5.0  # seconds to wait for the thread to end


class CheckWindow(ABC):
    """A window, shown until `close`; `text`, `clear` and `close` may be called from any thread."""

    gone: ClassVar[tuple[type[Exception], ...]]  # raised when the connection has ended

    def __init__(self) -> None:
        self._text = ""
        self._stopped = False

    def text(self) -> str:
        """Return the text that has arrived since the start, or since the last `clear`."""
        return self._text

    def clear(self) -> None:
        """Forget the text; only call it while no text is on its way."""
        self._text = ""

    def close(self) -> None:
        """Close the window; idempotent."""
        self._stopped = True
        self._wake_up.set()
        self._thread.join(_END)

    def _start(self) -> None:
        """Start the thread, which is the only one to use the connection from now on."""
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._run, name="window", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stopped:
                self._hear(self._wake_up)
        except self.gone as reason:
            log.info("the window went away: %s", type(reason).__name__)
        finally:
            self._disconnect()
            self._wake_up.close()

    @abstractmethod
    def _hear(self, wake_up: WakeUp) -> None:
        """Process the next events, or return when woken."""

    @abstractmethod
    def _disconnect(self) -> None:
        """End the connection, and the window with it."""


_BORDER = 1  # pixels
_GROUP = 13  # the first of the two bits in an event's state that hold the active group
_UNICODE = 0x01000000  # keysyms from here on are code points
_WHITESPACE = {XK.XK_Return: "\n", XK.XK_KP_Enter: "\n", XK.XK_Tab: "\t", XK.XK_space: " "}


class X11Window(CheckWindow):
    """An X11 window that collects keys and pastes."""

    gone = (error.ConnectionClosedError, OSError)

    def __init__(self) -> None:
        """Raises UnavailableError where there is no X server."""
        super().__init__()
        self._display = connect()
        open_xkb(self._display)  # from now on events hold the group, and no modifier means it
        atom = self._display.intern_atom
        self._clipboard, self._utf8 = atom("CLIPBOARD"), atom("UTF8_STRING")
        self._property = atom("_TRAY_DICTATE_PASTED")
        self._window = self._make()
        self.target = Target(f"{self._window.id:#x}", CLASS)
        self._start()

    def _make(self) -> Any:
        screen = self._display.screen()
        x = (screen.width_in_pixels - WIDTH) // 2
        y = (screen.height_in_pixels - HEIGHT) // 2
        window = screen.root.create_window(
            x, y, WIDTH, HEIGHT, _BORDER, screen.root_depth,
            background_pixel=screen.white_pixel, event_mask=X.KeyPressMask,
        )  # fmt: skip
        window.set_wm_name(TITLE)
        window.set_wm_class(CLASS, CLASS)
        window.set_wm_hints(flags=Xutil.InputHint, input=1)
        window.map()
        self._display.sync()
        return window

    # From here on, everything runs on the thread.

    def _hear(self, wake_up: WakeUp) -> None:
        while self._display.pending_events():
            self._take(self._display.next_event())
        x11.wait(self._display, wake_up)

    def _disconnect(self) -> None:
        disconnect(self._display)

    def _take(self, event: Any) -> None:
        if event.type == X.KeyPress:
            self._press(event)
        elif event.type == X.SelectionNotify and event.property != X.NONE:
            found = self._window.get_full_property(self._property, X.AnyPropertyType)
            self._window.delete_property(self._property)
            if found and isinstance(found.value, bytes):
                self._text += found.value.decode("utf-8", "replace")

    def _press(self, event: Any) -> None:
        # read now: a client that asks for the group is not notified when the map changes
        [row] = self._display.get_keyboard_mapping(event.detail, 1)
        if (row[0] == XK.XK_Insert and event.state & X.ShiftMask) or (
            event.state & X.ControlMask and row[0] == XK.XK_v
        ):
            self._window.convert_selection(self._clipboard, self._utf8, self._property, event.time)
        elif not event.state & (X.ControlMask | X.Mod1Mask | X.Mod4Mask):
            self._text += _character(row, event.state)


def _character(row: Sequence[int], state: int) -> str:
    """Return the character of a key in the layout's active group."""
    shifted = bool(state & X.ShiftMask)
    first, second = row[:2], row[2:4]
    pair = second if state >> _GROUP & 3 == 1 and any(second[:1]) else first
    keysym = pair[-1] if shifted else pair[0]  # without a second keysym, ...
    character = of_keysym(keysym or pair[0])  # ... or one without a character, the first counts
    return character.swapcase() if state & X.LockMask and len(character) == 1 else character


def of_keysym(keysym: int) -> str:
    """Return the character of a keysym, "" if it has none."""
    if keysym in _WHITESPACE:
        return _WHITESPACE[keysym]
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF:
        return chr(keysym)
    point = keysym - _UNICODE
    return chr(point) if 0x20 <= point <= 0x10FFFF else ""


_SIZE = WIDTH * HEIGHT * 4  # bytes
_XRGB = 1
_CREATE = 0  # a surface, a pool, a buffer
_GET_XDG_SURFACE, _PONG, _GET_TOPLEVEL, _ACK, _SET_TITLE, _SET_APP = 2, 3, 1, 4, 2, 3
_ATTACH, _DAMAGE, _COMMIT = 1, 2, 6  # requests to the surface
_GET_KEYBOARD, _HAS_KEYBOARD = 1, 2  # request to the seat, bit of its capabilities
_KEYMAP, _ENTER, _LEAVE, _KEY = 0, 1, 2, 3  # events of the keyboard
_GET_TEXT_INPUT, _ENABLE, _DISABLE, _SEND = 1, 1, 2, 7
_INPUT_ENTER, _INPUT_LEAVE, _COMMITTED, _DONE = 0, 1, 3, 5  # events of the text input


class WaylandWindow(CheckWindow):
    """A Wayland window that collects keys and commits; `focused` may be read from any thread."""

    gone = (WaylandError, OSError)

    def __init__(self) -> None:
        """Raises UnavailableError if no compositor answers, or if it cannot show windows."""
        super().__init__()
        library()  # fails here rather than on the thread
        self._connection = Connection()
        self.commits = "zwp_text_input_manager_v3" in self._connection.globals
        self.focused = threading.Event()
        self._coming = ""
        self._keys: dict[int, str] = {}
        try:
            self._make()
        except BaseException:
            self._connection.close()
            raise
        self._start()

    def _make(self) -> None:
        ask = self._connection
        compositor, shell = ask.bind("wl_compositor"), ask.bind("xdg_wm_base", 1, self._ping)
        self._surface = ask.create()
        ask.request(compositor, _CREATE, self._surface)
        self._shell, self._xdg = shell, ask.create(self._configure)
        ask.request(shell, _GET_XDG_SURFACE, self._xdg, self._surface)
        toplevel = ask.create()
        ask.request(self._xdg, _GET_TOPLEVEL, toplevel)
        ask.request(toplevel, _SET_TITLE, TITLE)
        ask.request(toplevel, _SET_APP, CLASS)
        self._buffer = self._drawn()
        self._seat, self._keyboard = ask.bind("wl_seat", 1, self._on_seat), 0
        if self.commits:
            inputs = ask.bind("zwp_text_input_manager_v3")
            self._input = ask.create(self._on_input)
            ask.request(inputs, _GET_TEXT_INPUT, self._input, self._seat)
        ask.request(self._surface, _COMMIT)
        ask.roundtrip()

    def _drawn(self) -> int:
        """Return a white buffer."""
        ask = self._connection
        shm = ask.bind("wl_shm")
        file = os.memfd_create("tray-dictate-doctor")
        try:
            os.write(file, b"\xff" * _SIZE)
            pool = ask.create()
            ask.request(shm, _CREATE, pool, _SIZE, files=[file])
        finally:
            os.close(file)
        buffer = ask.create()  # ids are used in the order in which they were made
        ask.request(pool, _CREATE, buffer, 0, WIDTH, HEIGHT, WIDTH * 4, _XRGB)
        return buffer

    # From here on, everything runs on the thread.

    def _hear(self, wake_up: WakeUp) -> None:
        if self._connection in select.select([self._connection, wake_up], [], [])[0]:
            self._connection.dispatch()

    def _disconnect(self) -> None:
        self.focused.clear()
        self._connection.close()

    def _ping(self, _opcode: int, event: Arguments) -> None:
        self._connection.request(self._shell, _PONG, event.uint())

    def _configure(self, _opcode: int, event: Arguments) -> None:
        ask = self._connection
        ask.request(self._xdg, _ACK, event.uint())
        ask.request(self._surface, _ATTACH, self._buffer, 0, 0)
        ask.request(self._surface, _DAMAGE, 0, 0, WIDTH, HEIGHT)
        ask.request(self._surface, _COMMIT)

    def _on_seat(self, opcode: int, event: Arguments) -> None:
        if opcode == 0 and event.uint() & _HAS_KEYBOARD and not self._keyboard:
            self._keyboard = self._connection.create(self._on_keyboard)
            self._connection.request(self._seat, _GET_KEYBOARD, self._keyboard)

    def _on_keyboard(self, opcode: int, event: Arguments) -> None:
        if opcode == _KEYMAP:
            event.uint()
            file, size = event.file(), event.uint()
            try:
                text = os.pread(file, size, 0).decode("ascii", "replace")
            finally:
                os.close(file)
            self._keys = characters(text)
        elif opcode == _ENTER:
            self.focused.set()
        elif opcode == _LEAVE:
            self.focused.clear()
        elif opcode == _KEY:
            _serial, _time, code, pressed = (event.uint() for _ in range(4))
            self._text += self._keys.get(code, "") if pressed else ""

    def _on_input(self, opcode: int, event: Arguments) -> None:
        if opcode in (_INPUT_ENTER, _INPUT_LEAVE):  # as toolkits do; sway wants both
            self._connection.request(self._input, _ENABLE if opcode == _INPUT_ENTER else _DISABLE)
            self._connection.request(self._input, _SEND)
        elif opcode == _COMMITTED:
            self._coming = event.text()
        elif opcode == _DONE:
            self._text += self._coming
            self._coming = ""


def characters(keymap: str) -> dict[int, str]:
    """Return the characters by key code of a keymap with one character per key.

    Raises UnavailableError.
    """
    return {code - XKB: layouts[0][0] for code, layouts in read_keymap(keymap).items()}
