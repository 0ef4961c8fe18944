"""Gives the focus to an X11 window, holds it there, and detects a grabbed keyboard."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from Xlib import X, Xutil, error
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage

from tray_dictate.core.errors import DeliveryError
from tray_dictate.system.desktop.x11 import focus

_ARRIVAL = 2.0  # seconds for a window manager to do it
_AGAIN = 0.4  # seconds until it is asked once more; it takes some ms, and longer under load
_LOOK = 0.01  # seconds between two looks
_FROM_A_PAGER = 2  # the source of the request: EWMH's number for the user's own wish


def is_gone(display: Display, window: str) -> bool:
    """Tell whether the window has been closed or withdrawn; a minimised one is still there."""
    target = display.create_resource_object("window", int(window, 16))
    wm_state = display.intern_atom("WM_STATE")
    try:
        attributes: Any = target.get_attributes()
        state: Any = target.get_property(wm_state, X.AnyPropertyType, 0, 1)
    except (error.BadWindow, error.BadDrawable):
        return True
    if attributes.map_state != X.IsUnmapped or attributes.win_class != X.InputOutput:
        return False
    return not state or state.value[0] == Xutil.WithdrawnState  # none, too, without a manager


def activate(display: Display, window: str) -> None:
    """Give the focus to a toplevel window and see it there. Raises DeliveryError.

    It is asked for more than once: a window manager may drop a request that follows another.
    """
    end = time.monotonic() + _ARRIVAL
    while time.monotonic() < end:
        _ask_for_focus(display, window)
        again = time.monotonic() + _AGAIN
        while time.monotonic() < again:
            found = focus(display)
            if found and found.window == window:
                return
            time.sleep(_LOOK)
    raise DeliveryError("The window you dictated into does not accept the focus.")


def _ask_for_focus(display: Display, window: str) -> None:
    target = display.create_resource_object("window", int(window, 16))
    root = display.screen().root
    root.send_event(
        ClientMessage(
            window=target,
            client_type=display.intern_atom("_NET_ACTIVE_WINDOW"),
            data=(32, [_FROM_A_PAGER, X.CurrentTime, 0, 0, 0]),
        ),
        event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask,
    )
    if not root.get_full_property(display.intern_atom("_NET_SUPPORTED"), X.AnyPropertyType):
        target.set_input_focus(X.RevertToParent, X.CurrentTime)  # no window manager: we do it
    display.sync()


class HeldFocus:
    """A base.FocusCheck of one window that also keeps the focus there, in a `with`.

    After a True the server is grabbed until the keys have been sent: a burst releases it, or the
    end of the context does.
    """

    def __init__(self, display: Display, window: str) -> None:
        self._display, self._window = display, window
        self._place: Any = None  # in the window, where the focus was at the last look

    def __enter__(self) -> Self:
        return self

    def is_focused(self) -> bool:
        """Tell whether the window has the focus; it keeps it if so."""
        self._display.grab_server()
        now: Any = self._display.get_input_focus().focus
        if self._place is None or self._place != now:
            found = focus(self._display)
            self._place = now if found and found.window == self._window else None
        if self._place is None:
            self._release()
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._release()

    def _release(self) -> None:
        self._display.ungrab_server()
        self._display.sync()


def be_heard(display: Display) -> None:
    """Raise DeliveryError where a program has grabbed the keyboard: a lock screen, or a menu.

    Keys would go there, and not to the window that has the focus. Asking takes the keyboard for a
    moment: for the window that has the focus, as it would learn that another had it, and a field
    may select all that it holds when it gets the focus back.
    """
    focused: Any = display.get_input_focus().focus
    place: Any = display.screen().root if isinstance(focused, int) else focused
    try:
        answer = place.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    except error.BadWindow:  # it was closed meanwhile: no window would get the keys
        return
    if answer == X.GrabSuccess:
        display.ungrab_keyboard(X.CurrentTime)
    display.sync()
    if answer == X.AlreadyGrabbed:
        raise DeliveryError(
            "Another program has grabbed the keyboard (a locked screen or an open menu?)."
        )
