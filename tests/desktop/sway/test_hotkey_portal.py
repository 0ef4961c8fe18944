"""The hotkey by the portal of global shortcuts: the real front end, a desktop that obeys us."""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Iterator

import platformdirs
import pytest
from dbus_fast.aio import MessageBus

from tests.fakes import FakeListener, FakeNotices
from tests.rigs.session import Session
from tests.rigs.shortcuts_portal import Desktop, NewPortal, Registry
from tests.rigs.sway import Sway
from tests.waiting import wait_until
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.hotkey import explain, select
from tray_dictate.hotkey.portal import PortalHotkey
from tray_dictate.system.autostart import xdg
from tray_dictate.system.threads import Bridge

KEYS = "ctrl+alt+d"


@pytest.fixture(scope="module")
def bus() -> Iterator[Session]:
    """A session bus and no compositor."""
    with Session("mock") as session:
        yield session


@pytest.fixture(scope="module")
def portal(bus: Session) -> Desktop:
    return Desktop(bus)


class Watch(FakeListener):
    """A started hotkey and what it reports."""

    def __init__(self, settings: HotkeySettings) -> None:
        super().__init__()
        self.told: queue.Queue[str] = queue.Queue()
        self.changes: queue.Queue[Trigger] = queue.Queue()
        self.hotkey = PortalHotkey(settings, FakeNotices(self.told.put))
        self.hotkey.trigger_changed.subscribe(lambda: self.changes.put(self.hotkey.trigger()))
        self.hotkey.start(self)

    def named(self) -> Trigger:
        return self.changes.get(timeout=30)

    def caught_up(self, mark: int) -> None:
        self.reported.put(Edge(f"caught up {mark}", True, time.monotonic()))


@pytest.fixture
def start(portal, bus, monkeypatch):
    bus.join(monkeypatch)
    portal.do("answer", "yes")
    watching: list[Watch] = []

    def begin(**settings) -> Watch:
        watching.append(Watch(HotkeySettings(**{"keys": KEYS, "source": "portal"} | settings)))
        return watching[-1]

    yield begin
    for watch in watching:
        watch.hotkey.stop()


DOWN, UP = ["+ctrl_l", "+alt_l", "+d"], ["-d", "-alt_l", "-ctrl_l"]


def test_a_hold_is_seen_and_so_is_another_shortcut_meanwhile(start, portal):
    watch = start(redo="ctrl+alt+r")
    assert watch.named() == Trigger("Ctrl+Alt+D", "", "portal")
    portal.do("press")
    assert watch.edges(3) == DOWN
    assert watch.hotkey.held() == {"ctrl_l", "alt_l", "d"}  # no key of the portal's is pressed now
    portal.do("press", "redo")
    assert watch.edges(2) == ["+r", "-r"]
    portal.do("release", "redo")
    portal.do("release")
    assert watch.edges(3) == UP
    watch.hotkey.claim(frozenset({"escape"}))
    assert watch.hotkey.held() == frozenset()


def test_who_waits_is_told_after_what_the_portal_has_sent(start, portal):
    watch = start()
    watch.named()
    portal.do("press")
    portal.do("release")
    watch.hotkey.catch_up(3)
    assert watch.edges(7) == [*DOWN, *UP, "+caught up 3"]


def test_the_shortcuts_are_told_in_both_requests_and_the_session_has_one_name(start, portal):
    watch = start(undo="super+f8")
    watch.named()
    made, bound = portal.do("look")
    path, shortcuts = bound
    assert made[0] == path
    # KDE 5.27 reads those of the first request; newer front ends pass on the second's only
    assert made[1] in (shortcuts, {})
    assert path.endswith("/tray_dictate")
    assert shortcuts == {
        "dictate": {"description": "Dictate", "preferred_trigger": "CTRL+ALT+d"},
        "undo": {
            "description": "Undo last dictation", "preferred_trigger": "LOGO+F8",
        },
    }  # fmt: skip


def test_what_a_desktop_has_bound_with_the_session_is_not_bound_again(start, portal):
    """KDE 5.27 would show its System Settings at each start."""
    portal.do("answer", "kde")
    assert start(redo="f8").named().keys == "Ctrl+Alt+D"
    first, *again = portal.do("look")
    assert bool(again) == (not first[1]), "a newer front end has not passed on the first request"


def test_for_a_key_that_cannot_be_a_shortcut_another_is_proposed_and_told(start, portal):
    watch = start(keys="ctrl_r")
    trigger = watch.named()
    assert trigger.keys == "Ctrl+Alt+Space"
    assert trigger.advice == "Right Ctrl cannot be a shortcut on this desktop."
    portal.do("press")
    portal.do("release")
    assert watch.edges(2) == ["+ctrl_r", "-ctrl_r"], "for the daemon it is the hotkey of the file"


@pytest.mark.parametrize(
    ("answer", "words"),
    [("deny", "You did not allow the hotkey"), ("fail", "did not bind the hotkey")],
)
def test_a_binding_that_is_refused_is_told_and_ends_nothing(start, portal, answer, words):
    portal.do("answer", answer)
    watch = start()
    told = watch.told.get(timeout=30)
    assert words in told
    assert "`tray-dictate start`" in told
    assert watch.named() == Trigger("", told, "portal")
    assert watch.reasons.empty()


def test_a_dialog_may_wait_for_long_and_a_start_does_not_wait_for_it(start, portal):
    portal.do("answer", "later")
    watch = start()
    assert watch.hotkey.trigger() == Trigger(source="portal")
    wait_until(lambda: len(portal.do("look")) == 2, 30, "the desktop is asked")
    assert watch.changes.empty()
    portal.do("allow")
    assert watch.named().keys == "Ctrl+Alt+D"


@pytest.mark.parametrize(
    ("desktop", "words", "source"),
    [
        ("ubuntu:GNOME", "choose one for Dictate", "portal"),
        ("KDE", "choose one for Dictate", "portal"),
        ("labwc:wlroots", "`tray-dictate toggle`: `tray-dictate doctor` shows how", "commands"),
    ],
)
def test_a_desktop_that_gives_no_key_is_told(start, portal, monkeypatch, desktop, words, source):
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", desktop)
    portal.do("answer", "keyless")
    watch = start()
    assert words in watch.told.get(timeout=30)
    trigger = watch.named()
    assert (trigger.keys, trigger.source) == ("", source)
    portal.do("press")
    assert watch.edges(3) == DOWN, "a key that the user's own file passes to the portal"
    portal.do("release")


def test_a_key_that_the_user_changes_in_the_desktops_settings_is_named(start, portal):
    watch = start()
    watch.named()
    portal.do("change", "Meta+Y")
    trigger = watch.named()
    assert trigger.keys == "Meta+Y"
    assert "still uses the key assigned earlier" in trigger.advice


def test_when_the_desktop_ends_the_session_what_is_held_is_let_go(start, portal):
    watch = start()
    watch.named()
    portal.do("press")
    watch.edges(3)
    portal.do("end")
    assert watch.edges(3) == UP
    assert "ended the hotkey's session" in watch.told.get(timeout=30)


def test_a_portal_that_is_restarted_has_it_bound_again(start, portal):
    watch = start()
    watch.named()
    portal.do("press")
    watch.edges(3)
    portal.do("forget")
    portal.restart()
    assert watch.edges(3) == UP, "nobody tells of the release"
    wait_until(lambda: len(portal.do("look")) == 2, 30, "it is bound again")
    time.sleep(0.5)
    portal.do("press")
    assert watch.edges(3) == DOWN
    portal.do("release")
    assert watch.edges(3) == UP
    assert watch.told.empty()
    assert watch.reasons.empty()


def test_a_repetition_is_none_and_a_lost_release_is_made_good_by_the_next(start, portal):
    watch = start()
    watch.named()
    for _ in range(3):
        portal.do("press")
    assert watch.edges(3) == DOWN
    portal.do("release")
    assert watch.edges(3) == UP


def test_a_release_among_our_own_keys_is_not_believed_and_that_of_the_next_press_is(start, portal):
    watch = start()
    watch.named()
    watch.hotkey.disturb()
    portal.do("press")
    portal.do("release")  # KDE reports it as soon as a key of ours is pressed
    assert watch.edges(3) == DOWN
    assert "Press it once more" in watch.told.get(timeout=30)
    assert watch.hotkey.held() == {"ctrl_l", "alt_l", "d"}
    time.sleep(0.3)
    portal.do("press")
    portal.do("release")
    assert watch.edges(3) == UP


def test_where_the_hotkey_toggles_a_release_among_our_own_keys_changes_nothing(start, portal):
    watch = start(mode="toggle")
    watch.named()
    watch.hotkey.disturb()
    portal.do("press")
    portal.do("release")
    assert watch.edges(6) == DOWN + UP
    assert watch.told.empty()


def test_what_is_held_while_the_screen_is_locked_is_let_go(start, portal):
    watch = start()
    watch.named()
    portal.do("press")
    assert watch.edges(3) == DOWN
    watch.hotkey.forget()
    assert watch.edges(3) == UP
    portal.do("press")
    assert watch.edges(3) == DOWN, "though nobody told of a release"


def test_it_is_stopped_twice_and_tells_of_no_loss(start):
    watch = start()
    watch.named()
    watch.hotkey.stop()
    watch.hotkey.stop()
    assert watch.reasons.empty()


def test_a_bus_that_goes_is_a_loss(monkeypatch):
    with Session("mock") as session:
        Desktop(session)
        session.join(monkeypatch)
        watch = Watch(HotkeySettings(keys=KEYS))
        watch.named()
    assert "session bus is gone" in watch.reasons.get(timeout=30)
    watch.hotkey.stop()


def test_without_a_portal_the_reason_is_told_and_the_commands_remain(monkeypatch):
    with Session("mock") as session:
        session.join(monkeypatch)
        with pytest.raises(UnavailableError, match="offers no global shortcuts"):
            PortalHotkey(HotkeySettings(), FakeNotices())
        settings, told = HotkeySettings(source="portal"), []
        (portal, reason), commands = explain(settings)
        assert (portal, commands) == ("portal", ("commands", ""))
        assert "offers no global shortcuts" in reason
        hotkey = select(settings, FakeNotices(told.append))
        assert hotkey.trigger().source == "commands"
        assert told == [f'hotkey.source "portal" does not work here. {reason}']


@pytest.mark.parametrize("times", [0, 3])  # it notices a new entry some milliseconds later
def test_a_newer_portal_learns_first_who_we_are(monkeypatch, times):
    with Session("mock") as session:
        session.join(monkeypatch)
        serving = Bridge()
        serving.start()
        registry = Registry(platformdirs.user_data_path() / "applications", times)
        portal = NewPortal(registry)

        async def serve() -> MessageBus:
            bus = await MessageBus().connect()
            for interface in (registry, portal):
                bus.export("/org/freedesktop/portal/desktop", interface)
            await bus.request_name("org.freedesktop.portal.Desktop")
            return bus

        bus = serving.run(serve()).result(30)
        PortalHotkey(HotkeySettings(), FakeNotices()).stop()
        name = xdg.APP_ID
        assert registry.registered == [*[(name, False)] * (1 + times), (name, True)]
        assert portal.known_first
        entry = (registry.applications / f"{name}.desktop").read_text()
        assert "Type=Application" in entry
        PortalHotkey(HotkeySettings(), FakeNotices()).stop()
        assert len(registry.registered) == 3 + times, "the entry is there"
        serving.post(bus.disconnect)
        serving.stop()


def test_a_daemon_takes_the_portal_and_names_its_key():
    with Sway(notifications=True, sound=True) as sway:
        portal = Desktop(sway)
        with sway.daemon(engine__name="offline") as daemon:
            daemon.wait_log("hotkey by PortalHotkey")
            wait_until(lambda: "Hold Ctrl+Alt+Space" in sway.notifications(), 30, "it is told")
            assert "hold Ctrl+Alt+Space and speak" in sway.run("tray-dictate", "status")
            portal.do("press")
            daemon.wait_log("dictation 1: first sample")
            portal.do("release")
            daemon.wait_log("dictation 1: over", 60)


def test_a_daemon_believes_gnome_48_and_takes_each_hold_for_one_however_late_it_repeats():
    with Sway(notifications=True, sound=True) as sway:
        portal = Desktop(sway)
        portal.do("answer", "gnome 48")
        with sway.daemon(engine__name="offline") as daemon:
            daemon.wait_log("the portal says 2, and has bound the shortcuts all the same")
            wait_until(lambda: "Hold Ctrl+Alt+Space" in sway.notifications(), 30, "it is told")
            assert "hold Ctrl+Alt+Space and speak" in sway.run("tray-dictate", "status")
            assert "did not bind" not in sway.notifications()
            for number, delay in enumerate((0.2, 0.5, 1.0), 1):  # of GNOME's slider
                portal.do("hold", f"[{delay}, 40]")
                daemon.wait_log(f"dictation {number}: over", 60)
            assert len(re.findall(r"dictation \d+: first sample", daemon.log())) == 3


def test_a_daemon_without_any_hotkey_serves_the_commands_and_says_so_once():
    with Sway(notifications=True, sound=True) as sway:
        for start in range(2):
            with sway.daemon(engine__name="offline") as daemon:
                daemon.wait_log("hotkey by CommandsHotkey")
                wait_until(lambda: "tray-dictate start" in sway.notifications(), 30, "it is told")
                assert "use the key that you have bound" in sway.run("tray-dictate", "status")
                sway.run("tray-dictate", "start")
                daemon.wait_log("dictation 1: first sample")
                sway.run("tray-dictate", "cancel")
                daemon.wait_log("dictation 1: dropped")
            assert sway.notifications().count("lets no program watch the keyboard") == 1, start
