"""The hotkey by a front end as newer ones are: it serves whom it knows, and may be slow."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from dbus_fast import DBusError, Variant

from tests.fakes import FakeListener, FakeNotices
from tests.rigs.portal_front_end import GNOME, FrontEnd
from tests.rigs.session import Session
from tests.rigs.strangers import Stranger
from tests.waiting import until, wait_until
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.hotkey.portal import PortalHotkey
from tray_dictate.hotkey.shortcut_service import Limits
from tray_dictate.system.desktop.portals import Portals

T = TypeVar("T")
LIMITS = Limits()


@pytest.fixture
def entered(monkeypatch) -> Iterator[None]:
    with Session("mock") as session:
        session.join(monkeypatch)
        yield


@pytest.fixture
def watch(entered) -> Iterator[Any]:
    """Return what starts a hotkey, with the keys that it names and what it tells."""
    made: list[PortalHotkey] = []

    def begin(limits: Limits = LIMITS) -> tuple[queue.Queue[str], queue.Queue[str]]:
        named, told = queue.Queue[str](), queue.Queue[str]()
        hotkey = PortalHotkey(HotkeySettings(), FakeNotices(told.put), limits)
        made.append(hotkey)
        hotkey.trigger_changed.subscribe(lambda: named.put(hotkey.trigger().keys))
        listener = FakeListener()
        listener.reasons = told  # notices, too
        hotkey.start(listener)
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


def test_a_front_end_that_is_slow_at_login_serves_the_hotkey_later(watch):
    front = FrontEnd(busy=True)
    named, told = watch(Limits(answer=1.0))  # a start waits for nobody
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
def test_a_front_end_that_is_slow_and_then_cannot_is_told_once(watch, offers, words):
    front = FrontEnd(busy=True, offers=offers)
    _, told = watch(Limits(answer=0.3, prompt=0.2))
    front.busy = offers
    said = told.get(timeout=30)
    assert "offers no global shortcuts" in said
    assert words in said
    assert "`tray-dictate start`" in said
    time.sleep(0.5)
    assert told.empty()
    front.end()


def test_the_output_says_anew_who_it_is_and_waits_for_no_answer_of_who_has_gone(entered):
    first = FrontEnd()
    portals = Portals()
    create = "RemoteDesktop.CreateSession"
    portals.run(portals.request(create, "a{sv}"), 30)
    first.silent = True
    asking = threading.Thread(target=first.end)
    with pytest.raises(DBusError, match="has ended"):
        portals.run(_after(asking.start, portals.request(create, "a{sv}")), 30)
    asking.join()
    second = FrontEnd()
    portals.run(portals.request(create, "a{sv}"), 30)
    assert second.served == ["CreateSession"]
    portals.close()
    second.end()


@pytest.mark.parametrize(("binds", "changes"), [(GNOME, None), ([], GNOME)])
def test_what_is_bound_counts_and_not_the_code_of_the_answer(watch, binds, changes):
    """GNOME 48 answers 2 where all is well."""
    front = FrontEnd()
    front.code, front.binds, front.changes = 2, binds, changes
    named, told = watch()
    assert named.get(timeout=30) == "Ctrl+Alt+Space"
    wait_until(lambda: "BindShortcuts" in front.served, 30, "it is asked")
    time.sleep(0.3)
    assert (list(named.queue), list(told.queue)) == ([], [])
    front.end()


def test_an_answer_without_the_hotkey_is_a_refusal(watch):
    front = FrontEnd()
    front.code, front.binds, front.changes = 2, [["undo", {}]], [["undo", {}]]
    _, told = watch()
    assert "did not bind the hotkey" in told.get(timeout=30)
    front.end()


def test_the_answer_to_a_request_and_the_end_of_a_session_count_from_the_portal_alone(entered):
    front = FrontEnd()
    portals, closed = Portals(), list[str]()
    portals.on("Session.Closed", lambda path, _: closed.append(path))

    async def answered() -> dict[str, Any]:
        asking = asyncio.ensure_future(portals.request("RemoteDesktop.Start", "a{sv}"))
        await until(lambda: front.served)
        [path] = portals._requests._responses
        async with Stranger(os.environ["DBUS_SESSION_BUS_ADDRESS"]) as stranger:
            forged = {"restore_token": Variant("s", "forged")}
            member = "org.freedesktop.portal.Request.Response"
            await stranger.forge(path, member, "ua{sv}", 0, forged, count=100)
            member = "org.freedesktop.portal.Session.Closed"
            await stranger.forge("/session", member, "a{sv}", {}, count=100)
        front.answer(path, {"restore_token": Variant("s", "the portal's")})
        return await asking

    front.silent = True
    assert portals.run(answered(), 30) == {"restore_token": "the portal's"}
    assert closed == []
    portals.close()
    front.end()


async def _after(begin: Callable[[], None], work: Coroutine[Any, Any, T]) -> T:
    asyncio.get_running_loop().call_later(0.3, begin)
    return await work
