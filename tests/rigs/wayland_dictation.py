"""Dictations by a key that the compositor binds to our commands, as `doctor --write` does it."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.daemon import Daemon
from tests.rigs.sway import Sway

KEY = "ctrl_r"
BINDINGS = (
    "bindcode --no-repeat --locked 105 exec tray-dictate start",
    "bindcode --release --locked 105 exec tray-dictate stop",
    "bindsym --no-repeat F9 exec tray-dictate start",
    "bindsym --release F9 exec tray-dictate stop",
)
WRONG = 0.15  # of the words: the embedded model's mistakes


def hold(sway: Sway, daemon: Daemon, wav: Path, key: str = KEY) -> int:
    """Hold the key while the file is spoken; return the number of the dictation."""
    number = daemon.log().count(": first sample ") + 1
    sway.keydown(key)
    daemon.wait_log(f"dictation {number}: first sample")
    sway.play_whole(wav)
    sway.keyup(key)
    return number
