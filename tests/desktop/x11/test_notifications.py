"""Messages as the user's notification daemon shows them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.fakes import FakeTrayCommands
from tests.rigs.processes import MARKER, marked, name_of
from tests.rigs.tray import PanelTray
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.core.ports import Urgency
from tray_dictate.system.desktop.dbus import connect, daemon
from tray_dictate.system.threads import Bridge
from tray_dictate.ui.tray import select
from tray_dictate.ui.tray.notifications import PATH, SERVICE, Notifications

DBUS = "org.freedesktop.DBus"
HAS_OWNER = (DBUS, "NameHasOwner", "s")


@pytest.fixture(scope="module")
def hostless() -> Iterator[Desktop]:
    """A desktop without a panel."""
    with Desktop(notifications=True) as bare:
        yield bare


def test_a_message_is_shown_literally_once_with_our_name(here: Desktop, shown: PanelTray) -> None:
    text = "The <b>USB</b> & co \0microphone would not open."
    shown.tray.notify(text)
    literally = (
        "The &lt;b&gt;USB&lt;/b&gt; &amp; co microphone would not open."  # as dunst keeps it
    )
    wait_until(lambda: literally in here.notifications(), 5, "the notification")
    time.sleep(0.5)
    assert here.notifications().count(f"body: '{literally}'") == 1
    assert "appname: 'tray_dictate'" in here.notifications()
    assert "raw_icon set: true" in here.notifications()


def test_a_message_before_the_bus_is_reached_is_not_lost(here: Desktop) -> None:
    bridge = Bridge()
    tray = select(bridge, FakeTrayCommands(), icon=True, notifications=True)
    tray.notify("Said at once.")
    bridge.start()
    wait_until(lambda: "Said at once." in here.notifications(), 5, "the notification")
    tray.stop()
    bridge.stop()


async def test_a_bus_that_is_too_busy_to_read_loses_neither_message_nor_connection(here: Desktop):
    [bus_daemon] = [
        pid for pid in marked(here.env[MARKER]) if "dbus-daemon --session" in name_of(pid)
    ]
    bus = await connect()
    os.kill(bus_daemon, signal.SIGSTOP)
    try:
        bubbles = Notifications(bus)
        told = asyncio.create_task(bubbles.show("Said to a busy bus.", "", Urgency.NORMAL))
        names = [f"a.b{'c' * 60_000}{number}" for number in range(10)]  # 0.6 MB: a full socket
        owned = [asyncio.create_task(daemon(bus).call(*HAS_OWNER, name)) for name in names]
        await asyncio.sleep(0.3)
        assert not [task for task in (told, *owned) if task.done()]
    finally:
        os.kill(bus_daemon, signal.SIGCONT)
    assert await told
    assert await asyncio.gather(*owned) == [[False]] * len(names)
    bus.disconnect()
    wait_until(lambda: "body: 'Said to a busy bus.'" in here.notifications(), 10, "it is shown")


def test_one_cause_has_one_bubble_and_another_has_its_own(here: Desktop, shown: PanelTray) -> None:
    here.close_bubbles()
    for number in range(4):
        shown.tray.notify(f"Trouble {number} with the microphone.", "microphone")
    shown.tray.notify("The text is on the clipboard.", "delivery", Urgency.CRITICAL)
    wait_until(lambda: "The text is on the clipboard." in here.notifications(), 10, "the last one")
    assert here.bubbles() == 2
    *_, ours, last = here.notifications().split("appname:")
    assert "Trouble 3 with the microphone." in ours
    assert "urgency: NORMAL" in ours
    assert "urgency: CRITICAL" in last


def test_what_is_mended_is_taken_away(here: Desktop, shown: PanelTray) -> None:
    here.close_bubbles()
    shown.tray.notify("Your previous settings stay in effect.", "settings")
    wait_until(lambda: here.bubbles() == 1, 10, "it is shown")
    shown.tray.notify("", "settings")
    wait_until(lambda: here.bubbles() == 0, 10, "it is gone")


def test_a_button_does_what_it_says_and_only_where_its_own_service_tells_of_it(
    here: Desktop, shown: PanelTray
) -> None:
    here.close_bubbles()
    told = ("It is on the clipboard.", "delivery", Urgency.CRITICAL, ("redo",))
    shown.tray.notify(*told)
    wait_until(lambda: here.bubbles() == 1, 10, "it is shown")
    for number in range(1, 80):  # anybody on the bus can send such a signal, of any number
        here.run(
            "dbus-send", "--session", "--type=signal", PATH, f"{SERVICE}.ActionInvoked",
            f"uint32:{number}", "string:copy",
        )  # fmt: skip
    here.run(
        "dbus-send", "--session", "--print-reply", f"--dest={SERVICE}", PATH,
        "org.dunstproject.cmd0.NotificationAction", "uint32:0",
    )  # fmt: skip
    wait_until(lambda: shown.did, 10, "the button is heard")
    assert shown.did == ["redo"]


def test_a_service_that_has_taken_the_place_keeps_the_bubbles_of_others(
    here: Desktop, shown: PanelTray
) -> None:
    shown.tray.notify("The first.", "microphone")
    wait_until(lambda: "The first." in here.notifications(), 10, "it is shown")
    here.stop_notifications()
    here.start_notifications()
    for number in range(6):  # the numbers that the old one gave to ours are theirs now
        here.run("notify-send", f"Mail {number}")
    before = here.bubbles()
    shown.tray.notify("The second.", "microphone")
    wait_until(lambda: "The second." in here.notifications(), 10, "it is shown")
    assert here.bubbles() == before + 1


def test_the_last_words_before_and_after_the_end_are_shown(here: Desktop, shown: PanelTray) -> None:
    shown.tray.notify("Said at the end.", "take", Urgency.CRITICAL)
    shown.tray.stop()
    shown.tray.notify("Said after the end.", "stopped", Urgency.CRITICAL)
    shown.wait(shown.tray.close())
    for text in ("Said at the end.", "Said after the end."):
        shown_so = f"body: '{text}'"
        wait_until(lambda: shown_so in here.notifications(), 10, text)  # noqa: B023


def test_no_notification_daemon_is_a_line_in_the_log(
    here: Desktop, shown: PanelTray, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    services = here.run(
        "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
        "org.freedesktop.DBus.ListActivatableNames",
    )  # fmt: skip
    here.stop_notifications()
    try:
        shown.tray.notify("No microphone.")
        if "org.freedesktop.Notifications" in services:  # the bus starts dunst, which shows it
            time.sleep(1)
        else:
            wait_until(lambda: "No microphone. (not shown" in caplog.text, 5, "the line")
    finally:
        here.start_notifications()
    assert "Traceback" not in caplog.text


def test_notifications_that_are_not_wanted_go_to_the_log(
    here: Desktop, caplog: pytest.LogCaptureFixture
) -> None:
    shown = PanelTray(here, notifications=False)
    shown.tray.notify("Not for your eyes.")
    wait_until(lambda: "Not for your eyes." in caplog.text, 5, "the line")
    shown.close()
    assert "Not for your eyes." not in here.notifications()
