"""The whole path where the desktop's portal has the hotkey: hold, speak, read while it is held."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.dictation import LONG, errors, landed, settled, spoken
from tests.rigs.shortcuts_portal import Desktop
from tests.rigs.sway import Sway


def test_what_is_said_while_the_portals_shortcut_is_held_lands_meanwhile(wavs: Path) -> None:
    with Sway(sound=True, notifications=True) as sway:
        desktop = Desktop(sway)
        window = sway.text_window("gtk")
        with sway.daemon(hotkey__keys="ctrl+alt+d") as daemon:
            daemon.wait_log("hotkey by PortalHotkey")
            daemon.wait_log("the engine is loaded", 60)
            desktop.do("press")
            daemon.wait_log("dictation 1: first sample")
            player = sway.play(spoken(wavs, *LONG))
            early = window.wait_for(lambda text: "." in text, timeout=60)
            assert player.poll() is None, "it is still being spoken"
            assert errors(LONG[0], early.split(".")[0]) <= 0.2
            player.wait(60)
            desktop.do("release")
            settled(daemon, 1)
            landed(window, " ".join(LONG), 0.1)
