"""Mutter's private interface for remote control, without a dialog: the rig's keyboard."""

from __future__ import annotations

from typing import Any

from dbus_fast.aio import MessageBus

from tray_dictate import dbus
from tray_dictate.bridge import Bridge

NAME, PATH = "org.gnome.Mutter.RemoteDesktop", "/org/gnome/Mutter/RemoteDesktop"
SESSION = f"{NAME}.Session"
SHIFT = 42


class MutterKeyboard:
    """Keys that mutter takes for a keyboard's."""

    def __init__(self, bus: str) -> None:
        self._bridge = Bridge()
        self._bridge.start()
        try:
            self._run(self._start(bus))
        except BaseException:
            self.close()
            raise

    def key(self, code: int, *, down: bool) -> None:
        """Press or release a key of Linux's code."""
        self._run(self._call(self._session, f"{SESSION}.NotifyKeyboardKeycode", "ub", code, down))

    def close(self) -> None:
        self._bridge.stop()

    def _run(self, work: Any) -> Any:
        return self._bridge.run(work).result(60)

    async def _start(self, bus: str) -> None:
        self._bus = await MessageBus(bus_address=bus).connect()
        [self._session] = await self._call(PATH, f"{NAME}.CreateSession")
        await self._call(self._session, f"{SESSION}.Start")
        for down in (True, False):  # only now is there a keyboard, and windows can have its focus
            await self._call(self._session, f"{SESSION}.NotifyKeyboardKeycode", "ub", SHIFT, down)

    async def _call(self, path: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        return await dbus.call(self._bus, NAME, path, member, signature, *body)
