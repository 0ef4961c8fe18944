"""A first run says once which key to hold, in words."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tray_dictate.app.notices import unseen, welcome
from tray_dictate.config.schema import Config, HotkeySettings
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.hotkey.switchable import CommandsHotkey
from tray_dictate.system import files


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {},
            "Hold right Ctrl and speak; the words appear where you type. "
            "Release it when you are done. Press Escape to discard what is not inserted yet.",
        ),
        (
            {"keys": "ctrl+alt+space", "mode": "toggle", "cancel": ""},
            "Press Ctrl+Alt+Space and speak; the words appear where you type. "
            "Press it again when you are done.",
        ),
    ],
)
def test_it_names_the_key_that_is_set_and_what_to_do_with_it(settings, words):
    assert welcome(HotkeySettings(**settings)) == words


def test_it_is_said_once_to_a_user_whatever_the_key_is_later():
    assert welcome(HotkeySettings())
    assert not welcome(HotkeySettings())
    assert not welcome(HotkeySettings(keys="f9"))
    assert stat.S_IMODE(files.welcomed_file().stat().st_mode) == 0o600


def test_of_several_that_start_at_once_one_says_it():
    with ThreadPoolExecutor(8) as starts:
        said = list(starts.map(lambda _: welcome(HotkeySettings()), range(40)))
    assert len([text for text in said if text]) == 1


def test_where_the_desktop_chooses_the_key_it_is_named_and_nothing_that_is_not_so():
    portal = Trigger("Meta+D", "Right Ctrl cannot be a shortcut on this desktop.", "portal")
    assert welcome(HotkeySettings(), portal) == (
        "Hold Meta+D and speak; the words appear where you type. Release it when you are done. "
        "Right Ctrl cannot be a shortcut on this desktop."
    )


def test_on_each_kind_of_desktop_it_is_said_once():
    assert welcome(HotkeySettings())
    unheard, keyless = Trigger(source="portal"), Trigger(advice="Choose a key.", source="portal")
    assert not welcome(HotkeySettings(), unheard)
    assert not welcome(HotkeySettings(), keyless), "that has been told at once"
    for trigger in (Trigger("F9", source="portal"), CommandsHotkey().trigger()):
        assert welcome(HotkeySettings(), trigger)
        assert not welcome(HotkeySettings(), trigger)


def test_without_any_global_hotkey_it_says_what_to_bind():
    words = welcome(HotkeySettings(), CommandsHotkey().trigger())
    assert "`tray-dictate start`" in words
    assert "Ctrl" not in words


@pytest.mark.parametrize("state", ["/proc/self/none", "a file"])
def test_a_home_that_cannot_be_written_fails_nothing(state, home, monkeypatch):
    (home / "a file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(home / state))
    assert welcome(HotkeySettings()).startswith("Hold right Ctrl")


@pytest.mark.parametrize(
    ("icon", "cues", "volume", "is_told"),
    [
        (True, False, 0.2, False),
        (False, True, 0.2, False),
        (False, ["start"], 0.2, False),
        (False, False, 0.2, True),
        (False, ["stop", "error"], 0.2, True),
        (False, True, 0, True),
    ],
)
def test_where_nothing_tells_of_the_open_microphone_that_is_said_once(icon, cues, volume, is_told):
    audio = {"cues": cues, "cue_volume": volume}
    config = Config.model_validate({"tray": {"icon": icon}, "audio": audio})
    assert bool(unseen(config)) is is_told
    assert not unseen(config)
    assert welcome(HotkeySettings()), "which is another thing"
