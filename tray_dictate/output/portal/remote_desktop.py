"""Presses keys by the RemoteDesktop portal, with the user's permission, which is asked for once.

The permission is a token of the portal's, good for one session, which returns the next token. The
portal's keys add up with modifiers that the user holds: callers wait for their release.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbus_fast import DBusError, Variant

from tray_dictate.core.errors import DeliveryError, UnavailableError, why
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.wayland.keymap import chord_codes
from tray_dictate.system import files
from tray_dictate.system.desktop import dbus
from tray_dictate.system.desktop.portals import PROMPT, DeniedError, Portals

log = logging.getLogger(__name__)

GAP = 0.01  # seconds between two keys: without it mutter does not know of Ctrl when V comes
_PORTAL, _CLIPBOARD = "RemoteDesktop", "Clipboard"
_KEYBOARD = 1  # of the kinds of devices
_UNTIL_REVOKED = 2
_UNASKED = "Answer its question, and your next dictation will be inserted."
_REFUSED = "Restart tray-dictate to be asked again."


class RemoteSession:
    """Keys, and the clipboard where the desktop has it; the session is opened when it is needed."""

    def __init__(self, portals: Portals, token_file: Path | None = None) -> None:
        """The user is not asked yet. Raises UnavailableError."""
        self.portals = portals
        self._token = token_file or files.portal_token_file()
        self._session = ""
        self._starting: asyncio.Task[None] | None = None
        self._unanswered: asyncio.Task[None] | None = None  # the last start that was waited for
        self._denied = False
        self.clipboard = False  # whether the session in use may have the clipboard
        version, devices, clipboard = portals.run(self._look())
        if not version or not devices & _KEYBOARD:
            raise UnavailableError(
                "This desktop has no RemoteDesktop portal that presses keys.",
                "Install the portal of your desktop: xdg-desktop-portal-gnome or -kde.",
            )
        self._restores = version > 1
        self.offers_clipboard = clipboard > 0
        portals.on("Session.Closed", self._on_closed)
        portals.lost.subscribe(self._on_lost)

    def prepare(self) -> None:
        """Begin to open the session, for which the desktop may ask the user; returns at once."""
        self.portals.run(self._begin())

    def open(self, patience: float = PROMPT) -> str:
        """Return the session. Raises UnavailableError where the user has not allowed it yet."""
        try:
            return self.portals.run(self._opened(patience))
        except DeniedError:
            raise UnavailableError(
                "You did not allow tray-dictate to press keys in this desktop.", _REFUSED
            ) from None
        except dbus.TROUBLE as reason:
            raise UnavailableError(
                f"The desktop's RemoteDesktop portal failed: {why(reason)}."
            ) from reason

    def chord(self, chord: str, check: FocusCheck = ANY_WINDOW) -> None:
        """Press "shift+insert" ... once, in the session that is open.

        Raises DeliveryError, and MovedError where `check` says no right before.
        """
        try:
            codes = chord_codes(chord)
        except ValueError as reason:
            raise DeliveryError(f"{chord!r} cannot be pressed: {reason}.") from None
        if not check.is_focused():
            raise MovedError
        try:
            self.portals.run(self._press(codes))
        except dbus.TROUBLE as reason:
            raise DeliveryError(f"The desktop did not accept the key: {reason}.") from reason

    # The rest runs on the portals' thread.

    async def _look(self) -> tuple[int, int, int]:
        portals = self.portals
        devices = await portals.number(_PORTAL, "AvailableDeviceTypes")
        return await portals.version(_PORTAL), devices, await portals.version(_CLIPBOARD)

    async def _begin(self) -> None:
        if not self._session and not self._denied and self._starting is None:
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._on_started)

    async def _opened(self, patience: float) -> str:
        await self._begin()
        if self._starting:
            starting = self._starting
            if starting is self._unanswered:  # each text would be late, for one question
                patience = 0
            if not (await asyncio.wait({starting}, timeout=patience))[0]:
                self._unanswered = starting
                raise UnavailableError(
                    "The desktop is still asking whether tray-dictate may press keys.", _UNASKED
                )
            starting.result()
        if not self._session:
            raise DeniedError
        return self._session

    async def _start(self) -> None:
        ask = self.portals.request
        token = Variant("s", f"tray_dictate_{secrets.token_hex(8)}")
        create = f"{_PORTAL}.CreateSession"
        response = await ask(create, "a{sv}", options={"session_handle_token": token})
        session = str(response["session_handle"])
        options = {"types": Variant("u", _KEYBOARD)}
        if self._restores:
            options["persist_mode"] = Variant("u", _UNTIL_REVOKED)
            if token := self._saved_token():
                options["restore_token"] = Variant("s", token)
        await ask(f"{_PORTAL}.SelectDevices", "oa{sv}", session, options=options)
        if self.offers_clipboard:
            await self.portals.call(f"{_CLIPBOARD}.RequestClipboard", "oa{sv}", session, {})
        results = await ask(f"{_PORTAL}.Start", "osa{sv}", session, "")
        self._save_token(str(results.get("restore_token", "")))
        if not int(results.get("devices", 0)) & _KEYBOARD:
            await self.portals.call("Session.Close", "", path=session)
            raise DeniedError
        self.clipboard = bool(results.get("clipboard_enabled", False))
        self._session = session

    def _on_started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        if task.cancelled():
            return
        reason = task.exception()
        self._denied = isinstance(reason, DeniedError)
        if reason:
            log.info("no keys by the RemoteDesktop portal: %s", type(reason).__name__)

    def _on_closed(self, path: str, *_: Any) -> None:
        if self._session and path == self._session:
            log.info("the desktop has ended our RemoteDesktop session")
            self._session, self.clipboard = "", False

    def _on_lost(self) -> None:
        self._on_closed(self._session)

    async def _press(self, codes: Sequence[int]) -> None:
        session, down = self._session, list[int]()
        if not session:
            raise DBusError(f"{_PORTAL}.Closed", "it has ended our session")
        try:
            for code in codes:
                down.append(code)
                await self._key(session, code, down=True)
                await asyncio.sleep(GAP)
        finally:
            for code in reversed(down):
                with suppress(*dbus.TROUBLE):
                    await self._key(session, code, down=False)
                await asyncio.sleep(GAP)

    async def _key(self, session: str, code: int, *, down: bool) -> None:
        member = f"{_PORTAL}.NotifyKeyboardKeycode"
        try:
            await self.portals.call(member, "oa{sv}iu", session, {}, code, int(down))
        except DBusError:
            if self._session:  # whatever is wrong with it, the next one is new
                self._on_closed(self._session)
                with suppress(*dbus.TROUBLE):
                    await self.portals.call("Session.Close", "", path=session)
            raise

    def _saved_token(self) -> str:
        try:
            return self._token.read_text().strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _save_token(self, token: str) -> None:
        if not token:
            return
        try:
            files.private_folder(self._token.parent)
            files.write_atomic(self._token, token, 0o600)
        except OSError as reason:
            log.warning("the desktop will ask again, for %s: %s", self._token, reason)
