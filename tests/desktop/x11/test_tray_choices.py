"""The menu's choices by real clicks in a real panel, of a real daemon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import SENTENCE, hold, landed, settled, spoken
from tests.rigs.panel_menu import AWAY, choose
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

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
    programs = desktop.folder / "bin"
    programs.mkdir(exist_ok=True)
    editor = programs / "xdg-open"
    editor.write_text(f'#!/bin/sh\necho "$1" >> "{desktop.folder}/opened"\n')
    editor.chmod(0o755)
    env = {
        "PATH": f"{programs}:{desktop.env['PATH']}",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",  # one that is empty
    }
    with desktop.daemon(env=env) as running:
        running.wait_log("The icon is registered")
        time.sleep(0.5)
        yield running


def opened(desktop: Desktop) -> str:
    """Return what the user's editor was asked to open."""
    asked = desktop.folder / "opened"
    return asked.read_text() if asked.exists() else ""


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
    choose(desktop, "audio.device", 0)
    wait_until(lambda: "Desk_microphone" not in settings.read_text(), 10, "the default again")
    assert "tail_ms = 300  # I speak slowly" in settings.read_text()


def test_another_way_of_inserting_is_used_next_and_a_recent_dictation_is_copied(
    desktop: Desktop, tray: Daemon, settings: Path, wavs: Path
) -> None:
    choose(desktop, "output.method", 2)
    wait_until(lambda: 'method = "type"' in settings.read_text(), 10, "the change in config.toml")
    tray.wait_log("settings changed: output.method")
    with desktop.text_window("gtk") as window:
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        text = landed(window, SENTENCE)
        settled(tray)
    tray.wait_log("characters by type")
    desktop.set_clipboard("something else")

    def copied() -> bool:  # on a busy machine the menu opens before the history has the dictation
        choose(desktop, "recent", 0)
        with suppress(AssertionError):
            wait_until(lambda: desktop.clipboard().decode() == text.strip(), 20, "the text")
        return desktop.clipboard().decode() == text.strip()

    wait_until(copied, 20, "the text")
    assert SENTENCE.split()[3] not in tray.log()


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
    desktop: Desktop, tray: Daemon, settings: Path
) -> None:
    for name, path in (("settings", str(settings)), ("log", "tray_dictate.log")):
        choose(desktop, name)
        wait_until(lambda path=path: path in opened(desktop), 20, f"{name} is opened")
    choose(desktop, "autostart")
    entry = settings.parents[1] / "autostart"
    wait_until(lambda: list(entry.glob("*.desktop")), 10, "the entry")
    choose(desktop, "autostart")
    wait_until(lambda: not list(entry.glob("*.desktop")), 10, "no entry")
