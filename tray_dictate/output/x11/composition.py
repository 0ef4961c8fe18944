"""Detects input methods that turn typed keys into other characters: Chinese, Vietnamese telex ...

An input method reads the keys before the window does. It passes on keys that give a character by
its Unicode number; while one is active, only such keys are typed. Plain layouts, which input
methods have as well, pass on every key.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from typing import Any

from Xlib import X
from Xlib.display import Display

from tray_dictate.system.desktop import dbus, ibus

log = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds for an input method to say what it is doing; it takes some ms
_FCITX = (
    ("org.fcitx.Fcitx5", "/controller", "org.fcitx.Fcitx.Controller1", "CurrentInputMethod"),
    ("org.fcitx.Fcitx", "/inputmethod", "org.fcitx.Fcitx.InputMethod", "GetCurrentIM"),
)
_PLAIN = re.compile(r"^(xkb:|keyboard-|fcitx-keyboard|fcitx-xkb|$)")  # they only name a layout
_ASKED = ("ibus", "fcitx", "fcitx5")  # servers that are asked themselves
_NONE = ("none", "local")  # what XMODIFIERS may say instead of a server


def composes(display: Display) -> bool:
    """Tell whether an input method other than a plain layout is active. May take PATIENCE."""
    try:
        engine = asyncio.run(_engine())
    except dbus.TROUBLE as silent:
        log.debug("no input method answers: %s", type(silent).__name__)
        engine = ""
    return not is_plain(engine) or _has_silent_server(display)


def is_plain(engine: str) -> bool:
    """Tell whether an input method of this name passes on every key; also for an empty name."""
    return _PLAIN.match(engine) is not None


async def _engine() -> str:
    """Return the name of the active input method; empty if none. Raises one of dbus.TROUBLE."""
    async with asyncio.timeout(PATIENCE):
        for ask in (_ibus, _fcitx):
            with suppress(*dbus.TROUBLE):
                if engine := await ask():
                    return engine
    return ""


async def _ibus() -> str:
    bus = await ibus.connect()
    try:
        return await ibus.IBus(bus).engine()
    finally:
        bus.disconnect()


async def _fcitx() -> str:
    bus = await dbus.connect()
    try:
        for name, path, interface, member in _FCITX:
            with suppress(*dbus.TROUBLE):
                return str((await dbus.Service(bus, name, path).call(interface, member))[0])
        return ""
    finally:
        bus.disconnect()


def _has_silent_server(display: Display) -> bool:
    """Tell whether an input method runs that cannot be asked for its state (uim, SCIM ...)."""
    root = display.screen().root
    found: Any = root.get_full_property(display.intern_atom("XIM_SERVERS"), X.AnyPropertyType)
    for atom in found.value if found and found.format == 32 else ():
        name = str(display.get_atom_name(atom)).removeprefix("@server=")
        if display.get_selection_owner(atom) and name not in (*_ASKED, *_NONE):
            return True
    return False
