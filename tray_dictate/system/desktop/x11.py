"""Connections to the X server, the focused window, and requests that are really sent.

python-xlib is not thread safe, so each of our threads opens its own connection here. The flush of
version 0.33 gives up if the server is busy and the socket full for a moment: an answer to a paste,
or the end of a grab, would wait for the next request.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import logging
import os
import select
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from Xlib import X, Xatom, error
from Xlib.display import Display
from Xlib.ext import res
from Xlib.protocol import request
from Xlib.xobject.drawable import Window

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.text.normalize import label

if TYPE_CHECKING:
    from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)

_TITLE = 1024  # bytes that are read

_REFUSALS = (
    error.DisplayError,
    error.XauthError,
    error.XNoAuthError,
    error.ConnectionClosedError,
    OSError,
)


class Focus(NamedTuple):
    """The focused window, and the clients (resource id bases) that created it."""

    window: str
    clients: frozenset[int]
    names: tuple[str, ...]  # its WM_CLASS: the instance and the class
    title: str = ""

    @property
    def application(self) -> str:
        """The class of its WM_CLASS; empty where it has none."""
        return self.names[-1] if self.names else ""


def connect() -> Display:
    """Return a new connection. Raises UnavailableError."""
    name = os.environ.get("DISPLAY")
    if not name:
        raise UnavailableError(
            "There is no X server: DISPLAY is not set.",
            "Start tray-dictate inside the desktop session.",
        )
    try:
        display = Display()
    except _REFUSALS as reason:
        raise UnavailableError(
            f"The X server {name} does not answer: {str(reason).strip()}.",
            "Start tray-dictate as the user of the desktop session.",
        ) from reason
    display.set_error_handler(_ignore)
    return display


def disconnect(display: Display) -> None:
    """Close a connection, also one whose server is gone."""
    with suppress(error.ConnectionClosedError, OSError):
        display.close()


def client_of(display: Display, window: int) -> int:
    """Return the resource id base of the client that made this window."""
    return window & ~display.display.info.resource_id_mask


def process_of(display: Display, window: str) -> int:
    """Return the id of the process that shows this window; 0 where that is not known."""
    if not display.has_extension(res.extname):
        return 0
    asked = {"client": int(window, 16), "mask": res.LocalClientPIDMask}
    try:
        answer: Any = display.res_query_client_ids([asked])  # type: ignore[attr-defined]
    except error.XError:
        return 0
    return next((number for found in answer.ids for number in found.value), 0)


def watch_end(display: Display, window: int) -> bool:
    """Ask for DestroyNotify of a window; return False where it is gone already."""
    found = display.create_resource_object("window", window)
    try:
        found.change_attributes(event_mask=X.StructureNotifyMask)
        found.get_attributes()
    except (error.BadWindow, error.BadDrawable):
        return False
    return True


def disown(display: Display, selection: int, time: int) -> None:
    """Give up a selection, unless another client took it after that time of the server's."""
    request.SetSelectionOwner(
        display=display.display, window=X.NONE, selection=selection, time=time
    )


def focus(display: Display) -> Focus | None:
    """Return the focused window; None where it is not a program's."""
    try:
        focused: Any = display.get_input_focus().focus
        if isinstance(focused, int) or focused == display.screen().root:
            return None  # no window, or the one below the pointer
        top = _toplevel(display, focused)
        names: tuple[str, ...] = (top.get_wm_class() if top else None) or ()
        title = _title(display, top) if top else ""
    except (error.BadWindow, error.BadDrawable):  # the window was closed meanwhile
        return None
    if top is None:
        return None
    clients = frozenset({client_of(display, focused.id), client_of(display, top.id)})
    return Focus(f"{top.id:#x}", clients, tuple(map(label, names)), title)


def _title(display: Display, window: Window) -> str:
    """Return the beginning of a window's title."""
    atom = display.intern_atom("_NET_WM_NAME")
    found: Any = window.get_property(atom, X.AnyPropertyType, 0, _TITLE // 4)
    return bytes(found.value).decode(errors="replace") if found and found.format == 8 else ""


def _toplevel(display: Display, window: Window) -> Window | None:
    """Return the program's own window at or above this one, else the manager's active window.

    A window manager gives the focus to a window of its own where no program's window has it.
    """
    wm_state = display.intern_atom("WM_STATE")
    root = display.screen().root
    above: Window = window
    while True:
        if above.get_property(wm_state, X.AnyPropertyType, 0, 1):
            return above
        parent = above.query_tree().parent
        if isinstance(parent, int) or parent == root:
            break
        above = parent
    manager = root.get_full_property(
        display.intern_atom("_NET_SUPPORTING_WM_CHECK"), X.AnyPropertyType
    )
    if not manager:
        return above  # no window manager: any window may be a program's
    return _active(display, above)


def _active(display: Display, frame: Window) -> Window | None:
    """Return the active window, if it is inside this frame."""
    found = display.screen().root.get_full_property(
        display.intern_atom("_NET_ACTIVE_WINDOW"), X.AnyPropertyType
    )
    if not found or not len(found.value) or not found.value[0]:
        return None
    active: Window = display.create_resource_object("window", found.value[0])
    above = active
    while above != frame:
        parent = above.query_tree().parent
        if isinstance(parent, int) or parent == display.screen().root:
            return None
        above = parent
    return active


def _ignore(problem: Any, _request: Any = None) -> None:
    """Log errors of requests without an answer: other programs' windows vanish at any time."""
    log.debug("the X server answered %s", type(problem).__name__)


def marks_text(display: Display, target: Focus) -> bool:
    """Return whether text is selected in the target, which a paste is to replace.

    Taking PRIMARY would unselect it (GTK, Tk).
    """
    owner: Any = display.get_selection_owner(Xatom.PRIMARY)
    return bool(owner) and client_of(display, owner.id) in target.clients


def flush(display: Display) -> None:
    """Send the queued requests; wait for a server that does not read them yet."""
    display.flush()
    while display.display.data_send:
        select.select([], [display.fileno()], [])
        display.flush()


def wait(display: Display, wake_up: WakeUp | None = None, *, seconds: float | None = None) -> bool:
    """Send the queued requests, then wait for an event or the wake-up; return whether it woke us.

    Return at once where an event is here already.
    """
    flush(display)
    if display.display.event_queue:
        seconds = 0
    files = [display, wake_up] if wake_up else [display]
    if wake_up not in select.select(files, [], [], seconds)[0]:
        return False
    wake_up.clear()
    return True
