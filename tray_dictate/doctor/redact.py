"""What must not leave the machine with a report: keys, names, what is said and what is private.

Settings are shown only where their kind is known to be harmless: a key that was written into the
wrong place is a setting nobody knows, or of another type.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

from tray_dictate.config.engine import Section
from tray_dictate.config.schema import Config
from tray_dictate.doctor.personal import HIDDEN, address, secret_hosts, without_personal

_SHORTEST = 4  # characters; what is shorter is part of any word
_PLAIN = {
    "hotkey.keys", "hotkey.cancel", "hotkey.redo", "hotkey.undo", "hotkey.copy_last",
    "audio.warm", "engine.model", "engine.languages", "engine.api_version",
    "engine.entra_scope",
    "text.commands", "text.fillers", "rewrite.model",
}  # fmt: skip
_ADDRESSES = {"engine.endpoint", "rewrite.endpoint"}
_SECRET_NAME = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)


class Redactor:
    """Takes out of a text what is not to be in it."""

    def __init__(self, private: Iterable[str]) -> None:
        """`private` are further texts that may not be seen."""
        found = {text.strip() for text in (*private, *_secrets_of_environment(), *_proxies())}
        self._private = sorted((t for t in found if len(t) >= _SHORTEST), key=len, reverse=True)
        self._homes = sorted(
            {str(Path.home()), os.path.realpath(Path.home())} - {"/"}, key=len, reverse=True
        )

    def text(self, text: str) -> str:
        """Return it without them."""
        for private in self._private:
            text = re.sub(re.escape(private), HIDDEN, text, flags=re.IGNORECASE)
        for home in self._homes:
            text = text.replace(home, "~")
        for name, instead in _names():
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", instead, text)
        return without_personal(text)

    def tree(self, value: Any) -> Any:
        """Return a JSON value whose texts are without them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.tree(one) for name, one in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [self.tree(one) for one in cast("list[Any]", value)]
        return value


def settings(tree: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the settings as TOML, without what is private, and the texts that were removed."""
    written: list[str] = []
    private: list[str] = []
    for section, table in tree.items():
        known = _fields(section)
        if known is None or not isinstance(table, dict):
            written.append(f"# {section}: an unknown section, its contents {HIDDEN}")
            private += _texts(table)
            continue
        written.append(f"[{section}]")
        for name, value in cast("dict[str, Any]", table).items():
            if name not in known:
                written.append(f"# {name}: an unknown setting, its value {HIDDEN}")
                private += _texts(value)
                continue
            shown = _shown(f"{section}.{name}", known[name], value)
            if shown is None:
                private += _texts(value)
            elif f"{section}.{name}" in _ADDRESSES:
                private += secret_hosts(str(value))
            written.append(f"{name} = {shown or json.dumps(HIDDEN)}")
    return "\n".join(written) + "\n", private


def _shown(dotted: str, annotation: Any, value: Any) -> str | None:
    """Return a value as TOML, None where it is private."""
    if dotted in _ADDRESSES and isinstance(value, str):
        shown = address(value)
        return json.dumps(shown) if shown else None
    if isinstance(value, (bool, int, float)) or value in ("", [], {}):
        return json.dumps(value)
    if dotted in _PLAIN or value in _choices(annotation):
        return json.dumps(value, ensure_ascii=False)
    return None


def _choices(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _fields(section: str) -> dict[str, Any] | None:
    """Return the settings of a section and what they are annotated with."""
    field = Config.model_fields.get(section)
    if field is None or not isinstance(field.annotation, type):
        return None
    assert issubclass(field.annotation, Section)
    return {name: info.annotation for name, info in field.annotation.model_fields.items()}


def _texts(value: Any) -> list[str]:
    """Return every text in a value, the names of tables too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        return [*table, *(text for one in table.values() for text in _texts(one))]
    if isinstance(value, list):
        return [text for one in cast("list[Any]", value) for text in _texts(one)]
    return []


def _secrets_of_environment() -> list[str]:
    return [value for name, value in os.environ.items() if _SECRET_NAME.search(name)]


def _proxies() -> list[str]:
    return [
        host for name, value in os.environ.items() if name.lower().endswith("_proxy")
        for host in secret_hosts(value)
    ]  # fmt: skip


def _names() -> list[tuple[str, str]]:
    """Return the user's and the machine's name, where they say anything."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    names = [(user, "USER"), (Path.home().name, "USER"), (platform.node(), "HOST")]
    return [(name, to) for name, to in names if len(name) > 2 and name not in ("root", "localhost")]
