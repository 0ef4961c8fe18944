"""Knows whether an X server's screen is locked: a locker keeps a grab of keyboard and pointer.

A grab for a window that is not on the screen never succeeds: the server answers "already grabbed"
before "not viewable". So asking disturbs no window, and nothing typed meanwhile comes to us.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

from typing import Any

from Xlib import X, display, error

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.desktop.x11_requests import bits_set

_MENUS = ("POPUP_MENU", "DROPDOWN_MENU", "MENU", "COMBO")


class X11Lock:
    """ports.Lock."""

    def __init__(self) -> None:
        """Raises UnavailableError."""
        try:
            self._display: Any = display.Display()
        except (error.DisplayError, OSError) as reason:
            raise UnavailableError(
                f"The X server cannot be reached: {reason}.", "Start it from your desktop session."
            ) from reason
        self._root = self._display.screen().root
        self._unseen = self._root.create_window(0, 0, 1, 1, 0, 0, window_class=X.InputOnly)
        self._type = self._display.intern_atom("_NET_WM_WINDOW_TYPE")
        self._menus = {self._display.intern_atom(f"_NET_WM_WINDOW_TYPE_{name}") for name in _MENUS}

    def is_locked(self) -> bool:
        """Return whether it is locked now; an open menu or a program's grab of a key is no lock."""
        try:
            if not self._is_taken(self._unseen.grab_keyboard):
                return False
            if self._has_menu():
                return False
            return self._is_taken(self._grab_pointer) or not self._is_taken_by_key()
        except (error.ConnectionClosedError, OSError):  # the hotkey's reader reports it
            return False

    def _is_taken(self, grab: Any) -> bool:
        return grab(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime) == X.AlreadyGrabbed

    def _grab_pointer(self, owner: bool, pointer: int, keyboard: int, time: int) -> int:
        return self._unseen.grab_pointer(owner, 0, pointer, keyboard, X.NONE, X.NONE, time)

    def _is_taken_by_key(self) -> bool:
        """Return whether a key that is down is grabbed: until it is up, one program has them all.

        Such are the key by which a window manager runs `tray-dictate start`, and our own hotkey.
        """
        caught = error.CatchError(error.BadAccess)
        down = bits_set(self._display.query_keymap())
        for keycode in down:
            self._root.grab_key(
                keycode, X.AnyModifier, False, X.GrabModeAsync, X.GrabModeAsync, onerror=caught
            )
            self._root.ungrab_key(keycode, X.AnyModifier)
        self._display.sync()
        return bool(caught.get_error())

    def _has_menu(self) -> bool:
        return any(self._is_menu(window) for window in self._root.query_tree().children)

    def _is_menu(self, window: Any) -> bool:
        try:
            attributes = window.get_attributes()
            if not attributes.override_redirect or attributes.map_state != X.IsViewable:
                return False
            types = window.get_full_property(self._type, X.AnyPropertyType)
        except (error.BadWindow, error.BadDrawable):  # it has just closed
            return False
        return bool(types) and not self._menus.isdisjoint(types.value)
