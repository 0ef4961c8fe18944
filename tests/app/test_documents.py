"""Opened for the user: a fake xdg-open writes down what it is given."""

from __future__ import annotations

import stat
import sys
import tomllib
from pathlib import Path

import pytest

from tests.fakes import FakeNotices, FakeOutput
from tests.rigs import hostile
from tray_dictate.app.documents import DOCTOR, Documents
from tray_dictate.cli import options
from tray_dictate.cli.parser import build_parser
from tray_dictate.config.load import Sources
from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.system import files


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with a PATH of fake programs only."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def program(home: Path, name: str, code: int = 0) -> Path:
    """Put a program on PATH that writes down its last argument; return where."""
    written = home / f"{name}.asked"
    path = home / "bin" / name
    path.write_text(
        f'#!/bin/sh\nfor last; do :; done\nprintf "%s" "$last" > "{written}"\nexit {code}\n'
    )
    path.chmod(0o755)
    return written


def private_text(path: Path) -> str:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()


class NoClipboard(FakeOutput):
    async def copy_to_clipboard(self, text: str) -> None:
        raise DeliveryError("There is no clipboard.")


class Parts:
    """As much of the components as a document needs."""

    def __init__(self, output: FakeOutput | None = None) -> None:
        self.output = output or NoClipboard()


async def test_settings_that_are_not_there_are_written_with_every_default_explained(home) -> None:
    asked, path = program(home, "xdg-open"), home / "there" / "config.toml"
    await Documents(path, FakeNotices(), Parts()).open("settings")
    assert asked.read_text() == str(path)
    assert "# The key or keys to hold" in path.read_text()
    assert all(table == {} for table in tomllib.loads(path.read_text()).values()), "none is changed"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_settings_that_are_there_are_left_as_they_are(home) -> None:
    asked, path = program(home, "xdg-open"), home / "config.toml"
    path.write_text("# mine\n")
    await Documents(path, FakeNotices(), Parts()).open("settings")
    assert (asked.read_text(), path.read_text()) == (str(path), "# mine\n")


async def test_the_users_own_editor_is_next_where_the_desktop_knows_none(home, monkeypatch) -> None:
    program(home, "xdg-open", code=3)
    asked = program(home, "edit")
    monkeypatch.setenv("VISUAL", "edit --wait")
    await Documents(home / "config.toml", FakeNotices(), Parts()).open("settings")
    assert asked.read_text() == str(home / "config.toml")


async def test_an_editor_that_is_there_is_next_where_the_user_has_chosen_none(home) -> None:
    program(home, "xdg-open", code=3)
    program(home, "gio", code=2)
    asked = program(home, "mousepad")
    await Documents(home / "config.toml", FakeNotices(), Parts()).open("settings")
    assert asked.read_text() == str(home / "config.toml")


@pytest.mark.parametrize(
    ("variable", "editor"), [("VISUAL", "vim -p"), ("EDITOR", "vim"), ("", "")]
)
@pytest.mark.parametrize(
    "terminal", [("xfce4-terminal", "-x"), ("foot",), ("xterm", "-e")], ids=str
)
async def test_an_editor_of_the_terminal_gets_one(
    home, monkeypatch, variable, editor, terminal
) -> None:
    program(home, "vim", code=1)  # as without a terminal
    program(home, "nano", code=1)
    asked = home / "asked"
    path = home / "bin" / terminal[0]
    path.write_text(f'#!/bin/sh\necho "$@" > {asked}\n')
    path.chmod(0o755)
    if variable:
        monkeypatch.setenv(variable, editor)
    await Documents(home / "config.toml", FakeNotices(), Parts()).open("settings")
    wanted = [*terminal[1:], *(editor or "nano").split(), str(home / "config.toml")]
    assert asked.read_text().split() == wanted


async def test_without_any_editor_the_path_is_on_the_clipboard_and_told(home) -> None:
    parts = Parts(FakeOutput())
    path = home / "config.toml"
    with pytest.raises(UnavailableError, match=r"No text editor .* on the clipboard now .*toml"):
        await Documents(path, FakeNotices(), parts).open("settings")
    assert parts.output.kept == str(path)


async def test_without_editor_and_clipboard_the_user_is_told_where_the_file_is(home) -> None:
    with pytest.raises(UnavailableError, match=r"No text editor .* Open .*config\.toml with one"):
        await Documents(home / "config.toml", FakeNotices(), Parts()).open("settings")


async def test_a_folder_that_cannot_be_written_is_named(home) -> None:
    (home / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be written"):
        await Documents(home / "file" / "config.toml", FakeNotices(), Parts()).open("settings")


async def test_a_log_that_is_not_there_is_said_to_be_so(home) -> None:
    program(home, "xdg-open")
    with pytest.raises(UnavailableError, match="There is no"):
        await Documents(home / "config.toml", FakeNotices(), Parts()).open("log")


@pytest.mark.parametrize("platform", ["linux", "darwin"])
async def test_the_log_is_opened(home, platform) -> None:
    asked = program(home, {"linux": "xdg-open", "darwin": "open"}[platform])
    files.private_folder(files.log_file().parent)
    files.log_file().write_text("a line")
    await Documents(home / "config.toml", FakeNotices(), Parts(), platform=platform).open("log")
    assert asked.read_text() == str(files.log_file())


async def test_the_check_is_opened_as_a_private_text_also_where_it_found_something(home) -> None:
    asked, told = program(home, "xdg-open"), list[str]()
    doctor = [sys.executable, "-c", "print('no microphone'); raise SystemExit(1)"]
    await Documents(home / "config.toml", FakeNotices(told.append), Parts(), doctor=doctor).open(
        "check"
    )
    assert private_text(Path(asked.read_text())) == "no microphone\n"
    assert len(told) == 1


async def test_the_check_runs_no_code_of_the_folder_that_the_daemon_was_started_in(
    home, tmp_path_factory, monkeypatch
):
    asked = program(home, "xdg-open")
    monkeypatch.chdir(hostile.plant(tmp_path_factory.mktemp("downloaded")))
    doctor = [*DOCTOR, "--help"]
    await Documents(home / "config.toml", FakeNotices(), Parts(), doctor=doctor).open("check")
    assert "doctor" in private_text(Path(asked.read_text()))
    assert hostile.ran(Path.cwd()) == []


@pytest.mark.parametrize(
    "doctor", [["no-such-program"], [sys.executable, "-c", "raise SystemExit(2)"]], ids=str
)
async def test_a_check_that_fails_is_told_with_a_remedy(home, doctor) -> None:
    program(home, "xdg-open")
    with pytest.raises(UnavailableError, match=r"self-test failed.*tray-dictate doc"):
        await Documents(home / "config.toml", FakeNotices(), Parts(), doctor=doctor).open("check")


async def test_the_check_is_of_the_settings_that_the_daemon_was_started_with(home) -> None:
    asked, path = program(home, "xdg-open"), home / "other.toml"
    path.write_text("[engine]\nname = 'speaches'\n")
    sources = Sources(path, ["hotkey.keys=f9", "audio.cues=false"])
    doctor = [sys.executable, "-c", "import sys; print(*sys.argv[1:])", *sources.words()]
    await Documents(path, FakeNotices(), Parts(), doctor=doctor).open("check")
    said = private_text(Path(asked.read_text())).split()
    assert said == ["--config", str(path), "--set", "hotkey.keys=f9", "--set", "audio.cues=false"]
    parsed = build_parser().parse_args(["doctor", "--no-input", *said])
    assert options.settings(parsed) == sources.load()
    documents = Documents.of(sources, FakeNotices(), Parts())
    assert documents._doctor == [*DOCTOR, *said], "it is what the menu runs"


async def test_the_users_own_file_is_found_without_being_named(home) -> None:
    assert Sources(files.config_file()).words() == []
