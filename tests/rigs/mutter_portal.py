"""The portals RemoteDesktop and Clipboard over mutter, as xdg-desktop-portal-gnome has them.

Debian 12's front end knows no Clipboard portal, and its GNOME back end asks in a dialog. What the
user answers is in $PORTAL_ANSWER: 0 for yes, 1 for no. Each line of the log is a call.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.rigs.mutter import NAME, PATH, SESSION

DESKTOP, ROOT = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
PORTAL = "org.freedesktop.portal."
VERSIONS = {"RemoteDesktop.version": 2, "RemoteDesktop.AvailableDeviceTypes": 3,
            "Clipboard.version": 1}  # fmt: skip
PLAIN = {
    "Clipboard.SelectionWrite": "u", "Clipboard.SelectionWriteDone": "ub",
    "Clipboard.SelectionRead": "s",
}  # fmt: skip


class Portal:
    """One client's sessions; mutter does the work."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._theirs: dict[str, tuple[str, str]] = {}  # mutter's session -> ours, whose
        self._ours: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._tasks = set[asyncio.Task[None]]()

    def on_message(self, message: Message) -> bool:
        if message.message_type is MessageType.METHOD_CALL and message.destination == DESKTOP:
            self._do(self._answer(message))
            return True
        if message.message_type is MessageType.SIGNAL and message.path in self._theirs:
            self._do(self._forward(message))
        return False

    def _do(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: Message) -> None:
        name = f"{message.interface}.{message.member}".removeprefix(PORTAL)
        try:
            if message.member == "Get":
                name = ".".join(message.body).removeprefix(PORTAL)
                number = Variant("u", VERSIONS[name])
                await self._bus.send(Message.new_method_return(message, "v", [number]))
            elif name in ("RemoteDesktop.CreateSession", "RemoteDesktop.SelectDevices",
                          "RemoteDesktop.Start"):  # fmt: skip
                await self._request(message, name)
            else:
                await self._forward_call(message, name)
        except (KeyError, RuntimeError) as reason:
            error = "org.freedesktop.DBus.Error.UnknownMethod"
            await self._bus.send(Message.new_error(message, error, str(reason)))

    async def _request(self, message: Message, name: str) -> None:
        options = message.body[-1]
        print(name, {key: given.value for key, given in options.items()}, flush=True)
        sender = (message.sender or "")[1:].replace(".", "_")
        handle = f"{ROOT}/request/{sender}/{options['handle_token'].value}"
        await self._bus.send(Message.new_method_return(message, "o", [handle]))
        code, results = 0, dict[str, Variant]()
        if name.endswith("CreateSession"):
            [mutter] = (await self._mutter(PATH, f"{NAME}.CreateSession")).body
            ours = f"{ROOT}/session/{sender}/{options['session_handle_token'].value}"
            self._theirs[mutter] = (ours, message.sender or "")
            self._ours[ours] = mutter
            await self._listen(mutter)
            results = {"session_handle": Variant("s", ours)}
        elif name.endswith("Start"):
            code = int(os.environ["PORTAL_ANSWER"])
            if not code:
                mutter = self._ours[message.body[0]]
                await self._mutter(mutter, f"{SESSION}.Start")
                # a headless seat has no keyboard until its first key, which is lost; real ones have
                for down in (True, False):
                    member = f"{SESSION}.NotifyKeyboardKeycode"
                    await self._mutter(mutter, member, "ub", 42, down)
                await self._mutter(mutter, f"{SESSION}.EnableClipboard", "a{sv}", {})
                results = {
                    "devices": Variant("u", 1), "clipboard_enabled": Variant("b", True),
                    "restore_token": Variant("s", f"token-{next(self._numbers)}"),
                }  # fmt: skip
        await self._emit("", handle, f"{PORTAL}Request.Response", "ua{sv}", code, results)

    async def _forward_call(self, message: Message, name: str) -> None:
        if name == "Session.Close":
            print(name, flush=True)
            await self._mutter(self._ours[message.path or ""], f"{SESSION}.Stop")
            await self._bus.send(Message.new_method_return(message))
            return
        session = self._ours[message.body[0]]
        member = f"{SESSION}.{message.member}"
        reply: Message | None = None
        if name == "RemoteDesktop.NotifyKeyboardKeycode":
            _, _, code, down = message.body
            reply = await self._mutter(session, member, "ub", code, bool(down))
        elif name == "Clipboard.SetSelection":
            types = message.body[1].get("mime_types")
            given = {"mime-types": types} if types else {}
            reply = await self._mutter(session, member, "a{sv}", given)
        elif name != "Clipboard.RequestClipboard":
            reply = await self._mutter(session, member, PLAIN[name], *message.body[1:])
        # dbus-fast 5.2 gives a message without files those of the next one
        files = list(reply.unix_fds) if reply and reply.signature == "h" else []
        answer = Message.new_method_return(
            message, "h" if files else "", [0] if files else [], files
        )
        await self._bus.send(answer)
        for file in files:
            os.close(file)

    async def _forward(self, message: Message) -> None:
        ours, client = self._theirs[message.path or ""]
        if message.member == "SelectionOwnerChanged":
            given = {key.replace("-", "_"): found for key, found in message.body[0].items()}
            member = f"{PORTAL}Clipboard.SelectionOwnerChanged"
            await self._emit(client, ROOT, member, "oa{sv}", ours, given)
        elif message.member == "SelectionTransfer":
            print("SelectionTransfer", *message.body, flush=True)
            member = f"{PORTAL}Clipboard.SelectionTransfer"
            await self._emit(client, ROOT, member, "osu", ours, *message.body)
        elif message.member == "Closed":
            await self._emit(client, ours, f"{PORTAL}Session.Closed", "a{sv}", {})

    async def _emit(self, client: str, path: str, member: str, signature: str, *body: Any) -> None:
        interface, _, name = member.rpartition(".")
        message = Message.new_signal(path, interface, name, signature, list(body))
        message.destination = client or None
        await self._bus.send(message)

    async def _mutter(self, path: str, member: str, signature: str = "", *body: Any) -> Message:
        interface, _, name = member.rpartition(".")
        reply = await self._bus.call(
            Message(destination=NAME, path=path, interface=interface, member=name,
                    signature=signature, body=list(body))
        )  # fmt: skip
        if reply.message_type is MessageType.ERROR:
            raise RuntimeError(f"{member}: {reply.body}")
        return reply

    async def _listen(self, session: str) -> None:
        await self._bus.call(
            Message(
                destination="org.freedesktop.DBus", path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus", member="AddMatch", signature="s",
                body=[f"type='signal',path='{session}'"], flags=MessageFlag.NO_AUTOSTART,
            )
        )  # fmt: skip


async def main() -> None:
    bus = await MessageBus(negotiate_unix_fd=True).connect()
    portal = Portal(bus)
    bus.add_message_handler(portal.on_message)
    await bus.request_name(DESKTOP)
    with suppress(asyncio.CancelledError):
        await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(main())
