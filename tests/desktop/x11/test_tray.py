"""The icon where a person sees it: real panels, real clicks, hosts that come and go."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ImageChops

from tests.rigs.panel_menu import ICON, place
from tests.rigs.tray import PanelTray
from tests.rigs.x11 import Desktop, Tray
from tests.waiting import wait_until
from tray_dictate.core.dictation import Status

DICTATION, START, QUIT = place("dictation"), place("toggle"), place("quit")
HOSTS: tuple[Tray, ...] = ("xfce", "trayer")


@pytest.fixture(scope="module")
def hostless() -> Iterator[Desktop]:
    """A desktop whose panel each test starts."""
    with Desktop(notifications=True) as bare:
        yield bare


@pytest.mark.parametrize("host", HOSTS)
def test_each_status_is_seen_in_the_panel_and_no_two_look_alike(
    here: Desktop, host: Tray, shown: PanelTray
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
    here: Desktop, host: Tray, shown: PanelTray
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


def test_the_menu_is_used_by_real_clicks(here: Desktop, shown: PanelTray) -> None:
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


def test_an_open_menu_follows_the_status(here: Desktop, shown: PanelTray) -> None:
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
    here: Desktop, host: Tray, number: signal.Signals, shown: PanelTray,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
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
    assert "Traceback" not in caplog.text


def _stray_icon(desktop: Desktop) -> bool:
    """Return whether an icon's window lies about on the desktop, without a panel."""
    found = desktop.run(
        "xdotool", "search", "--onlyvisible", "--class", "tray_dictate", check=False
    )
    return bool(found.split())


def test_one_icon_when_one_kind_of_host_follows_the_other(here: Desktop, shown: PanelTray) -> None:
    here.start_tray("trayer")
    shown.wait_icon(Status.IDLE)
    here.start_tray("xfce")  # which has both kinds of tray
    shown.wait_icon(Status.IDLE)
    assert _most_icons(shown, 3) == 1
    here.start_tray("trayer")
    shown.wait_icon(Status.IDLE)
    assert _most_icons(shown, 2) == 1


def _most_icons(shown: PanelTray, seconds: float) -> int:
    end, most = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        most = max(most, len(shown.icons()))
    return most


@pytest.mark.parametrize("host", [None, *HOSTS], ids=str)
def test_an_idle_tray_sleeps(here: Desktop, host: Tray | None, shown: PanelTray) -> None:
    if host:
        here.start_tray(host)
        shown.wait_icon(Status.IDLE)
    time.sleep(1.5)
    before = _wake_ups()
    time.sleep(3)
    assert {name: count - before[name] for name, count in _wake_ups().items()} == dict.fromkeys(
        before, 0
    )


def _wake_ups() -> dict[str, int]:
    """Return how often each thread but this one has waited for something."""
    statuses = {
        task.name: (task / "status").read_text()
        for task in Path("/proc/self/task").iterdir()
        if task.name != str(threading.get_native_id())
    }
    found = re.compile(r"^voluntary_ctxt_switches:\s*(\d+)", re.MULTILINE)
    return {
        f"{status.split()[1]} {thread}": int(found.findall(status)[0])
        for thread, status in statuses.items()
    }


def test_a_bus_that_goes_away_leaves_no_second_icon_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Desktop(tray="trayer") as desktop:
        desktop.join(monkeypatch)
        shown = PanelTray(desktop)
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


def test_without_a_bus_the_icon_is_in_the_xembed_tray(
    here: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-of-yesterday")  # as tmux keeps it
    shown = PanelTray(here)
    here.start_tray("trayer")
    shown.wait_icon(Status.IDLE)
    shown.click(ICON)
    wait_until(lambda: shown.did == ["toggle"], 5, "the click")
    shown.close()
