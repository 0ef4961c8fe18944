"""Selects the back end that watches the hotkey in this session."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.names import parse_chord
from tray_dictate.core.ports import Hotkey, Notifier
from tray_dictate.hotkey.switchable import CommandsHotkey
from tray_dictate.system.desktop.wayland import compositor_answers
from tray_dictate.system.logs import LoggedNotices
from tray_dictate.system.physical_keys import physical_keys

log = logging.getLogger(__name__)

Make = Callable[[HotkeySettings, Notifier], Hotkey]


def select(settings: HotkeySettings, notices: Notifier) -> Hotkey:
    """Return the first back end that works here; the caller stops it.

    `notices` gets its problems, now and later, from any thread. Raises UnavailableError with the
    reason of each back end that does not work.
    """
    reasons: list[str] = []
    wayland = compositor_answers()
    choice = wayland or settings.source not in ("auto", "x11")  # else X11 has the keyboard
    for name in _order(settings.source, wayland=wayland):
        try:
            hotkey = _BACK_ENDS[name](settings, notices)
        except UnavailableError as reason:
            log.info("hotkey by %s: %s", name, reason)
            reasons.append(str(reason))
        else:
            break
    else:
        if not choice:
            raise _unavailable(reasons)
        hotkey = CommandsHotkey()
    if choice and reasons and settings.source != "auto":
        words = f'hotkey.source "{settings.source}" does not work here. {reasons[0]}'
        notices.tell(words, "hotkey")
    log.info("hotkey by %s", type(hotkey).__name__)
    for warning in settings.warnings:
        notices.tell(warning, "hotkey")
    return hotkey


def explain(settings: HotkeySettings) -> list[tuple[str, str]]:
    """Return each back end for this session, in order, and why it does not work.

    The reason is "" for one that works. Blocks; binds no shortcut.
    """
    found: list[tuple[str, str]] = []
    wayland = compositor_answers()
    for name in _order(settings.source, wayland=wayland):
        try:
            _BACK_ENDS[name](settings, LoggedNotices()).stop()
        except UnavailableError as reason:
            found.append((name, str(reason)))
        else:
            found.append((name, ""))
    if wayland or settings.source not in ("auto", "x11"):
        found.append(("commands", ""))
    return found


def _order(source: str, *, wayland: bool) -> tuple[str, ...]:
    """Return the back ends to try, in order, before the commands."""
    if sys.platform in ("win32", "darwin"):
        return () if source == "commands" else ("pynput",)
    if source in ("auto", "x11") and not wayland:
        return ("xinput", "pynput")
    desktop = ("portal", "kde")
    return {
        "auto": desktop, "evdev": ("evdev", *desktop), "x11": ("refused", *desktop),
        "portal": ("portal",), "kde": ("kde",),
    }.get(source, ())  # fmt: skip


def _unavailable(reasons: list[str]) -> UnavailableError:
    return UnavailableError(
        "The hotkey cannot be watched on this desktop:\n" + "\n".join(f"  {r}" for r in reasons),
        "\nStart tray-dictate from a terminal of your graphical session.",
    )


def _xinput(settings: HotkeySettings, notices: Notifier) -> Hotkey:
    try:
        from tray_dictate.hotkey.x11.hotkey import XInputHotkey  # noqa: PLC0415 - X only
    except ImportError as reason:
        raise UnavailableError(f"python-xlib is missing: {reason}.", "Install it.") from reason
    others = tuple(settings.shortcuts.values())
    return XInputHotkey(parse_chord(settings.keys), others, notices, watched=settings.watched)


def _pynput(settings: HotkeySettings, _notices: Notifier) -> Hotkey:
    from tray_dictate.hotkey.pynput import PynputHotkey, PynputStateHotkey  # noqa: PLC0415

    keys = physical_keys()
    return PynputStateHotkey(keys, settings.watched) if keys else PynputHotkey(settings.watched)


def _evdev(settings: HotkeySettings, notices: Notifier) -> Hotkey:
    from tray_dictate.hotkey.evdev import EvdevHotkey  # noqa: PLC0415 - Linux only

    return EvdevHotkey(settings, notices)


def _portal(settings: HotkeySettings, notices: Notifier) -> Hotkey:
    from tray_dictate.hotkey.portal import PortalHotkey  # noqa: PLC0415 - D-Bus

    return PortalHotkey(settings, notices)


def _kde(settings: HotkeySettings, notices: Notifier) -> Hotkey:
    from tray_dictate.hotkey.kde import KdeHotkey  # noqa: PLC0415 - D-Bus

    return KdeHotkey(settings, notices)


def _refused(_settings: HotkeySettings, _notices: Notifier) -> Hotkey:
    raise UnavailableError(
        "In a Wayland session X11 sees only the keys of X11 windows.",
        'Set hotkey.source to "auto".',
    )


_BACK_ENDS: dict[str, Make] = {
    "xinput": _xinput,
    "pynput": _pynput,
    "evdev": _evdev,
    "portal": _portal,
    "kde": _kde,
    "refused": _refused,
}
