"""What is done to a compositor's file; tests/desktop/sway/test_bindings.py has the real sway."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.doctor import setup, wayland
from tray_dictate.hotkey.bindings.compositors import RunningCompositor, find, is_written, write

LINES = ["bind = , F9, exec, tray-dictate start"]


def test_where_it_refuses_its_file_is_as_it_was_and_it_is_told_again(tmp_path):
    file = tmp_path / "config"
    refuses = ("sh", "-c", f"cat {file} >> {tmp_path}/seen; echo Line 3 is wrong >&2; exit 1")
    for before in ("# mine\n", None):
        if before is None:
            file.unlink()
        else:
            file.write_text(before)
        with pytest.raises(UnavailableError, match=r"sway rejects .*: Line 3") as refused:
            write(RunningCompositor("sway", file, refuses), LINES)
        assert "The file is unchanged" in refused.value.remedy
        assert (file.read_text() if file.exists() else None) == before
    seen = (tmp_path / "seen").read_text()
    assert seen.count(LINES[0]) == 2
    assert seen.split("tray_dictate: end\n")[1].startswith("# mine\n"), "it was told again"


def test_a_program_that_is_not_there_is_a_refusal(tmp_path):
    running = RunningCompositor("niri", tmp_path / "config.kdl", ("/nonexistent/niri", "validate"))
    running.file.write_text("binds {\n}\n")
    with pytest.raises(UnavailableError, match="does not answer"):
        write(running, ["F9 { }"])
    assert running.file.read_text() == "binds {\n}\n"


@pytest.mark.parametrize(("kind", "name"), [("niri", "niri"), ("hyprland", "Hyprland")])
def test_no_new_file_hides_the_one_that_is_read_instead(tmp_path, kind, name):
    running = RunningCompositor(kind, tmp_path / "config")
    with pytest.raises(UnavailableError, match="would hide the settings") as refused:
        write(running, LINES)
    assert f"into the file that {name} reads yourself:\n{LINES[0]}" in refused.value.remedy
    assert not running.file.exists()
    told = wayland.check_compositor_file(running, HotkeySettings(keys="f9"))
    assert told.remedy.startswith(f"Add these lines to the configuration file of {name}")


def test_rivers_file_is_a_program_and_its_lines_are_run_at_once(tmp_path):
    running = RunningCompositor("river", tmp_path / "river" / "init")
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
    running = RunningCompositor("river", tmp_path / "init")
    old = ["riverctl map normal None F9 spawn 'tray-dictate start'"]
    write(running, old)
    said.write_text("")
    new = [old[0].replace("F9", "F7")]
    write(running, new)
    mapped = "map normal None F7 spawn tray-dictate start"
    assert said.read_text().splitlines() == ["unmap normal None F9", mapped]
    said.write_text("")
    with pytest.raises(UnavailableError, match="river rejects"):
        write(running, [old[0].replace("F9", "F8")])
    assert said.read_text().splitlines()[-2:] == ["unmap normal None F8", mapped]


def test_a_link_stays_one_and_a_file_that_cannot_be_written_has_its_lines_told(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "config"
    real.write_text("# mine\n")
    link = tmp_path / "config"
    link.symlink_to(real)
    write(RunningCompositor("sway", link), LINES)
    assert link.is_symlink()
    assert LINES[0] in real.read_text()
    link.unlink()
    link.symlink_to("/proc/version")  # as a store that nobody may write to
    with pytest.raises(UnavailableError, match="cannot be written") as refused:
        write(RunningCompositor("sway", link), LINES)
    assert refused.value.remedy.endswith(f"yourself:\n{LINES[0]}")


def test_a_file_with_no_sure_place_is_left_alone(tmp_path):
    file = tmp_path / "init"
    file.write_text("#!/usr/bin/python3\n")
    with pytest.raises(UnavailableError, match="unchanged: it is not a shell script") as refused:
        write(RunningCompositor("river", file), LINES)
    assert LINES[0] in refused.value.remedy
    file.write_bytes(b"\xff")
    with pytest.raises(UnavailableError, match="it is not UTF-8"):
        write(RunningCompositor("sway", file), LINES)
    assert not is_written(RunningCompositor("sway", file), LINES)


def test_keys_that_cannot_be_bound_there_are_replaced_and_that_is_told(tmp_path):
    running = RunningCompositor("niri", tmp_path / "config.kdl")
    lines, keys = setup.bound(running, HotkeySettings())
    assert keys == "Ctrl+Alt+Space"
    assert lines.notes[0].startswith("Right Ctrl cannot be a shortcut on this desktop.")
    with pytest.raises(UnavailableError, match="two keys at once cannot be bound"):
        setup.bound(running, HotkeySettings(undo="a+b"))


@pytest.fixture
def hyprland(tmp_path, programs, monkeypatch):
    """One that takes everything, and knows the bindings that are in the file `binds`."""
    monkeypatch.setenv("HYPRLAND_INSTANCE_SIGNATURE", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SWAYSOCK", raising=False)
    monkeypatch.delenv("HYPRLAND_CONFIG", raising=False)
    programs("hyprctl", f'case "$*" in "binds -j") cat {tmp_path}/binds;; *) echo ok; esac')
    (tmp_path / "hypr").mkdir()
    (tmp_path / "hypr" / "hyprland.conf").write_text("# mine\n")
    return tmp_path


def test_hyprland_is_asked_whether_it_has_read_its_file(hyprland):
    running = find()
    assert running.file == hyprland / "hypr" / "hyprland.conf"
    others = {"arg": "foot"}
    for known in (json.dumps([others]), "[1]"):
        (hyprland / "binds").write_text(known)
        with pytest.raises(UnavailableError, match="`hyprctl binds` has none of them"):
            write(running, LINES)
        assert running.file.read_text() == "# mine\n"
    (hyprland / "binds").write_text(json.dumps([others, {"arg": "tray-dictate start"}]))
    write(running, LINES)
    assert is_written(running, LINES)


def test_hyprlands_own_choice_of_a_file_is_known(hyprland, monkeypatch):
    (hyprland / "hypr" / "hyprland.lua").touch()
    found = find()
    assert (found.file, found.compositor) == (hyprland / "hypr" / "hyprland.lua", "hyprland lua")
    monkeypatch.setenv("HYPRLAND_CONFIG", str(hyprland / "mine.conf"))
    assert find().file == hyprland / "mine.conf"
    monkeypatch.setenv("HYPRLAND_CONFIG", str(hyprland / "mine.lua"))
    assert (find().file, find().compositor) == (hyprland / "mine.lua", "hyprland lua")


def test_hyprlands_program_is_verified_before_it_is_loaded_and_else_is_as_it_was(
    hyprland, programs
):
    program, said = hyprland / "hypr" / "hyprland.lua", hyprland / "said"
    programs("hyprctl", f'echo ok; echo "hyprctl $*" >> {said}')
    programs(
        "Hyprland", f'echo "Hyprland $*" >> {said}',
        f"if grep -q wrong {program}; then echo line 7: unexpected symbol; exit 1; fi",
    )  # fmt: skip
    verified = f"Hyprland --verify-config --config {program}"
    program.write_text("-- mine\n")
    found = setup.write_compositor_file(HotkeySettings(keys="f9"))
    assert f"F9 is bound in {program}. Hyprland reads it, unless" in found.words
    assert said.read_text().splitlines()[-2:] == [verified, "hyprctl reload"]
    before, mark, block = program.read_text().partition("-- tray_dictate: these lines")
    assert (before, bool(mark)) == ("-- mine\n", True)
    assert block.count("hl.bind(") == 2
    assert "already" in setup.write_compositor_file(HotkeySettings(keys="f9")).words
    program.write_text("wrong\n")
    said.write_text("")
    found = setup.write_compositor_file(HotkeySettings(keys="f9"))
    assert "Hyprland rejects" in found.words
    assert "line 7: unexpected symbol" in found.words
    assert program.read_text() == "wrong\n"
    assert "hyprctl reload" not in said.read_text(), "it would load what it cannot read"


def test_which_file_niri_was_taken_to_read_is_told(tmp_path, programs, monkeypatch):
    monkeypatch.delenv("SWAYSOCK", raising=False)
    monkeypatch.delenv("HYPRLAND_INSTANCE_SIGNATURE", raising=False)
    monkeypatch.setenv("NIRI_SOCKET", "1")
    monkeypatch.setenv("NIRI_CONFIG", str(tmp_path / "config.kdl"))
    (tmp_path / "config.kdl").write_text("binds {\n}\n")
    programs("niri", "echo niri")
    found = setup.write_compositor_file(HotkeySettings(keys="f9"))
    assert found.state == "ok"
    assert f"F9 is bound in {tmp_path}/config.kdl. niri reads it, unless" in found.words


@pytest.fixture
def labwc(tmp_path, monkeypatch):
    """A process of that name; the path of the file that it would read."""
    for name in ("SWAYSOCK", "HYPRLAND_INSTANCE_SIGNATURE", "NIRI_SOCKET", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(shutil.which("sleep"), tmp_path / "labwc")
    process = subprocess.Popen([tmp_path / "labwc", "60"], env={})
    comm = Path("/proc", str(process.pid), "comm")
    wait_until(lambda: comm.read_text() == "labwc\n", 10, "the program is in its place")
    monkeypatch.setenv("LABWC_PID", str(process.pid))
    monkeypatch.setenv("LABWC_CONFIG_DIR", str(tmp_path))
    yield tmp_path / "rc.xml"
    process.kill()
    process.wait()


def test_labwcs_file_is_left_alone_and_its_lines_are_looked_for(labwc):
    running = find()
    assert running.file == labwc
    told = wayland.check_compositor_file(running, HotkeySettings(keys="f9"))
    assert (told.state, "<default />" in told.remedy) == ("warning", True)
    labwc.write_text("<labwc_config><keyboard>\n</keyboard></labwc_config>\n")
    found = setup.write_compositor_file(HotkeySettings(keys="f9"))
    assert (found.state, labwc.read_text().count("keybind")) == ("failed", 0)
    head, line, note = wayland.check_compositor_file(
        find(), HotkeySettings(keys="f9")
    ).remedy.split("\n")
    assert "between <keyboard> and </keyboard>, then run `labwc --reconfigure`" in head
    assert line in found.remedy
    assert "press once to start" in note
    for text, state in ((f"<!-- {line} -->", "warning"), (line, "ok")):
        labwc.write_text(f"<labwc_config><keyboard>\n{text}\n</keyboard></labwc_config>\n")
        assert wayland.check_compositor_file(find(), HotkeySettings(keys="f9")).state == state


def test_another_process_of_that_number_is_not_labwc(labwc, monkeypatch):
    monkeypatch.setenv("LABWC_PID", str(os.getpid()))
    assert find() is None
    monkeypatch.delenv("LABWC_PID")
    assert find() is None
