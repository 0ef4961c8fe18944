"""Keys that the desktop binds to our commands: what to bind, and whether it is bound."""

from __future__ import annotations

import sys
from contextlib import suppress

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.desktop_shortcuts import SUBSTITUTE, replaced
from tray_dictate.core.keys.names import Chord, in_words, parse_chord
from tray_dictate.hotkey.bindings import compositors, gnome
from tray_dictate.hotkey.bindings.compositors import RunningCompositor
from tray_dictate.hotkey.bindings.syntax import Bindings, bindings
from tray_dictate.system.autostart import entry
from tray_dictate.system.desktop.session_names import session_names

if sys.platform == "linux":
    from tray_dictate.system.desktop.dbus import TROUBLE, Service, connect


def program() -> tuple[str, ...]:
    """Return the words that run this installation's commands, wherever they are run."""
    return entry.program()[:-1]


def bound(running: RunningCompositor, settings: HotkeySettings) -> tuple[Bindings, str]:
    """Return the lines for a compositor, and in words the hotkey or its substitute.

    Raises UnavailableError.
    """
    chord = parse_chord(settings.keys)
    try:
        return _bindings(running, settings, chord), in_words(chord)
    except ValueError:
        pass
    try:
        found = _bindings(running, settings, SUBSTITUTE)
    except ValueError as reason:  # it is another chord that cannot be bound
        raise UnavailableError(str(reason)) from reason
    instead = f"{replaced(chord)} {in_words(SUBSTITUTE)} is bound instead."
    return Bindings(found.lines, (instead, *found.notes)), in_words(SUBSTITUTE)


def is_bound(settings: HotkeySettings) -> bool:
    """Return whether the compositor's own file has our lines for these keys; blocks."""
    try:
        running = compositors.find()
        return bool(running) and compositors.is_written(running, bound(running, settings)[0].lines)
    except UnavailableError:
        return False


def _bindings(running: RunningCompositor, settings: HotkeySettings, chord: Chord) -> Bindings:
    """Return the lines that bind this chord as the hotkey. Raises ValueError."""
    return bindings(
        running.compositor, chord, settings.shortcuts, program(), toggle=settings.mode == "toggle"
    )


async def runs_gnome() -> bool:
    """Return whether GNOME's custom shortcuts work here, by their service or the session's name."""
    if "gnome" in session_names():
        return True
    with suppress(*TROUBLE):
        bus = await connect()
        try:
            return bool(await Service(bus, gnome.MEDIA_KEYS, "/").owner())
        finally:
            bus.disconnect()
    return False
