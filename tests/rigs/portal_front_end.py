"""A portal's front end as newer ones are: it serves whom it knows."""

from __future__ import annotations

from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tray_dictate.system.threads import Bridge

PATH = "/org/freedesktop/portal/desktop"
BOUND = [["dictate", {"trigger_description": Variant("s", "Ctrl+Alt+Space")}]]
GNOME = [["dictate", {"trigger_description": Variant("s", "<Control><Alt>space drücken")}]]


class FrontEnd:
    """A portal's front end until `end`; while it is `busy` it answers nothing."""

    def __init__(self, *, busy: bool = False, offers: bool = True) -> None:
        self.busy, self.offers = busy, offers
        self.silent = False  # it takes requests, and answers none
        self.code = 0  # of its answers to BindShortcuts
        self.binds: list[list[Any]] | None = None  # which it then names; None: it knew them before
        self.changes: list[list[Any]] | None = None  # which it tells of at once
        self.known, self.served = set[str](), list[str]()
        self._bridge = Bridge()
        self._bridge.start()
        self._bus = self._bridge.run(self._serve()).result(30)

    def end(self) -> None:
        self._bridge.post(self._bus.disconnect)
        self._bridge.run(self._bus.wait_for_disconnect()).result(30)
        self._bridge.stop()

    def _tell_of(self, session: str, shortcuts: list[list[Any]]) -> None:
        interface = "org.freedesktop.portal.GlobalShortcuts"
        body = [session, shortcuts]
        changed = Message.new_signal(PATH, interface, "ShortcutsChanged", "oa(sa{sv})", body)
        self._bridge.post(self._bus.send, changed)

    def answer(self, path: str, found: dict[str, Variant], code: int = 0) -> None:
        """Answer a request."""
        response = Message.new_signal(
            path, "org.freedesktop.portal.Request", "Response", "ua{sv}", [code, found]
        )
        self._bridge.post(self._bus.send, response)

    async def _serve(self) -> MessageBus:
        bus = await MessageBus().connect()
        self._bus = bus
        bus.add_message_handler(self._asked)
        await bus.request_name("org.freedesktop.portal.Desktop")
        return bus

    def _asked(self, asked: Message) -> Message | bool | None:
        if asked.message_type is not MessageType.METHOD_CALL:
            return None
        if self.busy:
            return True
        match asked.member:
            case "Register":
                self.known.add(asked.sender)
                return Message.new_method_return(asked)
            case "Get" if self.offers:
                return Message.new_method_return(asked, "v", [Variant("u", 2)])
            case "Get":
                name = "org.freedesktop.DBus.Error.InvalidArgs"
                return Message.new_error(asked, name, "No such interface")
            case "Close":
                return Message.new_method_return(asked)
            case _ if asked.sender not in self.known:
                name = "org.freedesktop.portal.Error.NotAllowed"
                return Message.new_error(asked, name, "An app id is required")
            case _:
                return self._request(asked)

    def _request(self, asked: Message) -> Message:
        sender, options = asked.sender[1:].replace(".", "_"), asked.body[-1]
        path = f"{PATH}/request/{sender}/{options['handle_token'].value}"
        found = {"shortcuts": Variant("a(sa{sv})", BOUND)}
        if asked.member == "ListShortcuts" and self.binds is not None:
            found = {"shortcuts": Variant("a(sa{sv})", [])}
        if asked.member == "BindShortcuts":
            found = {"shortcuts": Variant("a(sa{sv})", self.binds)} if self.binds else {}
            if self.changes is not None:
                self._tell_of(asked.body[0], self.changes)
        if asked.member == "CreateSession":
            found = {"session_handle": Variant("s", f"{PATH}/session/{sender}/tray_dictate")}
        if not self.silent:
            self.answer(path, found, self.code if asked.member == "BindShortcuts" else 0)
        self.served.append(asked.member)
        return Message.new_method_return(asked, "o", [path])
