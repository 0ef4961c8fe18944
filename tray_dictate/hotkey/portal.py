"""Watches the hotkey by the GlobalShortcuts portal of GNOME 48, KDE and Hyprland.

KDE 5.27 reads the shortcuts when the session is created, the portal's standard binds them
afterwards: both is done here. KDE names the owner of the keys by the session's token, so the token
is always the same: otherwise the previous session would still own the keys.
"""

from __future__ import annotations

import logging
from typing import Any

from dbus_fast import Message, Variant

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.desktop_shortcuts import DICTATE, SUBSTITUTE, TITLES, Trigger, replaced
from tray_dictate.core.ports import Notifier
from tray_dictate.core.text.normalize import label
from tray_dictate.hotkey.advice import BINDING, UNWATCHED
from tray_dictate.hotkey.shortcut_service import TOKEN, DesktopHotkey, Limits
from tray_dictate.hotkey.shortcut_syntax import is_other, portal_trigger, spoken_keys
from tray_dictate.system.desktop import portals
from tray_dictate.system.desktop.dbus import Service
from tray_dictate.system.desktop.portals import DENIED, PORTAL, Requests
from tray_dictate.system.desktop.session_names import session_names

log = logging.getLogger(__name__)

_SHORTCUTS, _SESSION = f"{PORTAL}GlobalShortcuts", f"{PORTAL}Session"
_SIGNALS = (
    (_SHORTCUTS, "Activated"), (_SHORTCUTS, "Deactivated"), (_SHORTCUTS, "ShortcutsChanged"),
    (_SESSION, "Closed"),
)  # fmt: skip
_LIMITS = Limits()
_KEYLESS = (
    "The desktop has not assigned a key to the hotkey yet: choose one for Dictate in its keyboard "
    "shortcut settings."
)
_KEPT = (
    "The desktop still uses the key assigned earlier; change it in its keyboard shortcut settings."
)

# whose settings the user can choose a key in: elsewhere the portal may be that of another desktop
_ASSIGNING = frozenset({"gnome", "kde"})

Shortcuts = list[Any]  # of lists with id and properties, as the portal has them


def has_key_settings() -> bool:
    """Return whether the user can choose the portal's keys in the desktop's settings."""
    return not _ASSIGNING.isdisjoint(session_names())


def _listed(results: dict[str, Any]) -> Shortcuts:
    return results.get("shortcuts", [])


class PortalHotkey(DesktopHotkey):
    """The hotkey and the other chords as shortcuts of one portal session."""

    SERVICE, PATH = portals.NAME, portals.PATH
    SOURCE = "portal"
    LACKING = "The desktop's portal offers no global shortcuts"
    STARTS = True

    def __init__(
        self, settings: HotkeySettings, notices: Notifier, limits: Limits = _LIMITS
    ) -> None:
        """Raises UnavailableError where there is no such portal."""
        self._session = ""
        self._changed_to: Shortcuts = []  # by ShortcutsChanged, since BindShortcuts was sent
        super().__init__(settings, notices, limits)

    async def probe(self) -> None:
        """Register as an application, then ask for the version. Raises one of TROUBLE."""
        await portals.register(self.service)
        version = await self.service.property(_SHORTCUTS, "version", start=True)
        log.debug("the portal of global shortcuts has version %s", version)
        self._requests = Requests(self.service)
        await self._requests.listen()
        for interface, member in _SIGNALS:
            await self.service.signals(self.received, interface, member)

    async def bind(self) -> Trigger:
        """Create a session and have the desktop bind its shortcuts; return the hotkey's keys."""
        wanted = self._wanted()
        options = {"session_handle_token": Variant("s", TOKEN)}
        options["shortcuts"] = Variant("a(sa{sv})", wanted)
        created = await self._request("CreateSession", "a{sv}", **options)
        self._session = str(created["session_handle"])
        # KDE 5.27 has bound them by now, and shows its System Settings at each BindShortcuts
        bound = await self._request("ListShortcuts", "oa{sv}", self._session)
        listed = _listed(bound)
        if not {name for name, _ in wanted} <= {name for name, _ in listed}:
            self._changed_to = []
            bound = await self._request(
                "BindShortcuts", "oa(sa{sv})sa{sv}", self._session, wanted, ""
            )
            listed = _listed(bound) or self._changed_to
        trigger = self._trigger_of(listed)
        if not trigger.keys:
            self.notices.tell(trigger.advice, "hotkey")
        return trigger

    async def unbind(self) -> None:
        """Close the session."""
        if self._session:
            session, self._session = self._session, ""
            await Service(self.bus, self.SERVICE, session).call(_SESSION, "Close")

    def received(self, message: Message) -> None:
        """Process the end of the session, or a press, release or change of a shortcut."""
        if message.member == "Closed" and message.path == self._session:
            self._session = ""
            self.release_all()
            words = (
                "The desktop ended the hotkey's session. Restart tray-dictate to ask for it again. "
                f"{BINDING}"
            )
            self.set_trigger(Trigger("", words, self.SOURCE))
            self.notices.tell(words, "hotkey")
        elif message.interface == _SHORTCUTS and message.body[0] == self._session:
            self._used(str(message.member), message.body)

    def _used(self, member: str, body: list[Any]) -> None:
        if member == "Activated":
            self.pressed(body[1])
        elif member == "Deactivated":
            self.released(body[1])
        elif any(name == DICTATE for name, _ in body[1]):
            self._changed_to = body[1]
            self.set_trigger(self._trigger_of(body[1]))

    def _wanted(self) -> Shortcuts:
        wanted: Shortcuts = []
        for name, chord in self.chords.items():
            spelt = portal_trigger(chord)
            if spelt is None and name == DICTATE:
                spelt = portal_trigger(SUBSTITUTE)
            about = {"description": Variant("s", TITLES[name])}
            if spelt:
                about["preferred_trigger"] = Variant("s", spelt)
            wanted.append([name, about])
        return wanted

    def _trigger_of(self, shortcuts: Shortcuts) -> Trigger:
        found: dict[str, dict[str, Variant]] = dict(shortcuts)
        about = found.get(DICTATE, {})
        keys = str(about["trigger_description"].value) if "trigger_description" in about else ""
        keys = spoken_keys(label(keys))
        if not keys and not has_key_settings():
            return UNWATCHED
        if not keys:
            return Trigger("", f"{_KEYLESS} {BINDING}", self.SOURCE)
        chord = self.chords[DICTATE]
        advice = ""
        if portal_trigger(chord) is None:
            chord, advice = SUBSTITUTE, replaced(chord)
        if is_other(keys, chord):
            advice = f"{advice} {_KEPT}".strip()
        return Trigger(keys, advice, self.SOURCE)

    async def _request(
        self, member: str, signature: str, *arguments: Any, **options: Variant
    ) -> dict[str, Any]:
        """Return the results of a request, however long the user takes to answer.

        Raises one of TROUBLE, or UnavailableError.
        """
        response = await self._requests.send(
            f"GlobalShortcuts.{member}", signature, *arguments, options=options, start=True
        )
        code, results = response.code, response.results
        if code and member == "BindShortcuts" and self._is_bound(results):
            log.info("the portal says %d, and has bound the shortcuts all the same", code)
            return results
        if code == DENIED:
            raise UnavailableError(
                "You did not allow the hotkey in the desktop's dialog.",
                f"Restart tray-dictate to be asked again. {BINDING}",
            )
        if code:
            raise UnavailableError("The desktop did not bind the hotkey.", BINDING)
        return results

    def _is_bound(self, results: dict[str, Any]) -> bool:
        """Return whether the hotkey was bound, whatever the answer's code: GNOME 48's is 2.

        The list of shortcuts comes with the answer, or in a signal before it.
        """
        return any(name == DICTATE for name, _ in (_listed(results) or self._changed_to))
