"""The settings in force, from all places, or every mistake in them at once."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tray_dictate.config import Config, OutputRule, settings
from tray_dictate.errors import ConfigError


def load(
    path: Path | None, overrides: list[str] | None = None, env: Mapping[str, str] = os.environ
) -> Config:
    """Return the settings in force; raises ConfigError with every problem at once.

    `path` is the user's file (it need not exist); `overrides` are "section.name=value".
    """
    problems: list[str] = []
    tree = _read(path) if path else {}
    for section, name, _, _ in settings():
        value = env.get(f"TRAY_DICTATE_{section}_{name}".upper())
        if value is not None:
            _put(tree, section, name, _value(value))
    for override in overrides or []:
        dotted, equals, value = override.partition("=")
        section, dot, name = dotted.strip().partition(".")
        if not equals or not dot:
            problems.append(f"--set {override}: expected section.name=value")
            continue
        _put(tree, section, name, _value(value))
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        problems += _problems(error)
        config = Config()
    if problems:
        raise ConfigError(problems, where=str(path) if path and path.exists() else "")
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError([f"cannot be read: {error.strerror}"], where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"is not UTF-8 text (byte {error.start})"], where=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"is not valid TOML: {error}"], where=str(path)) from error


def _put(tree: dict[str, Any], section: str, name: str, value: Any) -> None:
    table = tree.setdefault(section, {})
    if isinstance(table, dict):  # anything else is a mistake of the file, named by validation
        table[name] = value


def _value(text: str) -> Any:
    """Read a value as TOML would, and anything that TOML refuses as plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _problems(error: ValidationError) -> list[str]:
    """Return one line for each setting, whichever kinds of value it could have had."""
    lines: dict[str, str] = {}
    for detail in error.errors():
        path = [str(part) for part in detail["loc"][:2]]  # what follows is a member of a union
        dotted = ".".join(path) + _inside(detail["loc"][2:])
        if detail["type"] == "extra_forbidden":
            lines[dotted] = f"{dotted}: unknown setting{_suggestion(list(detail['loc']))}"
            continue
        if detail["type"] == "missing":
            lines[dotted] = f"{dotted}: it is missing"
            continue
        message = detail["msg"].removeprefix("Value error, ")
        message = message[0].lower() + message[1:]
        message = message.replace("input should be", "expected").split(", unable to parse")[0]
        if dotted in lines:
            lines[dotted] += f"; or {message}"
        else:
            lines[dotted] = f"{dotted}: got {_shown(path, detail['input'])}, {message}"
    return list(lines.values())


def _inside(rest: Sequence[int | str]) -> str:
    """Return where in a list of tables it is: "[0].chord"; a member of a union is no place."""
    if not rest or not isinstance(rest[0], int):
        return ""
    return f"[{rest[0]}]" + "".join(f".{name}" for name in rest[1:2])


def _shown(path: list[str], value: Any) -> str:
    """Return the value, unless it may be a key that was put into the wrong place."""
    section = Config.model_fields[path[0]].annotation
    fields = section.model_fields if isinstance(section, type(Config)) else {}
    field = fields.get(path[-1])
    return repr(value) if field is None or field.repr else "something (it is not shown)"


def _suggestion(place: list[int | str]) -> str:
    path = [str(part) for part in place]
    if len(path) == 1:
        known = list(Config.model_fields)
    elif len(path) > 2:  # inside the one list of tables that there is
        known = list(OutputRule.model_fields)
        path = [f"{'.'.join(path[:2])}[{path[2]}]", path[-1]]
    else:
        known = [name for section, name, _, _ in settings() if section == path[0]]
    close = difflib.get_close_matches(path[-1], known, n=1)
    where = ".".join([*path[:-1], close[0]]) if close else ""
    return f"; did you mean {where}?" if close else f"; known here: {', '.join(known)}"
