"""Programs that we start do not get the keys that are in our environment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from tests.fakes import FakeNotices, FakeOutput
from tray_dictate.app.documents import Documents
from tray_dictate.config import api_keys
from tray_dictate.config.engine_settings import EngineName, EngineSettings
from tray_dictate.config.schema import RewriteSettings
from tray_dictate.engine import credentials
from tray_dictate.hotkey.bindings import compositors, gnome
from tray_dictate.output import clipboard
from tray_dictate.output.wayland import external
from tray_dictate.rewrite import RewriteChain, key
from tray_dictate.system import key_variables
from tray_dictate.system.autostart import systemd

PROGRAM = """#!/bin/sh
env > "{folder}/${{0##*/}}.env"
echo done
"""
NAMES = (
    "xclip wl-copy wl-paste wtype xdg-open editor gsettings systemctl swaymsg filter printer"
).split()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that write down their environment, and keys in ours."""
    for name in NAMES:
        path = tmp_path / name
        path.write_text(PROGRAM.format(folder=tmp_path))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("VISUAL", str(tmp_path / "editor"))
    for name in key_variables.NAMES:
        monkeypatch.setenv(name, f"secret-{name}")
    return tmp_path


def got(folder: Path, name: str) -> int:
    """Return how many keys a program saw."""
    environment = (folder / f"{name}.env").read_text()
    assert f"PATH={folder}" in environment, "it has all the rest"
    return environment.count("secret-")


async def test_a_filter_and_an_editor_get_none(folder: Path) -> None:
    await RewriteChain(RewriteSettings(command=["filter"]), FakeNotices()).apply("text", "xterm")
    (folder / "config.toml").write_text("")
    await Documents(
        folder / "config.toml", FakeNotices(), SimpleNamespace(output=FakeOutput())
    ).open("settings")
    assert (got(folder, "filter"), got(folder, "xdg-open")) == (0, 0)


async def test_what_serves_the_clipboard_and_types_gets_none(folder: Path) -> None:
    clipboard._xclip(20, "text")
    clipboard._xclip_out(20)
    assert got(folder, "xclip") == 0
    clipboard._wl_copy(20, "text")
    clipboard._wl_paste(20)
    external._run(["wtype", "-"], "text")
    assert [got(folder, name) for name in ("wl-copy", "wl-paste", "wtype")] == [0, 0, 0]


def test_what_belongs_to_the_desktop_gets_none(folder: Path) -> None:
    gnome._gsettings("get")
    compositors._run("swaymsg")
    systemd._systemctl("status")
    assert [got(folder, name) for name in ("gsettings", "swaymsg", "systemctl")] == [0, 0, 0]


async def test_a_program_that_prints_a_key_may_know_others(folder: Path) -> None:
    assert await api_keys.run_key_command(["printer"], 20, "engine.key_command") == "done"
    assert got(folder, "printer") == len(key_variables.NAMES)


def test_every_variable_that_is_looked_at_for_a_key_is_known() -> None:
    engines = [EngineSettings(name=name) for name in get_args(EngineName)]
    sources = [*map(credentials.key_source, engines), key.key_source([])]
    assert {name for source in sources for name in source.variables} == key_variables.NAMES
