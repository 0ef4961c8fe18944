"""The menu's choices by real clicks in a real panel, of a real daemon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.dictating import SENTENCE, hold, landed, settled, spoken
from tests.desktop.panel_menu import AWAY, choose
from tests.desktop.rig import Daemon, Desktop, wait_until

MINE = '# mine\n[audio]\ntail_ms = 300  # I speak slowly\n\n[hotkey]\nkeys = "ctrl_r"\n'


@pytest.fixture
def settings(desktop: Desktop) -> Path:
    """The user's file, with comments of the user's."""
    path = Path(desktop.env["XDG_CONFIG_HOME"]) / "tray_dictate" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MINE)
    return path


@pytest.fixture
def tray(desktop: Desktop, settings: Path) -> Iterator[Daemon]:
    """A daemon with its icon in the panel."""
    desktop.run("xdotool", "mousemove", *map(str, AWAY))
    with desktop.daemon() as running:
        running.wait_log("The icon is registered")
        time.sleep(0.5)
        yield running


def test_another_microphone_is_chosen_and_recorded_from(
    desktop: Desktop, tray: Daemon, settings: Path, wavs: Path
) -> None:
    sound = desktop.sound
    sound.pactl("load-module", "module-null-sink", "sink_name=desk", "norewinds=1",
                "sink_properties=device.description=desk")  # fmt: skip
    sound.pactl(
        "load-module", "module-remap-source", "source_name=second", "master=desk.monitor",
        "source_properties=device.description=Desk_microphone",
    )  # fmt: skip
    choose(desktop, "audio.device", 2)  # the default, then by name: the one that came just now
    wait_until(lambda: "Desk_microphone" in settings.read_text(), 10, "the change in config.toml")
    text = settings.read_text()
    assert text.startswith("# mine\n")
    assert "tail_ms = 300  # I speak slowly" in text
    wav = spoken(wavs, SENTENCE)
    with desktop.text_window("gtk") as window:
        desktop.keydown("Control_R")
        tray.wait_log("first sample")
        sound.play_whole(wav, "desk")
        desktop.keyup("Control_R")
        landed(window, SENTENCE)
    settled(tray)
    desktop.screenshot()
    choose(desktop, "audio.device", 0)
    wait_until(lambda: "Desk_microphone" not in settings.read_text(), 10, "the default again")
    assert "tail_ms = 300  # I speak slowly" in settings.read_text()


def test_a_recent_dictation_is_copied_and_is_not_in_the_log(
    desktop: Desktop, tray: Daemon, wavs: Path
) -> None:
    with desktop.text_window("gtk") as window:
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        text = landed(window, SENTENCE)
        settled(tray)
    desktop.set_clipboard("something else")
    choose(desktop, "recent", 0)
    wait_until(lambda: desktop.clipboard().decode() == text.strip(), 10, "the text")
    assert SENTENCE.split()[3] not in tray.log()


def test_the_way_of_inserting_is_changed_for_the_next_dictation(
    desktop: Desktop, tray: Daemon, settings: Path, wavs: Path
) -> None:
    choose(desktop, "output.method", 2)
    wait_until(lambda: 'method = "type"' in settings.read_text(), 10, "the change in config.toml")
    tray.wait_log("settings changed: output.method")
    with desktop.text_window("gtk") as window:
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        landed(window, SENTENCE)
    tray.wait_log("characters by type")


def test_a_cloud_that_is_not_set_up_cannot_be_chosen(
    desktop: Desktop, tray: Daemon, settings: Path
) -> None:
    choose(desktop, "engine.name", 2)  # Azure, which is grey
    time.sleep(0.5)
    desktop.run("xdotool", "key", "Escape", "Escape")
    choose(desktop, "engine.name", 1)  # OpenAI: no key is to be found
    wait_until(lambda: "There is no key for openai" in desktop.notifications(), 20, "the reason")
    assert settings.read_text() == MINE


def test_settings_and_log_are_opened_and_start_at_login_is_switched(
    desktop: Desktop, tray: Daemon, settings: Path, tmp_path: Path
) -> None:
    choose(desktop, "log")
    wait_until(lambda: "No text editor could be started" in desktop.notifications(), 30, "told")
    choose(desktop, "autostart")
    entry = settings.parents[1] / "autostart"
    wait_until(lambda: list(entry.glob("*.desktop")), 10, "the entry")
    choose(desktop, "autostart")
    wait_until(lambda: not list(entry.glob("*.desktop")), 10, "no entry")
