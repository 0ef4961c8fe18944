"""Sets GNOME's custom shortcuts, which run a command at a key's press, and none at its release.

Uses `gsettings`, which every GNOME has, and leaves the user's own shortcuts as they are.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.key_variables import without_keys

MEDIA_KEYS = "org.gnome.SettingsDaemon.MediaKeys"  # on the session bus: runs the commands
_SCHEMA = "org.gnome.settings-daemon.plugins.media-keys"
_LIST = "custom-keybindings"
_ENTRY = f"{_SCHEMA}.custom-keybinding"
_PREFIX = "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/tray-dictate"
_OTHERS = (
    "org.gnome.desktop.wm.keybindings", "org.gnome.shell.keybindings",
    "org.gnome.mutter.keybindings", "org.gnome.mutter.wayland.keybindings", _SCHEMA,
)  # fmt: skip
_LIMIT = 15.0  # seconds; the first question starts the service that keeps the settings
_SAME = {"primary": "control", "ctrl": "control", "ctl": "control", "mod1": "alt", "mod4": "super"}


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut's name in GNOME's settings, its command, and its keys as GNOME spells them."""

    name: str
    command: str
    binding: str


def setup(wanted: Mapping[str, Shortcut]) -> bool:
    """Replace our shortcuts by these, each with a short name; return whether anything changed.

    Blocks. Raises UnavailableError.
    """
    if not shutil.which("gsettings"):
        raise UnavailableError(
            "The program gsettings is not installed.", "Install it (Debian: libglib2.0-bin)."
        )
    now = paths()
    others = [path for path in now if not path.startswith(_PREFIX)]
    taken = _taken([path for path in now if path in others])
    for shortcut in wanted.values():
        if where := taken.get(normal(shortcut.binding)):
            raise UnavailableError(
                f"{shortcut.binding} is already used by {where}.",
                "Choose another key in the settings (hotkey.keys, hotkey.redo ...), or remove that "
                "shortcut in GNOME's Settings, Keyboard.",
            )
    mine = {f"{_PREFIX}-{name}/": shortcut for name, shortcut in wanted.items()}
    after = others + sorted(mine)
    changes = [
        (f"{_ENTRY}:{path}", key, value) for path, shortcut in mine.items()
        for key, value in (("name", shortcut.name), ("command", shortcut.command),
                           ("binding", shortcut.binding))
        if _text(_get(f"{_ENTRY}:{path}", key)) != value
    ]  # fmt: skip
    for schema, key, value in changes:
        _gsettings("set", schema, key, _variant(value))
    for path in now:  # our former ones
        if path not in after:
            _gsettings("reset-recursively", f"{_ENTRY}:{path}")
    if now != after:  # the last step: until then the entries are not read
        _gsettings("set", _SCHEMA, _LIST, "[" + ", ".join(map(_variant, after)) + "]")
    return bool(changes) or now != after


def paths() -> list[str]:
    """Return the settings paths of all custom shortcuts, in order. Raises UnavailableError."""
    return [str(path) for path in ast.literal_eval(_get(_SCHEMA, _LIST).removeprefix("@as "))]


def binding(name: str) -> str:
    """Return the keys of one of our shortcuts; empty if it is not set up.

    Raises UnavailableError.
    """
    path = f"{_PREFIX}-{name}/"
    return _text(_get(f"{_ENTRY}:{path}", "binding")) if path in paths() else ""


def normal(binding: str) -> frozenset[str]:
    """Return one value for all spellings of the same keys: "<Primary><Alt>T", "<Alt><Control>t"."""
    modifiers = re.findall(r"<([^>]+)>", binding.lower())
    key = re.sub(r"<[^>]+>", "", binding.lower())
    return frozenset([*(f"<{_SAME.get(name, name)}>" for name in modifiers), key])


def _taken(custom: list[str]) -> dict[frozenset[str], str]:
    """Return the keys that are in use, and by which shortcut."""
    found: dict[frozenset[str], str] = {}
    for schema in _OTHERS:
        try:
            listed = _gsettings("list-recursively", schema)
        except UnavailableError:  # another version of GNOME has others
            continue
        for line in listed.splitlines():
            _, key, value = (*line.split(" ", 2), "", "")[:3]
            for binding in re.findall(r"'((?:<[^>']+>)*[^'/]+)'", value):
                found[normal(binding)] = key
    for path in custom:
        if binding := _text(_get(f"{_ENTRY}:{path}", "binding")):
            found[normal(binding)] = f'the shortcut "{_text(_get(f"{_ENTRY}:{path}", "name"))}"'
    return found


def _get(schema: str, key: str) -> str:
    return _gsettings("get", schema, key).strip()


def _text(variant: str) -> str:
    return str(ast.literal_eval(variant))


def _variant(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _gsettings(*words: str) -> str:
    try:
        done = subprocess.run(
            ["gsettings", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=_LIMIT, env=without_keys(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as reason:
        raise UnavailableError(
            f"GNOME's settings do not answer ({type(reason).__name__}).", "Log out and in again."
        ) from reason
    if done.returncode:
        raise UnavailableError(
            f"GNOME's settings refuse: {' '.join(done.stderr.split())}",
            "Install gnome-settings-daemon; without it GNOME has no custom shortcuts.",
        )
    return done.stdout
