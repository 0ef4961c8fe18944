"""The icon where a person sees it: real panels, real clicks, hosts that come and go."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageChops

from tests.desktop.rig import Desktop, Tray, wait_until
from tray_dictate.bridge import Bridge
from tray_dictate.core.dictation import Status
from tray_dictate.ports import Actions
from tray_dictate.tray import select
from tray_dictate.tray.icon import COLOURS

PANEL = (0, 0, 1280, 32)
ICON = (12, 16)
AWAY = (640, 700)
DICTATION, START, QUIT = (60, 49), (60, 75), (60, 100)  # the entries of xfce4-panel's menu
HOSTS: tuple[Tray, ...] = ("xfce", "trayer")


class Shown:
    """The real tray on a real desktop, and what its user did to it."""

    def __init__(self, desktop: Desktop, *, notifications: bool = True) -> None:
        self.desktop, self.did = desktop, list[object]()
        self._bridge = Bridge()
        self._bridge.start()
        actions = Actions(
            enable=lambda on: self._do(("enable", on), Status.IDLE if on else Status.OFF),
            toggle=lambda: self._do("toggle", Status.RECORDING),
            quit=lambda: self._do("quit", Status.IDLE),
        )
        self.tray = select(self._bridge, actions, icon=True, notifications=notifications)

    def close(self) -> None:
        self.tray.stop()
        self.tray.run()
        self._bridge.stop()
        self.wait_icons(0)

    def _do(self, what: object, status: Status) -> None:
        self.did.append(what)
        self.tray.show(status)

    def panel(self) -> Image.Image:
        return self.desktop.screenshot().crop(PANEL).convert("RGB")

    def icons(self) -> list[Status]:
        """Return the status of each icon in the panel, from left to right."""
        pixels = np.asarray(self.panel()).astype(int)
        columns = {
            status: np.flatnonzero((abs(pixels - colour).max(axis=2) < 12).any(axis=0))
            for status, colour in COLOURS.items()
        }
        starts = [
            (x, status)
            for status, found in columns.items()
            for before, x in itertools.pairwise([-100, *found])
            if x - before > 6
        ]
        return [status for _, status in sorted(starts)]

    def wait_icon(self, status: Status, timeout: float = 10) -> None:
        wait_until(lambda: self.icons() == [status], timeout, f"one icon, {status}")

    def wait_icons(self, count: int, timeout: float = 10) -> None:
        wait_until(lambda: len(self.icons()) == count, timeout, f"{count} icons")

    def click(self, place: tuple[int, int], button: int = 1) -> None:
        self.desktop.run("xdotool", "mousemove", *map(str, AWAY))  # a click must move the pointer
        self.desktop.click(*place, button)

    def open_menu(self) -> Image.Image:
        """Open the menu by a right click; return what it looks like."""
        closed = self.desktop.screenshot()
        self.click(ICON, button=3)

        def opened() -> Image.Image | None:
            now = self.desktop.screenshot()
            changed = ImageChops.difference(now, closed).crop((0, 34, 300, 300)).getbbox()
            return now.crop((0, 34, 118, 118)) if changed and changed[3] > 70 else None

        wait_until(opened, 5, "the menu")
        time.sleep(0.2)  # until it is whole
        return self.desktop.screenshot().crop((0, 34, 118, 118))


@pytest.fixture(scope="module")
def hostless() -> Iterator[Desktop]:
    """A desktop whose panel each test starts."""
    with Desktop(notifications=True) as bare:
        yield bare


@pytest.fixture
def here(hostless: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """Put this process on that desktop, without a panel yet."""
    for name, value in hostless.env.items():
        monkeypatch.setenv(name, value)
    hostless.run("xdotool", "mousemove", *map(str, AWAY))
    yield hostless
    hostless.stop_tray()


@pytest.fixture
def shown(here: Desktop) -> Iterator[Shown]:
    """Show the tray, before there is any panel."""
    tray = Shown(here)
    yield tray
    tray.close()


@pytest.mark.parametrize("host", HOSTS)
def test_each_status_is_seen_in_the_panel_and_no_two_look_alike(
    here: Desktop, host: Tray, shown: Shown
) -> None:
    here.start_tray(host)
    shown.wait_icon(Status.IDLE)
    seen: dict[Status, bytes] = {}
    for status in (*Status, Status.IDLE):
        shown.tray.show(status, "the device is busy" if status is Status.ERROR else "")
        shown.wait_icon(status)
        seen[status] = shown.panel().convert("L").tobytes()
    assert len(set(seen.values())) == len(Status)


@pytest.mark.parametrize("host", HOSTS)
def test_a_left_click_starts_and_stops_but_not_while_dictation_is_off(
    here: Desktop, host: Tray, shown: Shown
) -> None:
    here.start_tray(host)
    shown.wait_icon(Status.IDLE)
    shown.click(ICON)
    shown.wait_icon(Status.RECORDING)
    shown.click(ICON)
    wait_until(lambda: shown.did == ["toggle", "toggle"], 5, "two toggles")
    shown.tray.show(Status.OFF)
    shown.wait_icon(Status.OFF)
    shown.click(ICON)
    time.sleep(0.5)
    assert shown.did == ["toggle", "toggle"]


def test_the_menu_is_used_by_real_clicks(here: Desktop, shown: Shown) -> None:
    here.start_tray("xfce")
    shown.wait_icon(Status.IDLE)
    ready = shown.open_menu()
    shown.click(START)
    shown.wait_icon(Status.RECORDING)
    recording = shown.open_menu()
    assert ImageChops.difference(ready, recording).getbbox()  # Start has become Stop
    shown.click(DICTATION)
    shown.wait_icon(Status.OFF)
    off = shown.open_menu()
    assert ImageChops.difference(ready, off).crop((0, 5, 24, 25)).getbbox()  # the tick has gone
    shown.click(START)  # greyed out: neither the host nor we do it
    time.sleep(0.3)
    here.run("xdotool", "key", "Escape")
    shown.open_menu()
    shown.click(DICTATION)
    shown.wait_icon(Status.IDLE)
    shown.open_menu()
    shown.click(QUIT)
    wait_until(
        lambda: shown.did == ["toggle", ("enable", False), ("enable", True), "quit"],
        5, "what was clicked",
    )  # fmt: skip


def test_an_open_menu_follows_the_status(here: Desktop, shown: Shown) -> None:
    here.start_tray("xfce")
    shown.wait_icon(Status.IDLE)
    before = shown.open_menu()
    shown.tray.show(Status.RECORDING)

    def changed() -> bool:
        now = here.screenshot().crop((0, 34, 118, 118))
        return bool(ImageChops.difference(before, now).crop((24, 28, 118, 52)).getbbox())

    wait_until(changed, 5, "Stop in place of Start")
    shown.click(START)
    wait_until(lambda: shown.did == ["toggle"], 5, "the click")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_the_icon_comes_back_with_its_host(
    here: Desktop, host: Tray, number: signal.Signals, shown: Shown
) -> None:
    here.start_tray(host)
    shown.wait_icon(Status.IDLE)
    assert here._tray
    os.killpg(here._tray.pid, number)
    here.stop_tray()
    shown.tray.show(Status.RECORDING)  # while there is nowhere to show it
    shown.wait_icons(0)
    assert not _stray_icon(here)
    here.start_tray(host)
    shown.wait_icon(Status.RECORDING)
    shown.click(ICON)
    wait_until(lambda: shown.did == ["toggle"], 5, "the click")


def _stray_icon(desktop: Desktop) -> bool:
    """Return whether an icon's window lies about on the desktop, without a panel."""
    found = desktop.run(
        "xdotool", "search", "--onlyvisible", "--class", "tray_dictate", check=False
    )
    return bool(found.split())


def test_one_icon_when_one_kind_of_host_follows_the_other(here: Desktop, shown: Shown) -> None:
    here.start_tray("trayer")
    shown.wait_icon(Status.IDLE)
    here.start_tray("xfce")  # which has both kinds of tray
    shown.wait_icon(Status.IDLE)
    assert _most_icons(shown, 3) == 1
    here.start_tray("trayer")
    shown.wait_icon(Status.IDLE)
    assert _most_icons(shown, 2) == 1


def _most_icons(shown: Shown, seconds: float) -> int:
    end, most = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        most = max(most, len(shown.icons()))
    return most


@pytest.mark.parametrize("host", [None, *HOSTS], ids=str)
def test_an_idle_tray_costs_no_cpu(here: Desktop, host: Tray | None, shown: Shown) -> None:
    if host:
        here.start_tray(host)
        shown.wait_icon(Status.IDLE)
    time.sleep(1.5)
    before = time.process_time()
    time.sleep(3)
    assert time.process_time() - before < 0.005


def test_a_bus_that_goes_away_leaves_no_second_icon_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Desktop(tray="trayer") as desktop:
        for name, value in desktop.env.items():
            monkeypatch.setenv(name, value)
        shown = Shown(desktop)
        shown.wait_icon(Status.IDLE)
        [bus] = [process for name, process in desktop.processes._mine if name == "dbus"]
        desktop.processes.end(bus)
        time.sleep(1.5)
        shown.tray.show(Status.RECORDING)
        shown.tray.notify("Where has the bus gone?")
        shown.wait_icon(Status.RECORDING)
        shown.close()
    assert "Where has the bus gone? (not shown: no session bus)" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_message_is_shown_literally_once_with_our_name(here: Desktop, shown: Shown) -> None:
    text = "The <b>USB</b> & co \0microphone would not open."
    for _ in range(3):
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
    shown = Shown(here)
    shown.tray.notify("Said at once.")
    wait_until(lambda: "Said at once." in here.notifications(), 5, "the notification")
    shown.close()


def test_no_notification_daemon_is_a_line_in_the_log(
    here: Desktop, shown: Shown, caplog: pytest.LogCaptureFixture
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
    shown = Shown(here, notifications=False)
    shown.tray.notify("Not for your eyes.")
    wait_until(lambda: "Not for your eyes." in caplog.text, 5, "the line")
    shown.close()
    assert "Not for your eyes." not in here.notifications()
