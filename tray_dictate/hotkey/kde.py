"""Watches the hotkey by KDE's global shortcuts (KGlobalAccel), which show no dialog.

Our settings win: keys that were changed in KDE's System Settings are set again at the next start.
At the end all shortcuts are unregistered, so that their keys are free again.
"""

from __future__ import annotations

import logging
from typing import Any

from dbus_fast import Message

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.desktop_shortcuts import DICTATE, SUBSTITUTE, TITLES, Trigger, replaced
from tray_dictate.core.keys.names import Chord, in_words
from tray_dictate.hotkey.advice import BINDING
from tray_dictate.hotkey.shortcut_service import TOKEN, DesktopHotkey
from tray_dictate.hotkey.shortcut_syntax import qt_key
from tray_dictate.system.autostart.xdg import APP_ID

log = logging.getLogger(__name__)

_INTERFACE = "org.kde.KGlobalAccel"
_COMPONENT = "traydictate"  # KDE makes a path of it: the portal's is another
_PORTALS = (TOKEN, APP_ID)  # components of its portal's sessions: Plasma 5.27's, and 6's
_SET, _NOT_FROM_FILE = 2, 4  # flags of setShortcut


class KdeHotkey(DesktopHotkey):
    """The hotkey and the other chords as actions of one component."""

    SERVICE, PATH = "org.kde.kglobalaccel", "/kglobalaccel"
    SOURCE = "kde"
    LACKING = "KDE's global shortcuts are not available here"

    async def probe(self) -> None:
        """Ask for a component that every KDE session has. Raises one of TROUBLE."""
        await self._ask("getComponent", "s", "kwin")  # which has shortcuts wherever this works

    async def bind(self) -> Trigger:
        """Register each chord. Raises one of TROUBLE, or UnavailableError."""
        chord = self.chords[DICTATE]
        note = replaced(chord) if qt_key(chord) is None else ""
        hotkey = SUBSTITUTE if note else chord
        for component in _PORTALS:  # left behind by a session of its portal
            for name in self.chords:
                await self._ask("unregister", "ss", component, name)
        refused = [
            in_words(wanted)
            for name, wanted in {**self.chords, DICTATE: hotkey}.items()
            if not await self._set(name, wanted)
        ]
        component = str((await self._ask("getComponent", "s", _COMPONENT))[0])
        await self.service.signals(self.received, path=component)
        if refused:
            words = f"KDE did not assign {' and '.join(refused)}: another program may use it."
            if in_words(hotkey) in refused:
                raise UnavailableError(words, f"Set hotkey.keys to another key. {BINDING}")
            self.notices.tell(f"{words} Choose other keys.", "hotkey")
        return Trigger(in_words(hotkey), note, self.SOURCE)

    async def unbind(self) -> None:
        """Unregister the chords."""
        if self.trigger() != Trigger(source=self.SOURCE):
            for name in self.chords:
                await self._ask("unregister", "ss", _COMPONENT, name)

    def received(self, message: Message) -> None:
        """Process a press or a release."""
        if message.member not in ("globalShortcutPressed", "globalShortcutReleased"):
            return
        component, name, _ = message.body
        if component != _COMPONENT:
            return
        if message.member == "globalShortcutPressed":
            self.pressed(name)
        else:
            self.released(name)

    async def _set(self, name: str, chord: Chord) -> bool:
        """Register a chord; return whether KDE assigned it."""
        key = qt_key(chord)
        if key is None:
            return False
        action = [_COMPONENT, name, "Tray Dictate", TITLES[name]]
        await self._ask("doRegister", "as", action)
        flags = _SET | _NOT_FROM_FILE
        assigned = (await self._ask("setShortcut", "asaiu", action, [key], flags))[0]
        log.debug("KDE assigns %s for %s", assigned, key)
        return key in assigned

    async def _ask(self, member: str, signature: str, *body: Any) -> list[Any]:
        return await self.service.call(_INTERFACE, member, signature, *body)
