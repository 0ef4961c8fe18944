"""Mutter's private interface for remote control, without a dialog: the rig's keyboard, a copy."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import Any

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.system.desktop import dbus
from tray_dictate.system.threads import Bridge

NAME, PATH = "org.gnome.Mutter.RemoteDesktop", "/org/gnome/Mutter/RemoteDesktop"
SESSION = f"{NAME}.Session"
SHIFT = 42
GAP = 0.01  # seconds; without it mutter does not know of Ctrl when V comes


class Mutter:
    """One session of remote control."""

    def __init__(self, bus: str) -> None:
        self._bridge = Bridge()
        self._bus: Any = None
        self._bridge.start()
        try:
            self._run(self._start(bus))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with suppress(OSError, EOFError):
            self._run(self._end())
        self._bridge.stop()

    async def _end(self) -> None:
        if self._bus:
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()

    def _run(self, work: Any) -> Any:
        return self._bridge.run(work).result(60)

    async def _start(self, bus: str) -> None:
        self._bus = await MessageBus(bus_address=bus, negotiate_unix_fd=True).connect()
        [path] = await dbus.Service(self._bus, NAME, PATH).call(NAME, "CreateSession")
        self._session = dbus.Service(self._bus, NAME, path)
        await self._call("Start")

    async def _call(self, member: str, signature: str = "", *body: Any) -> list[Any]:
        return await self._session.call(SESSION, member, signature, *body)


class MutterKeyboard(Mutter):
    """Keys that mutter takes for a keyboard's."""

    def key(self, code: int, *, down: bool) -> None:
        """Press or release a key of Linux's code, no sooner after another than a person does."""
        time.sleep(GAP)
        self._run(self._call("NotifyKeyboardKeycode", "ub", code, down))

    async def _start(self, bus: str) -> None:
        await super()._start(bus)
        for down in (True, False):  # only now is there a keyboard, and windows can have its focus
            await self._call("NotifyKeyboardKeycode", "ub", SHIFT, down)


class MutterCopy(Mutter):
    """A program in which somebody has copied something, of several types; or does so later."""

    def __init__(self, bus: str, contents: dict[str, bytes], *, later: bool = False) -> None:
        self._contents = contents
        super().__init__(bus)
        if not later:
            self.copy()

    def copy(self) -> None:
        """Have it copied; the desktop knows then."""
        types = {"mime-types": Variant("as", [*self._contents])}
        self._run(self._call("SetSelection", "a{sv}", types))

    async def _start(self, bus: str) -> None:
        await super()._start(bus)
        await self._session.signals(self._on_message, path=self._session.path)
        await self._call("EnableClipboard", "a{sv}", {})

    def _on_message(self, message: Message) -> None:
        if message.member == "SelectionTransfer":
            self._bridge.run(self._serve(*message.body))

    async def _serve(self, kind: str, serial: int) -> None:
        reply = await self._bus.call(
            Message(
                destination=NAME, path=self._session.path, interface=SESSION,
                member="SelectionWrite", signature="u", body=[serial],
            )
        )  # fmt: skip
        with os.fdopen(reply.unix_fds[0], "wb") as pipe:
            await asyncio.to_thread(pipe.write, self._contents[kind])
        await self._call("SelectionWriteDone", "ub", serial, True)
