"""config.toml is edited while the daemon runs: keys, microphone, icon, and mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import SENTENCE, errors, hold, landed, settled, spoken
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

ENDING = "[audio]\ncues = false\n"


@pytest.fixture
def save(desktop: Desktop) -> Iterator[Callable[[str], None]]:
    """Save the settings file as editors do: another file takes its name."""
    path = Path(desktop.env["XDG_CONFIG_HOME"]) / "tray_dictate" / "config.toml"

    def save(text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        new = path.with_suffix(".swap")
        new.write_text(text)
        new.replace(path)

    yield save
    path.unlink(missing_ok=True)


def takes(daemon: Daemon) -> int:
    return daemon.log().count(": first sample ")


def test_another_hotkey_is_in_force_on_save_and_a_mistake_leaves_it(desktop, wavs, save):
    with desktop.daemon() as daemon:
        window = desktop.text_window("tk")
        save('[hotkey]\nkeys = "f8"\n')
        daemon.wait_log("settings changed: hotkey.keys")
        hold(desktop, spoken(wavs, SENTENCE), "F8")
        settled(daemon)
        landed(window, SENTENCE)
        hold(desktop, spoken(wavs, "Nobody hears this."), "Control_R")
        assert takes(daemon) == 1, "the old key is only a key again"

        save('[hotkey]\nkeys = "f77"\n')
        told = "Your previous settings stay in effect."
        wait_until(lambda: told in desktop.notifications(), 20, "a notification")
        assert "hotkey.keys: got" in desktop.notifications()
        hold(desktop, spoken(wavs, SENTENCE), "F8")
        settled(daemon, 2)
        window.wait_for(lambda text: errors(f"{SENTENCE} {SENTENCE}", text) <= 0.15)


def test_a_dictation_keeps_its_key_until_it_is_over(desktop, wavs, save):
    with desktop.daemon(hotkey__mode="hold") as daemon:
        window = desktop.text_window("tk")
        desktop.keydown("Control_R")
        daemon.wait_log("first sample")
        save('[hotkey]\nkeys = "f8"\n[text]\nsubmit = true\n[output]\nmethod = "type"\n')
        desktop.play_whole(spoken(wavs, SENTENCE))
        assert "settings changed" not in daemon.log()
        desktop.keyup("Control_R")
        settled(daemon)
        landed(window, SENTENCE)
        daemon.wait_log("settings changed")
        assert "\n" not in window.text(), "Enter is for the next one"
        hold(desktop, spoken(wavs, SENTENCE), "F8")
        settled(daemon, 2)
        wait_until(lambda: window.text().count("\n") == 1, 20, "Enter")


def test_the_icon_comes_and_goes_and_quitting_still_works(desktop, save):
    with desktop.daemon(ready="ready: ") as daemon:
        item = f"org.kde.StatusNotifierItem-{daemon.pid}-1"
        wait_until(lambda: desktop.bus_has(item), 20, "the icon")
        save("[tray]\nicon = false\n")
        daemon.wait_log("settings changed: tray.icon")
        wait_until(lambda: not desktop.bus_has(item), 20, "no icon")
        save(ENDING)
        wait_until(lambda: desktop.bus_has(item), 20, "the icon again")
