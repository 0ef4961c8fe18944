"""The user's keys, one file per platform's way."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from tray_dictate.config import HotkeySettings
from tray_dictate.core.keys import parse_chord
from tray_dictate.errors import UnavailableError
from tray_dictate.ports import Hotkey
from tray_dictate.wayland_session import compositor_answers

log = logging.getLogger(__name__)

Tell = Callable[[str], None]
Way = Callable[[HotkeySettings, Tell], Hotkey]


def select(settings: HotkeySettings, tell: Tell) -> Hotkey:
    """Return the first way to learn of the keys that works here; it is to be stopped.

    `tell` tells the user what is wrong with it later, from any thread, once it is started. Raises
    UnavailableError with every reason.
    """
    reasons: list[str] = []
    wayland = compositor_answers()
    for name in _order(settings.source, wayland=wayland):
        try:
            hotkey = _WAYS[name](settings, tell)
        except UnavailableError as reason:
            log.info("hotkey by %s: %s", name, reason)
            reasons.append(str(reason))
        else:
            log.info("hotkey by %s", type(hotkey).__name__)
            return hotkey
    if wayland or settings.source not in ("auto", "x11"):
        return _commands(tell, settings.source, reasons)
    raise UnavailableError(
        "The hotkey cannot be watched on this desktop:\n" + "\n".join(f"  {r}" for r in reasons),
        "\nStart tray_dictate from a terminal of your graphical session.",
    )


def explain(settings: HotkeySettings) -> list[tuple[str, str]]:
    """Return each way that this session might have, in order: "" for usable, else why it is not.

    It blocks, and asks the desktop for nothing.
    """
    found: list[tuple[str, str]] = []
    wayland = compositor_answers()
    for name in _order(settings.source, wayland=wayland):
        try:
            _WAYS[name](settings, log.info).stop()
        except UnavailableError as reason:
            found.append((name, str(reason)))
        else:
            found.append((name, ""))
    if wayland or settings.source not in ("auto", "x11"):
        found.append(("commands", ""))
    return found


def synthetic(hotkey: Hotkey) -> Callable[[int, bool | None], None] | None:
    """Return where the output announces its own keys, None where the hotkey cannot use it."""
    return getattr(hotkey, "expect", None)


def _order(source: str, *, wayland: bool) -> tuple[str, ...]:
    """Return the ways to try before the commands."""
    if sys.platform in ("win32", "darwin"):
        return () if source == "commands" else ("pynput",)
    if source in ("auto", "x11") and not wayland:
        return ("xinput", "pynput")
    return {"auto": (), "evdev": ("evdev",), "x11": ("refused",)}.get(source, ())


def _commands(tell: Tell, source: str, reasons: list[str]) -> Hotkey:
    from tray_dictate.hotkey.commands import CommandsHotkey  # noqa: PLC0415

    chosen = source not in ("auto", "commands")
    return CommandsHotkey(tell, reasons[0] if chosen and reasons else "")


def _xinput(settings: HotkeySettings, _tell: Tell) -> Hotkey:
    try:
        from tray_dictate.hotkey.xinput import XInputHotkey  # noqa: PLC0415 - X only
    except ImportError as reason:
        raise UnavailableError(f"python-xlib is missing: {reason}.", "Install it.") from reason
    return XInputHotkey(parse_chord(settings.keys), tuple(settings.shortcuts.values()))


def _pynput(_settings: HotkeySettings, _tell: Tell) -> Hotkey:
    from tray_dictate.hotkey.pynput import PynputHotkey  # noqa: PLC0415

    return PynputHotkey()


def _evdev(settings: HotkeySettings, tell: Tell) -> Hotkey:
    from tray_dictate.hotkey.evdev import EvdevHotkey  # noqa: PLC0415 - Linux only

    return EvdevHotkey(settings, tell)


def _refused(_settings: HotkeySettings, _tell: Tell) -> Hotkey:
    raise UnavailableError(
        'hotkey.source is "x11", but in a Wayland session X sees only the keys of X windows.',
        'Set hotkey.source to "auto".',
    )


_WAYS: dict[str, Way] = {"xinput": _xinput, "pynput": _pynput, "evdev": _evdev, "refused": _refused}
