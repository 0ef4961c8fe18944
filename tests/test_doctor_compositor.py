"""What is done to a compositor's file; tests/wayland/test_bindings.py has the real sway."""

from __future__ import annotations

import pytest

from tray_dictate.config import HotkeySettings
from tray_dictate.doctor import setup
from tray_dictate.doctor.compositor import Running, is_written, write
from tray_dictate.errors import UnavailableError

LINES = ["bind = , F9, exec, tray-dictate start"]


def test_where_it_refuses_its_file_is_as_it_was_and_it_is_told_again(tmp_path):
    file = tmp_path / "hyprland.conf"
    refuses = ("sh", "-c", f"cat {file} >> {tmp_path}/seen; echo Line 3 is wrong >&2; exit 1")
    for before in ("# mine\n", None):
        if before is None:
            file.unlink()
        else:
            file.write_text(before)
        with pytest.raises(UnavailableError, match=r"Hyprland does not take .*: Line 3") as refused:
            write(Running("hyprland", file, refuses), LINES)
        assert "It is as it was" in refused.value.remedy
        assert (file.read_text() if file.exists() else None) == before
    seen = (tmp_path / "seen").read_text()
    assert seen.count(LINES[0]) == 2
    assert seen.split("tray_dictate: end\n")[1].startswith("# mine\n"), "it was told again"


def test_a_program_that_is_not_there_is_a_refusal(tmp_path):
    running = Running("niri", tmp_path / "config.kdl", ("/nonexistent/niri", "validate"))
    with pytest.raises(UnavailableError, match="gives no answer"):
        write(running, ["F9 { }"])
    assert not running.file.exists()


def test_rivers_file_is_a_program_and_its_lines_are_run_at_once(tmp_path):
    running = Running("river", tmp_path / "river" / "init")
    line = f"touch {tmp_path}/ran"
    assert not is_written(running, [line])
    assert write(running, [line]) is None
    assert is_written(running, [line])
    assert (tmp_path / "ran").exists()
    assert running.file.stat().st_mode & 0o777 == 0o755


@pytest.fixture
def programs(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def program(name: str, *script: str) -> None:
        (folder / name).write_text("\n".join(["#!/bin/sh", *script, ""]))
        (folder / name).chmod(0o755)

    return program


def test_rivers_keys_of_before_are_free_again_and_after_a_refusal_they_are_not(tmp_path, programs):
    said = tmp_path / "said"
    programs("riverctl", f'echo "$*" >> {said}', 'case "$*" in *F8*) exit 1; esac')
    running = Running("river", tmp_path / "init")
    old = ["riverctl map normal None F9 spawn 'tray-dictate start'"]
    write(running, old)
    said.write_text("")
    new = [old[0].replace("F9", "F7")]
    write(running, new)
    mapped = "map normal None F7 spawn tray-dictate start"
    assert said.read_text().splitlines() == ["unmap normal None F9", mapped]
    said.write_text("")
    with pytest.raises(UnavailableError, match="river does not take"):
        write(running, [old[0].replace("F9", "F8")])
    assert said.read_text().splitlines()[-2:] == ["unmap normal None F8", mapped]


def test_a_link_stays_one_and_a_file_that_cannot_be_written_has_its_lines_told(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "config"
    real.write_text("# mine\n")
    link = tmp_path / "config"
    link.symlink_to(real)
    write(Running("sway", link), LINES)
    assert link.is_symlink()
    assert LINES[0] in real.read_text()
    link.unlink()
    link.symlink_to("/proc/version")  # as a store that nobody may write to
    with pytest.raises(UnavailableError, match="cannot be written") as refused:
        write(Running("sway", link), LINES)
    assert refused.value.remedy.endswith(f"yourself:\n{LINES[0]}")


def test_a_file_with_no_sure_place_is_left_alone(tmp_path):
    file = tmp_path / "init"
    file.write_text("#!/usr/bin/python3\n")
    with pytest.raises(UnavailableError, match="left alone: it is no shell script") as refused:
        write(Running("river", file), LINES)
    assert LINES[0] in refused.value.remedy
    file.write_bytes(b"\xff")
    with pytest.raises(UnavailableError, match="it is not UTF-8"):
        write(Running("sway", file), LINES)
    assert not is_written(Running("sway", file), LINES)


def test_keys_that_cannot_be_bound_there_are_replaced_and_that_is_told(tmp_path):
    running = Running("niri", tmp_path / "config.kdl")
    lines, keys = setup.bound(running, HotkeySettings())
    assert keys == "Ctrl+Alt+Space"
    assert lines.notes[0].startswith("Right Ctrl cannot be a shortcut on this desktop.")
    with pytest.raises(UnavailableError, match="two keys at once cannot be bound"):
        setup.bound(running, HotkeySettings(undo="a+b"))
