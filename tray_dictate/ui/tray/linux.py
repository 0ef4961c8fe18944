"""The tray on Linux: one icon, by StatusNotifierItem where a host draws it, else by XEmbed.

Hosts come, go and restart, and so may the bus: the icon is where it can be, in one place. The main
thread only waits; the loop owns all state; XEmbed has a thread of its own (xembed.py).
"""

from __future__ import annotations

import asyncio
import logging
import os

from dbus_fast.aio import MessageBus

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuState, TrayCommands, Urgency
from tray_dictate.system.dbus import TROUBLE, Backoff, connect
from tray_dictate.system.threads import Bridge, TaskSet
from tray_dictate.system.wayland import compositor_answers
from tray_dictate.ui.labels import Unseen, plain, seen
from tray_dictate.ui.tray.headless import MainThreadWait
from tray_dictate.ui.tray.menu import View
from tray_dictate.ui.tray.notifications import Notifications, show_once
from tray_dictate.ui.tray.sni import Item
from tray_dictate.ui.tray.xembed import XEmbedIcon

log = logging.getLogger(__name__)

_FAREWELL = 3.0  # seconds for the last messages
GRACE = 1.0  # seconds without a host before the other kind of icon comes: panels restart
_Told = tuple[str, str, Urgency, tuple[str, ...]]  # message, cause, urgency, buttons
_PAUSES = (1.0, 60.0)  # seconds between two looks for the bus: at first, and at last


class LinuxTray:
    """Icon and notifications, as far as the desktop has places for them."""

    def __init__(
        self, bridge: Bridge, commands: TrayCommands, *, icon: bool, notifications: bool
    ) -> None:
        self._bridge, self._commands = bridge, commands
        self._icon, self._notifications = icon, notifications
        self._over = MainThreadWait()
        self._view = View()
        self._item: Item | None = None
        self._bubbles: Notifications | None = None  # while there is a bus
        self._early: list[_Told] | None = []  # messages before the first look for it
        self._real = (Status.IDLE, "")  # without what is unseen
        self._unseen: Unseen | None = None
        self._unseen_cause = ""
        self._sending = TaskSet()
        self._xembed: XEmbedIcon | None = None
        self._unhosted: asyncio.TimerHandle | None = None
        self._serving = bridge.run(self._serve())

    def run(self) -> None:
        """Block until `stop`."""
        self._over.wait()

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        """Show a status on whichever icon there is."""
        self._bridge.post(self._show, status, detail, listening)

    def offer(self, choices: MenuState) -> None:
        """Show these in the menu."""
        self._bridge.post(self._offer, choices)

    def level(self, level: float) -> None:
        """Show the input level on whichever icon there is."""
        self._bridge.post(self._level, level)

    def notify(
        self,
        message: str,
        cause: str = "",
        urgency: Urgency = Urgency.NORMAL,
        buttons: tuple[str, ...] = (),
    ) -> None:
        """Say it in a notification; where nothing shows it, in the log and at the icon."""
        self._bridge.post(self._notify, (message, cause, urgency, buttons))

    def stop(self) -> None:
        """Take the icon away, leave the bus and end `run`."""
        self._serving.cancel()  # leaves the bus on the loop, a moment later
        self._over.set()

    async def close(self) -> None:
        """Wait until what is to be said is shown."""
        if self._over.is_set():
            self._flush()  # what waits for a connection that nobody makes any more
        await self._sending.wait(_FAREWELL)

    def _show(self, status: Status, detail: str, listening: bool) -> None:
        if status in (Status.OPENING, Status.RECORDING):
            self._unseen = None  # the user goes on
        self._real = (status, detail)
        self._change(self._view.of(*seen(status, detail, self._unseen)).hearing(listening))

    def _offer(self, choices: MenuState) -> None:
        self._change(self._view.offering(choices))
        if self._item:
            self._item.offered()

    def _level(self, level: float) -> None:
        self._change(self._view.louder(level))

    def _change(self, view: View) -> None:
        if view == self._view:
            return
        self._view = view
        if self._item:
            self._item.show(view)
        if self._xembed:
            self._xembed.paint(view)

    def _notify(self, told: _Told) -> None:
        message, cause, urgency, _ = told
        if not message:
            self._take_away(cause)
        elif self._notifications and self._bubbles:
            self._sending.start(self._say(self._bubbles, told))
        elif self._notifications and (self._over.is_set() or self._serving.cancelled()):
            self._sending.start(show_once(message, cause, urgency))
        elif self._notifications and self._early is not None:
            self._early.append(told)
        else:
            why = " (not shown: no session bus)" if self._notifications else ""
            log.warning("%s%s", plain(message), why)
            self._keep_at_icon(told)

    def _take_away(self, cause: str) -> None:
        """Show no more what was told of a cause: it is no trouble any more."""
        if self._early is not None:
            self._early = [told for told in self._early if told[1] != cause]
        if self._bubbles:
            self._sending.start(self._bubbles.close(cause))
        if self._unseen_cause == cause:
            self._unseen = None
            self._change(self._view.of(*self._real))

    async def _say(self, bubbles: Notifications, told: _Told) -> None:
        if not await bubbles.show(*told):
            self._keep_at_icon(told)

    def _keep_at_icon(self, told: _Told) -> None:
        """Have the icon say what no notification could, until the next dictation."""
        message, cause, urgency, _ = told
        self._unseen, self._unseen_cause = (message, urgency), cause
        self._change(self._view.of(*seen(*self._real, self._unseen)))

    async def _serve(self) -> None:
        """Be on the bus whenever there is one, until cancelled."""
        backoff = Backoff(*_PAUSES)
        try:
            while True:
                try:
                    await self._use(await connect())
                    backoff.reset()
                except TROUBLE as error:
                    log.log(
                        logging.INFO if backoff.is_fresh else logging.DEBUG,
                        "No session bus, so no notifications: %s", error,
                    )  # fmt: skip
                self._hosted(False)
                self._flush()
                await asyncio.sleep(backoff.next())
        finally:
            self._close_xembed()
            self._flush()

    async def _use(self, bus: MessageBus) -> None:
        """Have icon and notifications on this connection until it ends."""
        self._bubbles = Notifications(bus, self._commands)
        try:
            self._flush()
            if self._icon:
                self._item = Item(bus, self._view, self._commands)
                self._item.hosted_changed.subscribe(self._hosted)
                await self._item.start()
            await bus.wait_for_disconnect()
        except EOFError:
            log.info("The session bus has gone")
        finally:
            if self._item:
                self._item.close()
            self._bubbles = self._item = None
            try:
                await self.close()
            finally:
                bus.disconnect()

    def _flush(self) -> None:
        early, self._early = self._early, None
        for told in early or []:
            self._notify(told)

    def _hosted(self, hosted: bool) -> None:
        """Take the XEmbed icon away at once, or bring it when no host has come for a while."""
        if self._unhosted:
            self._unhosted.cancel()
            self._unhosted = None
        if hosted:
            if self._xembed:
                self._xembed.want(False)
        elif self._icon and _has_x_panels():
            self._unhosted = asyncio.get_running_loop().call_later(GRACE, self._embed)

    def _embed(self) -> None:
        if self._xembed is None:
            self._xembed = XEmbedIcon(self._commands)
            self._xembed.paint(self._view)
        self._xembed.want(True)

    def _close_xembed(self) -> None:
        if self._unhosted:
            self._unhosted.cancel()
        if self._xembed:
            self._xembed.stop()


def _has_x_panels() -> bool:
    """Return whether this is an X11 session: Xwayland has no panel, and is not to be started."""
    return bool(os.environ.get("DISPLAY")) and not compositor_answers()
