"""The icon in a real Wayland bar: seen by screenshot, clicked by a pointer, bars that restart."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from PIL import ImageChops

from tests.rigs.sway import Sway
from tests.rigs.wayland_tray import ICON, BarTray, place
from tests.waiting import wait_until
from tray_dictate.core.dictation import Status


@pytest.fixture(scope="module")
def hostless() -> Iterator[Sway]:
    """A session whose bar each test starts."""
    with Sway(notifications=True) as bare:
        yield bare


def test_each_status_is_seen_in_the_bar_and_a_left_click_starts_and_stops(
    here: Sway, shown: BarTray
) -> None:
    here.start_tray()
    shown.wait_icon(Status.IDLE)
    seen: dict[Status, bytes] = {}
    for status in (*Status, Status.IDLE):
        shown.tray.show(status, "the device is busy" if status is Status.ERROR else "")
        shown.wait_icon(status)
        seen[status] = shown.panel().convert("L").tobytes()
    assert len(set(seen.values())) == len(Status)
    shown.click(ICON)
    shown.wait_icon(Status.RECORDING)
    time.sleep(0.5)  # not a double click
    shown.click(ICON)
    wait_until(lambda: shown.did == ["toggle", "toggle"], 5, "two toggles")


def test_the_menu_is_used_by_real_clicks(here: Sway, shown: BarTray) -> None:
    here.start_tray()
    shown.wait_icon(Status.IDLE)
    ready = shown.open_menu()
    here.click(*place("toggle"))
    shown.wait_icon(Status.RECORDING)
    recording = shown.open_menu()
    assert ImageChops.difference(ready, recording).getbbox()  # Start has become Stop
    here.click(*place("dictation"))
    shown.wait_icon(Status.OFF)
    off = shown.open_menu()
    assert ImageChops.difference(ready, off).crop((0, 5, 24, 25)).getbbox()  # the tick has gone
    here.click(*place("dictation"))
    shown.wait_icon(Status.IDLE)
    shown.choose("quit")
    done = ["toggle", ("enable", False), ("enable", True), "quit"]
    wait_until(lambda: shown.did == done, 5, "what was clicked")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_the_icon_comes_back_with_its_bar_and_can_be_clicked(
    here: Sway, number: signal.Signals, shown: BarTray, caplog: pytest.LogCaptureFixture
) -> None:
    here.start_tray()
    shown.wait_icon(Status.IDLE)
    assert here._waybar
    os.killpg(here._waybar.pid, number)
    here.stop_tray()
    shown.tray.show(Status.RECORDING)  # while there is nowhere to show it
    shown.wait_icons(0)
    here.start_tray()
    shown.wait_icon(Status.RECORDING)
    shown.click(ICON)
    wait_until(lambda: shown.did == ["toggle"], 5, "the click")
    assert "Traceback" not in caplog.text


def test_without_a_bar_there_are_notifications_and_the_command_line() -> None:
    """Nor is Xwayland started for an icon that nothing would show there."""
    with Sway(notifications=True, sound=True) as session, session.daemon() as daemon:
        session.run("tray-dictate", "start")
        daemon.wait_log("dictation 1: first sample")
        assert "recording" in session.run("tray-dictate", "status")
        session.sound.stop()  # something to tell
        daemon.wait_log("WARNING tray_dictate.app.notices")
        wait_until(lambda: "microphone" in session.notifications(), 10, "the notification")
        time.sleep(1.5)  # by when an icon of the other kind would have come
        assert "No StatusNotifierItem host" in daemon.log()
        assert "Traceback" not in daemon.log()
        assert session.bus_has("org.freedesktop.Notifications")
