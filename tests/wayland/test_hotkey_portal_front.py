"""The hotkey by a front end as newer ones are: it serves whom it knows, and may be slow."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.desktop.processes import wait_until
from tests.wayland.session import Session
from tray_dictate.bridge import Bridge
from tray_dictate.config import HotkeySettings
from tray_dictate.hotkey import desktop
from tray_dictate.hotkey.portal import PortalHotkey

PATH = "/org/freedesktop/portal/desktop"
BOUND = [["dictate", {"trigger_description": Variant("s", "Ctrl+Alt+Space")}]]


class FrontEnd:
    """A portal's front end until `end`; while it is `busy` it answers nothing."""

    def __init__(self, *, busy: bool = False, offers: bool = True) -> None:
        self.busy, self.offers = busy, offers
        self.known, self.served = set[str](), list[str]()
        self._bridge = Bridge()
        self._bridge.start()
        self._bus = self._bridge.run(self._serve()).result(30)

    def end(self) -> None:
        self._bridge.post(self._bus.disconnect)
        self._bridge.run(self._bus.wait_for_disconnect()).result(30)
        self._bridge.stop()

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
        if asked.member == "CreateSession":
            found = {"session_handle": Variant("s", f"{PATH}/session/{sender}/tray_dictate")}
        answer = Message.new_signal(
            path, "org.freedesktop.portal.Request", "Response", "ua{sv}", [0, found]
        )
        self._bridge.post(self._bus.send, answer)
        self.served.append(asked.member)
        return Message.new_method_return(asked, "o", [path])


@pytest.fixture
def entered(monkeypatch) -> Iterator[None]:
    with Session("mock") as session:
        for name, value in session.env.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.fixture
def watch(entered) -> Iterator[Any]:
    """Return what starts a hotkey, with the keys that it names and what it tells."""
    made: list[PortalHotkey] = []

    def begin() -> tuple[queue.Queue[str], queue.Queue[str]]:
        named, told = queue.Queue[str](), queue.Queue[str]()
        hotkey = PortalHotkey(HotkeySettings(), told.put)
        made.append(hotkey)
        hotkey.follow(lambda: named.put(hotkey.trigger().keys))
        hotkey.start(print, told.put)
        return named, told

    yield begin
    for hotkey in made:
        hotkey.stop()


def test_a_front_end_that_is_restarted_is_told_again_who_we_are(watch):
    first = FrontEnd()
    named, told = watch()
    assert named.get(timeout=30) == "Ctrl+Alt+Space"
    first.end()
    second = FrontEnd()
    wait_until(lambda: "ListShortcuts" in second.served or not told.empty(), 30, "it is asked")
    assert told.empty()
    second.end()


def test_a_front_end_that_is_slow_at_login_serves_the_hotkey_later(watch, monkeypatch):
    monkeypatch.setattr("tray_dictate.dbus.PATIENCE", 1.0)
    front = FrontEnd(busy=True)
    began = time.monotonic()
    named, told = watch()
    assert time.monotonic() - began < 5, "a start waits for nobody"
    time.sleep(2.5)
    assert named.empty()
    assert told.empty()
    front.busy = False
    assert named.get(timeout=30) == "Ctrl+Alt+Space"
    assert told.empty()
    front.end()


@pytest.mark.parametrize(
    ("offers", "words"), [(False, "No such interface"), (True, "(TimeoutError)")]
)
def test_a_front_end_that_is_slow_and_then_cannot_is_told_once(watch, monkeypatch, offers, words):
    monkeypatch.setattr("tray_dictate.dbus.PATIENCE", 0.3)
    monkeypatch.setattr(desktop, "_PROMPT", 0.2)
    front = FrontEnd(busy=True, offers=offers)
    _, told = watch()
    front.busy = offers
    said = told.get(timeout=30)
    assert "offers no global shortcuts" in said
    assert words in said
    assert "`tray-dictate start`" in said
    time.sleep(0.5)
    assert told.empty()
    front.end()
