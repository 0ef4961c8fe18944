"""What the keys of an X server give, and which of them are modifiers."""

from __future__ import annotations

from typing import NamedTuple

from Xlib import XK

_LEVEL3, _LEVEL5 = 0xFE03, 0xFE11  # AltGr and the like
LOCKS = {XK.XK_Caps_Lock, XK.XK_Shift_Lock, XK.XK_Num_Lock, XK.XK_Scroll_Lock}
HELD = {*range(XK.XK_Shift_L, XK.XK_Hyper_R + 1), XK.XK_Mode_switch, _LEVEL3, _LEVEL5} - LOCKS
OPENS_MENUS = {*range(XK.XK_Meta_L, XK.XK_Hyper_R + 1)}  # when let go with nothing in between
_SWITCHES = {*range(0xFE01, 0xFE12), *LOCKS}  # of the group or of a lock

FIRST, LAST = 209, 254  # keycodes of exotic XF86 keys, which typing borrows

Row = tuple[int, ...]


class Layout(NamedTuple):
    """What the keys give now."""

    rows: tuple[Row, ...]  # of every keycode from the server's first on
    group: int


class Stroke(NamedTuple):
    """One character: a key, with or without Shift."""

    keycode: int
    shifted: bool = False


def modifiers(layout: Layout, first: int) -> set[int]:
    """Return the keys that change what other keys give."""
    wanted = HELD | _SWITCHES
    return {code for code, row in enumerate(layout.rows, first) if not wanted.isdisjoint(row)}


def idle_key(layout: Layout, first: int) -> int | None:
    """Return a key that gives nothing, and that nobody borrows."""
    idle = (code for code, row in enumerate(layout.rows, first) if not any(row))
    return next((code for code in idle if code < FIRST), None)
