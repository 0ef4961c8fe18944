"""The base of back ends in which a service of the desktop watches the keys, on the session bus.

A thread of its own waits for the service's signals. The service may be restarted, and then the
shortcuts are bound again; until then nothing is held. Binding may wait for the user's answer, so
`start` does not wait for it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import time
from contextlib import suppress
from dataclasses import dataclass

from dbus_fast import DBusError, Message
from dbus_fast.aio import MessageBus

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.chord import Edge
from tray_dictate.core.desktop_shortcuts import DICTATE, ShortcutEdges, Trigger
from tray_dictate.core.errors import UnavailableError, why
from tray_dictate.core.keys import Chord, parse_chord
from tray_dictate.core.ports import HotkeyListener, Notifier
from tray_dictate.core.signals import Signal
from tray_dictate.system.dbus import PATIENCE, TROUBLE, Service, connect
from tray_dictate.system.threads import Bridge

log = logging.getLogger(__name__)

_AGAIN = 1.0  # seconds that a restarted service gets before it is asked
_MISSED = 5.0  # seconds within which a restarted service is back; else the bus starts it
_LOOKS = 6  # of Limits.answer each: at login a portal may wait a minute for its desktop
TOKEN = "tray_dictate"  # noqa: S105 - KDE's portal names the owner of the keys by it
REMEDY = (
    "Bind a key to `tray-dictate start` and its release to `tray-dictate stop`; "
    "`tray-dictate doctor` shows how on your desktop."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the desktop may take, in seconds."""

    answer: float = PATIENCE  # for one call
    prompt: float = 2.0  # that a start, or an end, waits for the service


_LIMITS = Limits()


class DesktopHotkey:
    """ports.Hotkey and ports.DesktopManagedHotkey; a subclass knows one service, and binds."""

    SERVICE, PATH = "", ""  # its name on the bus and its object
    SOURCE = ""  # the value of hotkey.source that means this back end
    LACKING = ""  # the message where the service is missing, without its full stop
    STARTS = False  # the bus starts the service when it is asked

    def __init__(
        self, settings: HotkeySettings, notices: Notifier, limits: Limits = _LIMITS
    ) -> None:
        """Find the service on a connection of its own. Raises UnavailableError."""
        self._limits = limits
        self.chords: dict[str, Chord] = {DICTATE: parse_chord(settings.keys), **settings.shortcuts}
        self.notices = notices
        self._presses = ShortcutEdges(self.chords)
        self._trigger = Trigger(source=self.SOURCE)
        self.trigger_changed: Signal[()] = Signal()
        self._listener: HotkeyListener | None = None
        self._known, self._stopped = False, False  # the service; whether we have ended
        self._binding: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None  # whether all signals are here
        self._bridge = Bridge("hotkey")
        self._bridge.start()
        try:
            self._bridge.run(self._open()).result(2 * PATIENCE)
        except (*TROUBLE, concurrent.futures.TimeoutError) as reason:
            self.stop()
            raise self._lacking(reason) from reason

    def start(self, listener: HotkeyListener) -> None:
        """Have the shortcuts bound, and report the edges of their keys."""
        self._bridge.run(self._begin(listener))

    def claim(self, keys: frozenset[str]) -> None:
        """Do nothing: only shortcuts that are always there can be had."""

    def held(self) -> frozenset[str] | None:
        """Return the keys of the shortcut that is down, as far as the desktop has told.

        An output that presses keys by the portal waits until they are up: they would add to its
        own.
        """
        return self._presses.held()

    def catch_up(self, mark: int) -> None:
        """Report the mark when all that the service has sent by now is here; see ports."""
        self._bridge.post(self._ask_later, mark)

    def stop(self) -> None:
        """Give the shortcuts back."""
        if self._stopped:
            return
        self._stopped = True
        with suppress(*TROUBLE, concurrent.futures.TimeoutError):
            self._bridge.run(self._close()).result(PATIENCE)
        self._bridge.stop()

    def trigger(self) -> Trigger:
        """Return the keys that the desktop assigned to the hotkey; empty until it has answered."""
        return self._trigger

    def forget(self) -> None:
        """Take what is held as released; see ports."""
        self._bridge.post(self.let_go)

    # For subclasses; on the thread

    bus: MessageBus
    service: Service

    async def probe(self) -> None:
        """Ask the service whether it offers what is needed. Raises one of TROUBLE."""

    async def bind(self) -> Trigger:
        """Bind the shortcuts; return the hotkey's keys.

        Raises one of TROUBLE, or UnavailableError.
        """
        raise NotImplementedError

    async def unbind(self) -> None:
        """Give the shortcuts back. Raises one of TROUBLE."""

    def signalled(self, message: Message) -> None:
        """Take a signal of the service."""

    def pressed(self, name: str) -> None:
        """Report the press of a shortcut."""
        self._report(self._presses.pressed(name, time.monotonic()))

    def released(self, name: str) -> None:
        """Report the release of a shortcut."""
        self._report(self._presses.released(name, time.monotonic()))

    def let_go(self) -> None:
        """Report that nothing is held: no release will be told any more."""
        self._report(self._presses.lost(time.monotonic()))

    def named(self, trigger: Trigger) -> None:
        """Take what the desktop says about the hotkey's keys."""
        if trigger != self._trigger:
            log.info("the hotkey: %s", trigger.keys or trigger.advice)
            self._trigger = trigger
            self.trigger_changed.emit()

    def _report(self, edges: list[Edge]) -> None:
        for edge in edges:
            if self._listener:
                self._listener.edge(edge)

    async def _begin(self, listener: HotkeyListener) -> None:
        self._listener = listener
        self._bind_soon(0)
        with suppress(*TROUBLE):
            await self.bus.wait_for_disconnect()
        if not self._stopped:
            listener.lost("The session bus is gone.")

    def _ask_later(self, mark: int) -> None:
        self._asking = asyncio.create_task(self._catch_up(mark))

    async def _catch_up(self, mark: int) -> None:
        with suppress(*TROUBLE):  # a service that has gone sends nothing; `_owned` lets go
            await Service(self.bus, self.SERVICE, "/").ping()
        if self._listener:
            self._listener.caught_up(mark)

    async def _open(self) -> None:
        self.bus = await connect()
        self.service = Service(self.bus, self.SERVICE, self.PATH, self._limits.answer)
        await self.service.owner_changed(self._owned)
        try:
            async with asyncio.timeout(self._limits.prompt):
                await self._look()
        except TimeoutError:  # it is there and slow: it is asked again on this thread
            log.info("%s does not answer yet", self.SERVICE)

    async def _look(self) -> None:
        """Probe the present service. Raises one of TROUBLE."""
        await self.probe()
        self._known = True

    async def _wait_known(self) -> None:
        """Probe the service until it answers. Raises UnavailableError."""
        for look in range(_LOOKS):
            if self._known:
                return
            try:
                await self._look()
            except TimeoutError as reason:
                if look == _LOOKS - 1:
                    raise self._lacking(reason, REMEDY) from reason
            except TROUBLE as reason:
                raise self._lacking(reason, REMEDY) from reason

    async def _close(self) -> None:
        self._listener = None
        if self._binding:
            self._binding.cancel()
        if hasattr(self, "bus") and self.bus.connected:
            with suppress(*TROUBLE):
                async with asyncio.timeout(self._limits.prompt):
                    await self.unbind()
            self.bus.disconnect()

    def _owned(self, owner: str) -> None:
        """Bind again with a new owner of the service; "" for none."""
        self._known = False
        if not self._listener:
            return
        self.let_go()
        if owner or self.STARTS:
            self._bind_soon(_AGAIN if owner else _MISSED)

    def _bind_soon(self, seconds: float) -> None:
        if self._binding:
            self._binding.cancel()
        self._binding = asyncio.create_task(self._bind(seconds))

    async def _bind(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            await self._wait_known()
            trigger = await self.bind()
        except (*TROUBLE, UnavailableError) as reason:
            words = self._in_words(reason)
            self.named(Trigger("", words, self.SOURCE))
            self.notices.tell(words, "hotkey")
        else:
            self.named(trigger)

    def _lacking(self, reason: BaseException, remedy: str = "") -> UnavailableError:
        return UnavailableError(f"{self.LACKING} ({why(reason)}).", remedy)

    def _in_words(self, reason: BaseException) -> str:
        if isinstance(reason, UnavailableError):
            return str(reason)
        name = f" ({reason.type})" if isinstance(reason, DBusError) else ""
        return f"The desktop did not bind the hotkey: {why(reason)}{name}. {REMEDY}"
