"""A key of the desktop that runs our command as long as it is held: labwc's and GNOME's do."""

from __future__ import annotations

import re

import pytest

from tests.rigs.sway import Sway
from tests.waiting import wait_until
from tray_dictate.system.desktop.keyboard import repeat_delay

SLOW = "input * repeat_delay 1200"


@pytest.fixture(scope="module")
def sway():
    with Sway(notifications=True, sound=True, extra=SLOW) as session:
        yield session


def test_the_compositor_is_asked_how_late_a_key_repeats(sway, monkeypatch):
    sway.join(monkeypatch)
    assert repeat_delay() == 1.2
    sway.configure("input * repeat_delay 300")
    wait_until(lambda: repeat_delay() == 0.3, 10, "the new delay")
    sway.configure("input * repeat_rate 0")
    wait_until(lambda: repeat_delay() is None, 10, "no repetition")
    sway.configure(SLOW)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-none")
    assert repeat_delay() is None


def test_a_held_key_toggles_once_however_late_it_repeats(sway):
    repeated = sway.folder / "repeated"
    command = f"bindsym F8 exec 'tray-dictate toggle; echo >> {repeated}'"
    sway.configure(SLOW, command)
    with sway.daemon(engine__name="offline", hotkey__source="commands") as daemon:
        sway.keyboard.keydown("f8")
        wait_until(lambda: repeated.exists() and len(repeated.read_text()) > 5, 60, "it repeats")
        sway.keyboard.keyup("f8")
        status = sway.run("tray-dictate", "status")
        assert "recording" in status.lower()
        assert re.findall(r"dictation \d+: first sample", daemon.log()) == [
            "dictation 1: first sample"
        ]
        sway.run("tray-dictate", "cancel")
