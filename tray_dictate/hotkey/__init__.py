"""The user's keys, one file per platform's way."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from tray_dictate.core.keys import Chord
from tray_dictate.errors import UnavailableError
from tray_dictate.ports import Hotkey

log = logging.getLogger(__name__)


def select(chord: Chord, others: tuple[Chord, ...] = ()) -> Hotkey:
    """Return the first way to watch the keyboard that works; raises UnavailableError with all.

    `others` are chords that are to be hidden from the windows, too.
    """
    ways = [_pynput] if sys.platform in ("win32", "darwin") else [_xinput, _pynput]
    reasons: list[str] = []
    for way in ways:
        try:
            hotkey = way(chord, others)
        except UnavailableError as reason:
            reasons.append(f"  {reason}")
        else:
            log.info("hotkey by %s", type(hotkey).__name__)
            return hotkey
    raise UnavailableError(
        "The hotkey cannot be watched on this desktop:\n" + "\n".join(reasons),
        "\nStart tray_dictate from a terminal of your graphical (X11) session.",
    )


def _xinput(chord: Chord, others: tuple[Chord, ...]) -> Hotkey:
    try:
        from tray_dictate.hotkey.xinput import XInputHotkey  # noqa: PLC0415 - X only
    except ImportError as reason:
        raise UnavailableError(f"python-xlib is missing: {reason}.", "Install it.") from reason
    return XInputHotkey(chord, others)


def _pynput(_chord: Chord, _others: tuple[Chord, ...]) -> Hotkey:
    from tray_dictate.hotkey.pynput import PynputHotkey  # noqa: PLC0415

    return PynputHotkey()


def synthetic(hotkey: Hotkey) -> Callable[[int, bool | None], None] | None:
    """Return where the output announces its own keys, None where the hotkey cannot use it."""
    return getattr(hotkey, "expect", None)
