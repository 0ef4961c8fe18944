"""What the doctor says of folders, history and settings that are not as they should be."""

from __future__ import annotations

import sys

import pytest

from tray_dictate.cli.usable import problems
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config, HistorySettings
from tray_dictate.doctor import installation
from tray_dictate.history.entries import Entry, History
from tray_dictate.system import files as paths

KEEPS = HistorySettings()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path


def test_folders_that_are_not_there_yet_can_be_made_and_are_not_made(home):
    [found] = installation.check_folders()
    assert (found.name, found.state, found.value) == ("folders", "ok", 4)
    assert list(home.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_named_with_its_remedy(home):
    (home / "state").write_text("")
    [found] = installation.check_folders()
    assert (found.state, found.remedy) == ("failed", f"Move {home / 'state'} away.")
    assert "log folder" in found.words


def test_a_folder_that_others_can_read_is_a_warning():
    folder = paths.history_file().parent
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    [found] = installation.check_folders()
    assert (found.state, found.remedy) == ("warning", f"chmod 700 '{folder}'")


def test_a_folder_that_cannot_be_written_is_named(monkeypatch):
    if sys.platform == "linux":  # the one place where root cannot write, either
        monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/self")
    [found] = installation.check_folders()
    assert found.state == "failed"
    assert "settings folder /proc/self/tray_dictate cannot be written" in found.words
    assert "chown" in found.remedy


def test_the_history_is_counted_and_not_changed(home):
    history = History()
    history.add(Entry(0, 1e10, "words", "words", "delivered", "editor"))
    history.close()
    before = paths.history_file().read_bytes()
    [found] = installation.check_history(KEEPS)
    assert (found.state, found.value) == ("ok", 1)
    assert paths.history_file().read_bytes() == before


def test_a_history_that_is_corrupt_or_open_to_others_is_told():
    path = paths.history_file()
    History().close()
    path.chmod(0o644)
    assert [one.state for one in installation.check_history(KEEPS)] == ["warning"]
    path.write_bytes(b"no SQLite file at all" * 100)
    [found] = installation.check_history(KEEPS)
    assert found.state == "failed"
    assert str(path) in found.remedy


def test_no_history_yet_and_none_wanted_are_no_failures():
    assert installation.check_history(KEEPS)[0].state == "ok"
    assert installation.check_history(HistorySettings(enabled=False))[0].state == "unchecked"


def test_the_room_on_the_disk_is_a_number():
    [found] = installation.check_disk()
    assert (found.unit, found.value is not None) == ("MiB", True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[audio]\ndevise = 3", "did you mean audio.device?"),
        ("[hotkey", "is not valid TOML"),
        ('[engine]\nname = "azure"', "engine.endpoint"),
    ],
)
def test_settings_that_cannot_be_used_are_named_and_the_checks_go_on_with_the_defaults(
    home, text, problem, monkeypatch
):
    monkeypatch.delenv("AZURE_OPENAI_STT_TTS_ENDPOINT", raising=False)
    path = home / "config.toml"
    path.write_text(text)
    config, [found] = installation.check_settings(Sources(path, check=problems))
    assert config == Config()
    assert (found.name, found.state) == ("settings", "failed")
    assert problem in found.words
    assert f"Correct it in {path}" in found.remedy


def test_overrides_count():
    config, [found] = installation.check_settings(Sources(None, ["hotkey.keys=f9"]))
    assert (config.hotkey.keys, found.state) == ("f9", "ok")


def test_a_setting_under_its_older_name_is_no_failure():
    config, found = installation.check_settings(Sources(None, ["engine.keywords=['Ximena']"]))
    assert config.terms == ["Ximena"]
    assert [finding.state for finding in found] == ["ok", "warning"]
    assert "engine.keywords is an older name of text.words" in found[1].words


def test_without_a_settings_file_the_defaults_are_used():
    path = paths.config_file()
    config, [found] = installation.check_settings(Sources(path))
    assert (config, found.state) == (Config(), "ok")
    assert f"there is no {path}" in found.words


def test_a_file_that_the_user_named_and_that_is_missing_is_told_also_the_default_one(home):
    for path in (home / "none.toml", paths.config_file()):
        config, [found] = installation.check_settings(Sources(path, named=True))
        assert (config, found.state) == (Config(), "failed")
        assert found.words == f"{path}: there is no such file."
        assert found.remedy.startswith("Name another with --config.")
