"""`doctor --fix` with GNOME's own gsettings, kept in a file of a private home."""

from __future__ import annotations

import ast
import subprocess

import pytest

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.doctor import setup
from tray_dictate.hotkey.bindings import gnome

SCHEMA = "org.gnome.settings-daemon.plugins.media-keys"
MINE = "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/custom0/"
OURS = "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/tray-dictate-"


def gsettings(*words: str) -> str:
    return subprocess.run(
        ["gsettings", *words], check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def entry(path: str) -> dict[str, str]:
    schema = f"{SCHEMA}.custom-keybinding:{path}"
    return {key: ast.literal_eval(gsettings("get", schema, key)) for key in ("command", "binding")}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home with a shortcut of the user's own, and no session bus."""
    for name, value in {
        "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_RUNTIME_DIR": str(tmp_path), "GSETTINGS_BACKEND": "keyfile",
        "XDG_CURRENT_DESKTOP": "ubuntu:GNOME",
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/absent",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for key, value in {"name": "Terminal", "command": "foot", "binding": "<Super>Return"}.items():
        gsettings("set", f"{SCHEMA}.custom-keybinding:{MINE}", key, value)
    gsettings("set", SCHEMA, "custom-keybindings", f"['{MINE}']")
    return tmp_path / "config" / "glib-2.0" / "settings" / "keyfile"


async def test_the_hotkey_becomes_a_shortcut_once_and_the_users_own_stay(home):
    settings = HotkeySettings(keys="f9", undo="ctrl+alt+z")
    found = await setup.set_gnome_shortcuts(settings)
    assert (found.state, found.name) == ("ok", "shortcut")
    assert "F9 runs `tray-dictate toggle`." in found.words
    assert "again to stop" in found.words
    assert gnome.paths() == [MINE, f"{OURS}toggle/", f"{OURS}undo/"]
    assert entry(MINE) == {"command": "foot", "binding": "<Super>Return"}
    program = " ".join(setup.program())
    assert entry(f"{OURS}toggle/") == {"command": f"{program} toggle", "binding": "F9"}
    assert entry(f"{OURS}undo/") == {"command": f"{program} undo", "binding": "<Control><Alt>z"}

    before = home.read_text()
    assert "already" in (await setup.set_gnome_shortcuts(settings)).words
    assert home.read_text() == before

    await setup.set_gnome_shortcuts(HotkeySettings(keys="f8"))
    assert gnome.paths() == [MINE, f"{OURS}toggle/"]
    assert entry(f"{OURS}toggle/")["binding"] == "F8"
    assert entry(f"{OURS}undo/") == {"command": "", "binding": ""}


async def test_a_modifier_alone_is_replaced_and_that_is_told():
    found = await setup.set_gnome_shortcuts(HotkeySettings(mode="toggle"))
    assert found.state == "ok"
    assert "Right Ctrl cannot be a shortcut on this desktop" in found.words
    assert entry(f"{OURS}toggle/")["binding"] == "<Control><Alt>space"


@pytest.mark.parametrize(
    ("keys", "owner"), [("super+h", "minimize"), ("super+enter", 'the shortcut "Terminal"')]
)
async def test_keys_that_gnome_has_already_are_refused_for_it_would_ignore_ours(home, keys, owner):
    before = home.read_text()
    found = await setup.set_gnome_shortcuts(HotkeySettings(keys=keys))
    assert found.state == "failed"
    assert f"is already used by {owner}" in found.words
    assert home.read_text() == before


async def test_another_key_that_cannot_be_bound_is_named():
    found = await setup.set_gnome_shortcuts(HotkeySettings(keys="f9", redo="a+b"))
    assert found.state == "failed"
    assert "A+B: two keys at once" in found.words


async def test_elsewhere_nothing_is_touched(home, monkeypatch):
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "sway")
    before = home.read_text()
    found = await setup.set_gnome_shortcuts(HotkeySettings(keys="f9"))
    assert (found.state, found.name) == ("failed", "shortcut")
    assert "--write" in found.remedy
    assert home.read_text() == before


def test_without_gsettings_or_its_schemas_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("GSETTINGS_SCHEMA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    with pytest.raises(UnavailableError, match="gnome-settings-daemon"):
        gnome.setup({})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="gsettings is not installed"):
        gnome.setup({})


def test_the_same_keys_are_known_in_any_spelling():
    assert gnome.normal("<Primary><Alt>T") == gnome.normal("<Alt><Control>t")
    assert gnome.normal("<Alt>t") != gnome.normal("<Super>t")
