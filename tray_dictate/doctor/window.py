"""A small Wayland window of our own, as a program's: what is committed or typed is its text.

It speaks the protocol itself, so that what arrives is what the compositor sends and no toolkit's
reading of it.
"""

from __future__ import annotations

import os
import re
import select
import threading

from Xlib import XK  # the names of keysyms, without any X server

from tray_dictate.core.keycodes import CODES, XKB
from tray_dictate.doctor.own_window import CLASS, HEIGHT, TITLE, WIDTH, OwnWindow
from tray_dictate.doctor.windows import of_keysym
from tray_dictate.system.wakeup import WakeUp
from tray_dictate.system.wayland import Arguments, Connection, WaylandError

_SIZE = WIDTH * HEIGHT * 4  # bytes
_XRGB = 1
_CREATE = 0  # a surface, a pool, a buffer
_GET_XDG_SURFACE, _PONG, _GET_TOPLEVEL, _ACK, _SET_TITLE, _SET_APP = 2, 3, 1, 4, 2, 3
_ATTACH, _DAMAGE, _COMMIT = 1, 2, 6  # requests to the surface
_GET_KEYBOARD, _HAS_KEYBOARD = 1, 2  # request to the seat, bit of what it has
_KEYMAP, _ENTER, _LEAVE, _KEY = 0, 1, 2, 3  # events of the keyboard
_GET_TEXT_INPUT, _ENABLE, _DISABLE, _SEND = 1, 1, 2, 7
_INPUT_ENTER, _INPUT_LEAVE, _COMMITTED, _DONE = 0, 1, 3, 5  # events of the text input
_CODE = re.compile(r"<(\w+)>\s*=\s*(\d+);")
_SYMBOL = re.compile(r"key\s*<(\w+)>\s*\{\s*\[\s*(\w+)")
_FIXED = {CODES["enter"]: "\n", CODES["tab"]: "\t"}


class WaylandWindow(OwnWindow):
    """Where keys and commits become text; `focused` from any thread."""

    gone = (WaylandError, OSError)

    def __init__(self) -> None:
        """Raises UnavailableError where no compositor answers or it shows no windows."""
        super().__init__()
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
    """Return what the keys of a keymap with one character to a key give, by their codes."""
    codes = {name: int(code) - XKB for name, code in _CODE.findall(keymap)}
    found = {
        codes[name]: _character(symbol) for name, symbol in _SYMBOL.findall(keymap) if name in codes
    }
    return found | {code: text for code, text in _FIXED.items() if code in found}


def _character(symbol: str) -> str:
    if re.fullmatch(r"U[0-9A-F]{4,8}", symbol):
        return chr(int(symbol[1:], 16))
    return of_keysym(XK.string_to_keysym(symbol))
