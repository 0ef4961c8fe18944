"""The tray on Linux: one icon, by StatusNotifierItem where a host draws it, else by XEmbed.

Hosts and the session bus may come, go and restart; the icon follows them, and is never shown twice.
The main thread only waits; the loop owns all state; XEmbed has its own thread (xembed.py).
"""

from __future__ import annotations

import asyncio
import logging
import os

from dbus_fast.aio import MessageBus

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuState, TrayCommands, Urgency
from tray_dictate.system.desktop.dbus import TROUBLE, Backoff, connect
from tray_dictate.system.desktop.wayland import compositor_answers
from tray_dictate.system.threads import Bridge, TaskSet
from tray_dictate.ui.labels import Unread, plain, status_with_unread
from tray_dictate.ui.tray.headless import MainThreadWait
from tray_dictate.ui.tray.menu import View
from tray_dictate.ui.tray.notifications import Notifications, show_once
from tray_dictate.ui.tray.sni import Item
from tray_dictate.ui.tray.xembed import XEmbedIcon

log = logging.getLogger(__name__)

_FAREWELL = 3.0  # seconds to show the last messages
GRACE = 1.0  # seconds without a host before XEmbed is used: panels restart
_Notice = tuple[str, str, Urgency, tuple[str, ...]]  # message, cause, urgency, buttons
_PAUSES = (1.0, 60.0)  # seconds between two attempts to connect: at first, and at most


class LinuxTray:
    """Icon and notifications, as far as the desktop shows them."""

    def __init__(
        self, bridge: Bridge, commands: TrayCommands, *, icon: bool, notifications: bool
    ) -> None:
        self._bridge, self._commands = bridge, commands
        self._icon, self._notifications = icon, notifications
        self._over = MainThreadWait()
        self._view = View()
        self._item: Item | None = None
        self._notifier: Notifications | None = None  # while there is a bus
        self._early: list[_Notice] | None = []  # before the first attempt to connect
        self._real = (Status.IDLE, "")  # without the unread message
        self._unread: Unread | None = None
        self._unread_cause = ""
        self._sending = TaskSet()
        self._xembed: XEmbedIcon | None = None
        self._unhosted: asyncio.TimerHandle | None = None
        self._serving = bridge.run(self._serve())

    def run(self) -> None:
        """Block until `stop`."""
        self._over.wait()

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        """Show the status on the icon."""
        self._bridge.post(self._show, status, detail, listening)

    def offer(self, choices: MenuState) -> None:
        """Show these choices in the menu."""
        self._bridge.post(self._offer, choices)

    def level(self, level: float) -> None:
        """Show the input level on the icon."""
        self._bridge.post(self._level, level)

    def notify(
        self,
        message: str,
        cause: str = "",
        urgency: Urgency = Urgency.NORMAL,
        buttons: tuple[str, ...] = (),
    ) -> None:
        """Show a notification; where none can be shown, log the message and show it on the icon."""
        self._bridge.post(self._notify, (message, cause, urgency, buttons))

    def stop(self) -> None:
        """Remove the icon, disconnect from the bus and end `run`."""
        self._serving.cancel()  # disconnects on the loop, a moment later
        self._over.set()

    async def close(self) -> None:
        """Wait, for at most 3 s, until the notifications are shown."""
        if self._over.is_set():
            self._flush()  # no connection will come any more for those that wait
        await self._sending.wait(_FAREWELL)

    def _show(self, status: Status, detail: str, listening: bool) -> None:
        if status in (Status.OPENING, Status.RECORDING):
            self._unread = None  # the user goes on
        self._real = (status, detail)
        shown = status_with_unread(status, detail, self._unread)
        self._change(self._view.of(*shown).hearing(listening))

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

    def _notify(self, notice: _Notice) -> None:
        message, cause, urgency, _ = notice
        if not message:
            self._withdraw(cause)
        elif self._notifications and self._notifier:
            self._sending.start(self._say(self._notifier, notice))
        elif self._notifications and (self._over.is_set() or self._serving.cancelled()):
            self._sending.start(show_once(message, cause, urgency))
        elif self._notifications and self._early is not None:
            self._early.append(notice)
        else:
            why = " (not shown: no session bus)" if self._notifications else ""
            log.warning("%s%s", plain(message), why)
            self._keep_at_icon(notice)

    def _withdraw(self, cause: str) -> None:
        """Remove the notices of a cause: the trouble is over."""
        if self._early is not None:
            self._early = [notice for notice in self._early if notice[1] != cause]
        if self._notifier:
            self._sending.start(self._notifier.close(cause))
        if self._unread_cause == cause:
            self._unread = None
            self._change(self._view.of(*self._real))

    async def _say(self, notifier: Notifications, notice: _Notice) -> None:
        if not await notifier.show(*notice):
            self._keep_at_icon(notice)

    def _keep_at_icon(self, notice: _Notice) -> None:
        """Show on the icon, until the next dictation, a message that no notification shows."""
        message, cause, urgency, _ = notice
        self._unread, self._unread_cause = (message, urgency), cause
        self._change(self._view.of(*status_with_unread(*self._real, self._unread)))

    async def _serve(self) -> None:
        """Connect to the session bus, again whenever it has gone, until cancelled."""
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
        """Show icon and notifications over this connection until it ends."""
        self._notifier = Notifications(bus, self._commands)
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
            self._notifier = self._item = None
            try:
                await self.close()
            finally:
                bus.disconnect()

    def _flush(self) -> None:
        early, self._early = self._early, None
        for notice in early or []:
            self._notify(notice)

    def _hosted(self, hosted: bool) -> None:
        """Remove the XEmbed icon at once if a host draws ours, else show it after `GRACE`."""
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
    """Return whether this is an X11 session. Xwayland has no panel, and must not be started."""
    return bool(os.environ.get("DISPLAY")) and not compositor_answers()
