"""`doctor --write` on a real sway: its file, its bindings, and the keys pressed for real."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.sway import Sway
from tests.waiting import wait_until
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.doctor import setup
from tray_dictate.hotkey.bindings import compositors

MINE = "bindsym F3 nop\n"


@pytest.fixture(scope="module")
def sway() -> Iterator[Sway]:
    """A sway whose tray-dictate tells what it was run for, and does nothing else."""
    with Sway(extra=MINE.strip()) as bare:
        programs = bare.folder / "bin"
        recorder = f'#!/bin/sh\necho "$1" >> {bare.folder}/ran\n'
        (programs / "tray-dictate").write_text(recorder)
        (programs / "python").symlink_to(sys.executable)  # so that the one beside it is ours
        yield bare


@pytest.fixture
def ran(sway: Sway) -> Iterator[Callable[[], list[str]]]:
    """Return what was run since then; the configuration is as before after the test."""
    before = sway.configuration.read_text()
    record = sway.folder / "ran"
    record.write_text("")
    yield lambda: record.read_text().split()
    sway.configuration.write_text(before)
    sway.configuration.chmod(0o644)
    sway.swaymsg("reload")


def doctor(sway: Sway, *words: str, **env: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the only finding."""
    packages = str(Path(pytest.__file__).parents[1])
    done = subprocess.run(
        [str(sway.folder / "bin" / "python"), "-m", "tray_dictate", "doctor", "--json", *words],
        env={**sway.env, "PYTHONPATH": f"{ROOT}:{packages}", **env}, cwd=sway.env["HOME"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    [found] = json.loads(done.stdout)["checks"]
    return done.returncode, found


def both(ran: Callable[[], list[str]], expected: list[str]) -> None:
    """Wait for both; the programs of an instant tap may come in either order."""
    wait_until(lambda: sorted(ran()) == sorted(expected), 10, f"{expected} were run: {ran()}")


@pytest.mark.parametrize(
    ("keys", "pressed"),
    [
        ("f9", ("f9",)),
        ("ctrl_r", ("ctrl_r",)),
        ("alt", ("alt_l",)),
        ("alt", ("alt_r",)),
        ("ctrl+alt+space", ("ctrl_r", "alt_l", "space")),
        ("super_l+d", ("super_l", "d")),
        ("shift+.", ("shift_l", ".")),
        ("pause", ("pause",)),
    ],
)
def test_what_is_written_is_run_when_the_keys_go_down_and_come_up(environ, ran, keys, pressed):
    running = compositors.find()
    assert running.file == environ.configuration
    lines, _ = setup.bound(running, HotkeySettings(keys=keys))
    record = [line.replace(" ".join(setup.program()), "tray-dictate") for line in lines.lines]
    compositors.write(running, record)
    environ.keydown(*pressed)
    wait_until(lambda: ran() == ["start"], 10, "started")
    environ.keyup(*reversed(pressed))
    wait_until(lambda: ran() == ["start", "stop"], 10, "stopped")


def test_doctor_writes_the_lines_beside_the_users_own_once_and_renews_them(sway, ran):
    sway.configuration.chmod(0o600)
    before = sway.configuration.read_text()
    code, found = doctor(sway, "--write", "--set", "hotkey.keys=f9", "--set", "hotkey.undo=super+z")
    assert (code, found["name"], found["state"]) == (0, "bindings", "ok")
    assert f"F9 is bound in {sway.configuration}, and sway has loaded it" in found["words"]
    first = sway.configuration.read_text()
    assert first.startswith(before)
    kept = sway.configuration.with_name("config.before-tray_dictate")
    assert kept.read_text() == before
    assert {stat.S_IMODE(one.stat().st_mode) for one in (kept, sway.configuration)} == {0o600}
    sway.keydown("f9")
    wait_until(lambda: ran() == ["start"], 10, "started")
    sway.keyup("f9")
    wait_until(lambda: ran() == ["start", "stop"], 10, "stopped")
    sway.tap("super_l", "z")
    wait_until(lambda: ran()[2:] == ["undo"], 10, "undone")

    _, again = doctor(sway, "--write", "--set", "hotkey.keys=f9", "--set", "hotkey.undo=super+z")
    assert "already" in again["words"]
    assert sway.configuration.read_text() == first

    doctor(sway, "--write", "--set", "hotkey.keys=f8", "--set", "hotkey.mode=toggle")
    sway.tap("f9")
    sway.tap("f8")
    wait_until(lambda: ran()[3:] == ["toggle"], 10, "toggled, and by that key alone")
    text = sway.configuration.read_text()
    assert text.startswith(before)
    assert "F9" not in text.removeprefix(before)


def test_without_such_a_compositor_it_says_what_else_there_is(sway, ran):
    code, found = doctor(sway, "--write", SWAYSOCK="/nonexistent")
    assert code == 1
    assert "sway, Hyprland, river, niri" in found["words"]
    assert "--fix" in found["remedy"]


def test_where_only_the_system_has_a_file_the_users_own_includes_it(environ, ran, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(environ.folder / "elsewhere"))
    running = compositors.find(system=environ.folder)
    assert running.file == environ.folder / "elsewhere" / "sway" / "config"
    assert compositors.write(running, ["bindsym F8 nop"]) is None
    assert running.file.read_text().startswith(f"include {environ.configuration}\n# tray_dictate")
