"""Base class of hotkeys whose keys a desktop service watches, reached over the session bus.

A thread of its own waits for the service's signals. If the service is restarted, the shortcuts are
bound again; until then no key counts as held. Binding may wait for the user's answer, so `start`
does not wait for it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass

from dbus_fast import DBusError, Message
from dbus_fast.aio import MessageBus

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError, why
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.desktop_shortcuts import DICTATE, ShortcutEdges, Trigger
from tray_dictate.core.keys.names import Chord, parse_chord
from tray_dictate.core.ports import HotkeyListener, Notifier
from tray_dictate.core.signals import Signal
from tray_dictate.hotkey.advice import BINDING
from tray_dictate.system.desktop.dbus import PATIENCE, TROUBLE, Service, connect
from tray_dictate.system.threads import Bridge

log = logging.getLogger(__name__)

_REBIND = 1.0  # seconds that a restarted service gets before it is asked
_RESTART = 5.0  # seconds within which a restarted service is back; else the bus starts it
_PROBES = 6  # of Limits.answer each: at login a portal may wait a minute for its desktop
_DISTURBED = 0.3  # seconds in which a key of ours is pressed and a release because of it reported
_UNRELEASED = (
    "The desktop may not report that you release the hotkey: you pressed it in the very moment in "
    "which text was inserted. Press it once more to end the dictation."
)
TOKEN = "tray_dictate"  # noqa: S105 - KDE's portal names the owner of the keys by it


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the desktop may take, in seconds."""

    answer: float = PATIENCE  # to answer one call
    prompt: float = 2.0  # to answer while the hotkey starts or ends


_LIMITS = Limits()


class DesktopHotkey:
    """ports.Hotkey and ports.DesktopManagedHotkey; a subclass binds the keys at its service."""

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
        self._holds = settings.mode == "hold"
        self._disturbed = -math.inf  # when keys of ours were pressed last
        self._listener: HotkeyListener | None = None
        self._known = False  # whether the present service has answered `probe`
        self._stopped = False
        self._binding: asyncio.Task[None] | None = None
        self._catching_up: asyncio.Task[None] | None = None
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
        """Do nothing: the desktop offers only permanent shortcuts."""

    def held(self) -> frozenset[str] | None:
        """Return the keys of the shortcut that is down, as far as the desktop has reported it.

        An output that presses keys by the portal waits until these are up: the window would see
        both together, and the desktop may not report their release.
        """
        return self._presses.held()

    def catch_up(self, mark: int) -> None:
        """Report the mark after all signals that the service has sent by now; see ports."""
        self._bridge.post(self._begin_catch_up, mark)

    def stop(self) -> None:
        """Unbind the shortcuts; idempotent."""
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
        """Report what is held as released; see ports."""
        self._bridge.post(self.release_all)

    def disturb(self) -> None:
        """Note that we are about to press keys; see ports."""
        self._disturbed = time.monotonic()

    # For subclasses; on the hotkey's thread

    bus: MessageBus
    service: Service

    async def probe(self) -> None:
        """Ask the service whether it has global shortcuts. Raises one of TROUBLE."""

    async def bind(self) -> Trigger:
        """Bind the shortcuts; return the hotkey's keys.

        Raises one of TROUBLE, or UnavailableError.
        """
        raise NotImplementedError

    async def unbind(self) -> None:
        """Unbind the shortcuts. Raises one of TROUBLE."""

    def received(self, message: Message) -> None:
        """Process a signal of the service."""

    def pressed(self, name: str) -> None:
        """Report the press of a shortcut."""
        self._report(self._presses.pressed(name, time.monotonic()))

    def released(self, name: str) -> None:
        """Report the release of a shortcut.

        Not if our own keys may have ended the hold: what is said in it would be lost. Its real
        release is not reported then, but that of the next press is.
        """
        now = time.monotonic()
        doubtful = self._holds and name == DICTATE and now - self._disturbed < _DISTURBED
        if doubtful and self._presses.held():
            log.info("a release among our own keys is not believed")
            self.notices.tell(_UNRELEASED, "hotkey")
            return
        self._report(self._presses.released(name, now))

    def release_all(self) -> None:
        """Report all held keys as released: the service will report no release any more."""
        self._report(self._presses.lost(time.monotonic()))

    def set_trigger(self, trigger: Trigger) -> None:
        """Store the keys that the desktop assigned to the hotkey, and emit `trigger_changed`."""
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

    def _begin_catch_up(self, mark: int) -> None:
        self._catching_up = asyncio.create_task(self._catch_up(mark))

    async def _catch_up(self, mark: int) -> None:
        with suppress(*TROUBLE):  # a service that has gone sends nothing; `_owner_changed` releases
            await Service(self.bus, self.SERVICE, "/").ping()
        if self._listener:
            self._listener.caught_up(mark)

    async def _open(self) -> None:
        self.bus = await connect()
        self.service = Service(self.bus, self.SERVICE, self.PATH, self._limits.answer)
        await self.service.owner_changed(self._owner_changed)
        try:
            async with asyncio.timeout(self._limits.prompt):
                await self._probe()
        except TimeoutError:  # it is slow: `_wait_known` asks it again
            log.info("%s does not answer yet", self.SERVICE)

    async def _probe(self) -> None:
        """Probe the present service. Raises one of TROUBLE."""
        await self.probe()
        self._known = True

    async def _wait_known(self) -> None:
        """Probe the service until it answers. Raises UnavailableError."""
        for attempt in range(1, _PROBES + 1):
            if self._known:
                return
            try:
                await self._probe()
            except TimeoutError as reason:
                if attempt == _PROBES:
                    raise self._lacking(reason, BINDING) from reason
            except TROUBLE as reason:
                raise self._lacking(reason, BINDING) from reason

    async def _close(self) -> None:
        self._listener = None
        if self._binding:
            self._binding.cancel()
        if hasattr(self, "bus") and self.bus.connected:
            with suppress(*TROUBLE):
                async with asyncio.timeout(self._limits.prompt):
                    await self.unbind()
            self.bus.disconnect()

    def _owner_changed(self, owner: str) -> None:
        """Bind again after the service was restarted; `owner` is "" while it is gone."""
        self._known = False
        if not self._listener:
            return
        self.release_all()
        if owner or self.STARTS:
            self._bind_soon(_REBIND if owner else _RESTART)

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
            self.set_trigger(Trigger("", words, self.SOURCE))
            self.notices.tell(words, "hotkey")
        else:
            self.set_trigger(trigger)

    def _lacking(self, reason: BaseException, remedy: str = "") -> UnavailableError:
        return UnavailableError(f"{self.LACKING} ({why(reason)}).", remedy)

    def _in_words(self, reason: BaseException) -> str:
        if isinstance(reason, UnavailableError):
            return str(reason)
        name = f" ({reason.type})" if isinstance(reason, DBusError) else ""
        return f"The desktop did not bind the hotkey: {why(reason)}{name}. {BINDING}"
