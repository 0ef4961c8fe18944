"""Presses keys by the RemoteDesktop portal, with the user's permission, which is asked for once.

The permission is a token of the portal's, good for one session, which returns the next token. The
portal's keys add up with modifiers that the user holds: callers wait for their release.

While a session is open, the desktop shows that the screen is shared. So it is closed when it is
idle, unless the desktop would have to ask again (it gave no token) or the clipboard depends on it.
The desktop's question does not say who asks or why: the user is told before it comes.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Protocol

from dbus_fast import DBusError, Variant

from tray_dictate.core.errors import DeliveryError, UnavailableError, why
from tray_dictate.core.ports import Notifier
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.wayland.keymap import chord_codes
from tray_dictate.system import files
from tray_dictate.system.desktop import dbus
from tray_dictate.system.desktop.portals import PROMPT, DeniedError, Portals
from tray_dictate.system.desktop.session_names import session_names
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)

IDLE = 10.0  # seconds without use after which the session is closed
READ = 2.0  # seconds between our explanation and the desktop's question
SILENT = 1.5  # seconds for a session with a token: later, the desktop asks nevertheless
GAP = 0.01  # seconds between two keys: without it mutter does not know of Ctrl when V comes
_PORTAL, _CLIPBOARD = "RemoteDesktop", "Clipboard"
_KEYBOARD = 1  # of the kinds of devices
_UNTIL_REVOKED = 2
_WHY = "tray_dictate inserts your words by pressing the keys of a paste."
_GNOME = "Switch on “Allow Remote Interaction”, then choose Share."
_OTHERS = "Allow it."
_REFUSED = "Restart tray-dictate to be asked again."


def _answer() -> str:
    """Return what the user has to do in the desktop's dialog."""
    return _GNOME if "gnome" in session_names() else _OTHERS


class SessionUser(Protocol):
    """Uses the session also while no key is pressed; called on the portals' thread."""

    def needs_session(self) -> bool:
        """Tell whether something would be lost if the session ended now."""
        ...


class RemoteSession:
    """Keys, and the clipboard where the desktop has it; the session is opened when it is needed."""

    user: SessionUser | None = None

    def __init__(
        self, portals: Portals, notices: Notifier | None = None, *, idle: float = IDLE
    ) -> None:
        """The user is not asked yet; `notices` may be told on any thread, `idle` is in seconds.

        Raises UnavailableError.
        """
        self.portals, self._notices, self._idle = portals, notices, idle
        self._token = files.portal_token_file()
        self._kept = False  # the desktop gave a token: it does not ask for the next session
        self._lent = False  # until somebody has pressed a key
        self._rest: asyncio.TimerHandle | None = None
        self._closing = TaskSet()
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

    def prepare(self, *, ask: bool) -> None:
        """Begin to open the session; returns at once.

        Without `ask` only where the desktop is not expected to ask the user.
        """
        self.portals.run(self._begin(ask=ask))

    @contextmanager
    def opened(self) -> Generator[None]:
        """Open the session, and keep it open meanwhile. Raises as `open`; for one thread."""
        self._lent = True
        try:
            self.open()
            yield
        finally:
            self._lent = False
            self.portals.run(self._touch())

    def open(self, patience: float = PROMPT, *, ask: bool = True) -> str:
        """Return the session; without `ask` only if the user need not be asked for it.

        Raises UnavailableError where the user has not allowed it yet.
        """
        try:
            return self.portals.run(self._opened(patience, ask=ask))
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

    async def _touch(self) -> None:
        self.used()

    def used(self) -> None:
        """Count the session as used: it is closed some seconds later."""
        if self._rest:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(self._idle, self._tire)

    def _tire(self) -> None:
        needed = self._lent or (self.user and self.user.needs_session())
        if self._session and self._kept and not needed:
            log.info("the RemoteDesktop session is idle, and closed")
            session = self._session
            self._on_closed(session)
            self._closing.start(self._close(session))

    async def _close(self, session: str) -> None:
        with suppress(*dbus.TROUBLE):
            await self.portals.call("Session.Close", "", path=session)

    async def _look(self) -> tuple[int, int, int]:
        portals = self.portals
        devices = await portals.number(_PORTAL, "AvailableDeviceTypes")
        return await portals.version(_PORTAL), devices, await portals.version(_CLIPBOARD)

    async def _begin(self, *, ask: bool = True) -> None:
        self.used()
        if self._session or self._denied or self._starting:
            return
        if ask or self._saved_token():
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._on_started)

    async def _opened(self, patience: float, *, ask: bool) -> str:
        await self._begin(ask=ask)
        if self._starting:
            starting = self._starting
            if starting is self._unanswered:  # each text would be late, for one question
                patience = 0
            if not (await asyncio.wait({starting}, timeout=patience))[0]:
                self._unanswered = starting
                raise UnavailableError(
                    "The desktop is still asking whether tray-dictate may press keys.",
                    f"{_answer()} Then your next dictation will be inserted.",
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
        saved = self._saved_token() if self._restores else ""
        if self._restores:
            options["persist_mode"] = Variant("u", _UNTIL_REVOKED)
        if saved:
            options["restore_token"] = Variant("s", saved)
        await ask(f"{_PORTAL}.SelectDevices", "oa{sv}", session, options=options)
        if self.offers_clipboard:
            await self.portals.call(f"{_CLIPBOARD}.RequestClipboard", "oa{sv}", session, {})
        async with self._explained(SILENT if saved else 0):
            results = await ask(f"{_PORTAL}.Start", "osa{sv}", session, "")
        self._save_token(str(results.get("restore_token", "")))
        if not int(results.get("devices", 0)) & _KEYBOARD:
            await self._close(session)
            raise DeniedError
        self.clipboard = bool(results.get("clipboard_enabled", False))
        self._session = session

    @asynccontextmanager
    async def _explained(self, delay: float) -> AsyncGenerator[None]:
        """Tell the user, after `delay` seconds, what the desktop asks, and for how long it does.

        What is told at once gets some seconds to be read.
        """
        notices = self._notices
        if notices is None:
            yield
            return
        message = f"Your desktop asks about “Remote Desktop” (remote control): {_WHY} {_answer()}"
        timer = asyncio.get_running_loop().call_later(delay, notices.tell, message, "permission")
        try:
            await asyncio.sleep(0 if delay else READ)
            yield
        finally:
            timer.cancel()
            notices.tell("", "permission")

    def _on_started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        self.used()
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
        self.used()
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
                await self._close(session)
            raise

    def _saved_token(self) -> str:
        try:
            return self._token.read_text().strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _save_token(self, token: str) -> None:
        self._kept = bool(token)
        try:
            if not token:  # the last one was good for this session only
                self._token.unlink(missing_ok=True)
                return
            files.private_folder(self._token.parent)
            files.write_atomic(self._token, token, 0o600)
        except OSError as reason:
            log.warning("the desktop will ask again, for %s: %s", self._token, reason)
