"""Loads the settings from all their sources, and reports all mistakes in them at once."""

from __future__ import annotations

import codecs
import json
import os
import re
import shlex
import stat
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from tray_dictate.config.schema import Config, Section, settings
from tray_dictate.core.errors import ConfigError
from tray_dictate.core.suggestions import closest
from tray_dictate.system import files

if sys.platform != "win32":
    import grp
    import pwd

# settings whose values may be shown: they contain no key, not even one pasted by mistake
_SHOWN = {
    name
    for section in Config.model_fields.values()
    if isinstance(section.annotation, type) and issubclass(section.annotation, Section)
    for name, info in section.annotation.model_fields.items()
    if info.repr
}
Place = Sequence[int | str]  # the names, and the numbers in lists, that lead to a setting


_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # PowerShell 5.1 writes it with >


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the settings come from; see `load` for each of them."""

    path: Path | None
    overrides: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    check: Callable[[Config], list[str]] | None = None
    named: bool = False  # by the user: then the file should exist

    def load(self, text: str | None = None) -> Config:
        """Load the settings, with `text` in place of the file's own. Raises ConfigError."""
        return load(self.path, self.overrides, self.env, self.check, text=text)

    def words(self) -> list[str]:
        """Return the options with which another command loads the same settings.

        They contain no key: keys are not settings, and an address with a password is refused.
        """
        own = self.path in (None, files.config_file())
        chosen = [] if own else ["--config", str(self.path)]
        return [*chosen, *(word for override in self.overrides for word in ("--set", override))]

    def fixed(self, name: str) -> str:
        """Return what overrides the file for this setting; empty if nothing does."""
        if any(override.partition("=")[0].strip() == name for override in self.overrides):
            return f"--set {name}"
        variable = _variable(*name.split(".", 1))
        return f"the environment variable {variable}" if variable in self.env else ""


def load(
    path: Path | None,
    overrides: Sequence[str] | None = None,
    env: Mapping[str, str] = os.environ,
    check: Callable[[Config], list[str]] | None = None,
    *,
    text: str | None = None,
) -> Config:
    """Load the settings; raises ConfigError with every problem at once.

    `path` is the user's file (it need not exist); `overrides` are "section.name=value";
    `check` returns further problems of the sections that are valid in themselves; `text` is used
    instead of the file's content.
    """
    problems: list[str] = []
    where = str(path) if path and (text is not None or path.exists()) else ""
    if text is None:
        text = read(path) if path else ""
    tree = _parse(text, where)
    for section, name in [*((section, name) for section, name, _, _ in settings()), *_MOVED]:
        value = env.get(_variable(section, name))
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
        wrong = {detail["loc"][0] for detail in error.errors()}
        config = Config.model_validate({
            section: table for section, table in tree.items() if section not in wrong
        })  # fmt: skip
    if check:
        problems += check(config)
    if problems:
        raise ConfigError(problems, where=where)
    return config


def read(path: Path) -> str:
    """Return the file's text with its own line ends, empty if there is none; raises ConfigError."""
    try:
        with path.open("rb") as file:
            if problem := _untrusted(os.fstat(file.fileno()), path):
                raise ConfigError([problem], where=str(path))
            content = file.read()
        return content.decode("utf-16" if content[2:4] and content.startswith(_UTF16) else "utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError([f"cannot be read: {error.strerror}"], where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"is not UTF-8 text (byte {error.start})"], where=str(path)) from error
    except UnicodeError as error:
        raise ConfigError(["is not UTF-8 text"], where=str(path)) from error


def _untrusted(found: os.stat_result, path: Path) -> str:
    """Return why the file cannot be trusted; empty if only the user or root can write it.

    Settings name programs that are run, and the server that gets the key.
    """
    if sys.platform == "win32":
        return ""
    if found.st_uid not in (0, os.getuid()):
        return "belongs to another user, who could make you run programs; change its owner"
    if found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _is_private(found)):
        remedy = f"chmod go-w {shlex.quote(str(path))}"
        return f"other users can write it, and could make you run programs; run: {remedy}"
    return ""


def _is_private(found: os.stat_result) -> bool:
    """Whether the owner is the group's only member: many systems give each user such a group."""
    try:
        owner, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    alone = set(group.gr_mem) <= {owner.pw_name}
    return found.st_uid != 0 and alone and group.gr_name == owner.pw_name


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))  # Windows' editors begin with it
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            [f"is not valid TOML: {error}{_line(text, error)}"], where=where
        ) from error


def _line(text: str, error: tomllib.TOMLDecodeError) -> str:
    """Return the line with the error and its correction, if both are known."""
    at = re.search(r"line (\d+)", str(error))  # Python 3.14 has it as an attribute
    line = text.splitlines()[int(at[1]) - 1].strip() if at else ""
    said = re.fullmatch(r"([A-Za-z_]+)\s*=\s*([^#]*?)\s*(?:#.*)?", line)
    if said is None or said[1] not in _SHOWN:  # it may hold a key
        return ""
    for value in (said[2].lower(), json.dumps(said[2], ensure_ascii=False)):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads(f"{said[1]} = {value}")
            return f". The line is: {line} - write: {said[1]} = {value}"
    return f". The line is: {line}"


def _variable(section: str, name: str) -> str:
    return f"TRAY_DICTATE_{section}_{name}".upper()


def _put(tree: dict[str, Any], section: str, name: str, value: Any) -> None:
    table = tree.setdefault(section, {})
    if isinstance(table, dict):  # anything else is a mistake of the file, named by validation
        table[name] = value


def _value(text: str) -> Any:
    """Parse a value as TOML; what is not TOML is plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _problems(error: ValidationError) -> list[str]:
    """Return one line per wrong setting, also if its value could have several types."""
    lines: dict[str, str] = {}
    for detail in error.errors():
        place = detail["loc"]
        dotted = ".".join(map(str, place[:2])) + _inside(place[2:])
        if detail["type"] == "extra_forbidden":
            moved = _MOVED.get(tuple(map(str, place)))
            explained = moved(detail["input"]) if moved else _suggestion(place)
            lines[dotted] = f"{dotted}: {explained}"
            continue
        if detail["type"] == "missing":
            lines[dotted] = f"{dotted}: it is missing"
            continue
        message = detail["msg"].removeprefix("Value error, ")
        message = message[0].lower() + message[1:]
        message = message.replace("input should be", "expected").split(", unable to parse")[0]
        if detail["type"] == "list_type" and isinstance(detail["input"], str | int | float):
            message += _as_list(place, detail["input"])
        if dotted in lines:
            lines[dotted] += f"; or {message}"
        else:
            lines[dotted] = f"{dotted}: got {_shown(place, detail['input'])}, {message}"
    return list(lines.values())


def _as_list(place: Place, value: str | float) -> str:
    """Return how to write a single value as a list."""
    field = next(reversed(_path(place)), None)
    if field is None or not field.repr:
        return ""
    return f"; write {place[-1]} = [{json.dumps(value, ensure_ascii=False)}]"


def _inside(rest: Place) -> str:
    """Return the place in a list of tables, such as "[0].chord"; empty for a union's member."""
    if not rest or not isinstance(rest[0], int):
        return ""
    return f"[{rest[0]}]" + "".join(f".{name}" for name in rest[1:2])


def _shown(place: Place, value: Any) -> str:
    """Return the value, unless it may be a key in the wrong place."""
    field = next(reversed(_path(place)), None)
    return repr(value) if field is None or field.repr else "something (it is not shown)"


def _suggestion(place: Place) -> str:
    """Return the message about an unknown setting, with the nearest known one."""
    *tables, name = place
    last = _path(tables)[-1] if tables else None
    known = list(_inner(last) if last else Config.model_fields)
    close = closest(str(name), known)
    if not close:
        return f"unknown setting; known here: {', '.join(known)}"
    where = ".".join(map(str, tables[:2])) + _inside(tables[2:])
    return f"unknown setting; did you mean {where}{'.' if where else ''}{close}?"


def _path(place: Place) -> list[FieldInfo | None]:
    """Return the field of each name in a place; None where it is unknown."""
    found: list[FieldInfo | None] = []
    fields = Config.model_fields
    for name in place:
        if isinstance(name, str):
            field = fields.get(name)
            found.append(field)
            fields = _inner(field) if field else {}
    return found


def _inner(field: FieldInfo) -> dict[str, FieldInfo]:
    """Return the fields of a table, or of each table in a list."""
    inner = next(iter(get_args(field.annotation)), field.annotation)
    return inner.model_fields if isinstance(inner, type) and issubclass(inner, Section) else {}


def _applications(value: Any) -> str:
    """Return what replaces the former setting rewrite.applications."""
    if not isinstance(value, str) or not value:
        return "it no longer exists; remove it"
    pattern = json.dumps(f"(?i){value}", ensure_ascii=False)  # TOML writes it in the same way
    return (
        "replaced by rewrite.profiles; write instead "
        f'profiles = [{{application = {pattern}}}, {{application = "", off = true}}]'
    )


# former settings, and what to write instead
_MOVED: dict[tuple[str, ...], Callable[[Any], str]] = {("rewrite", "applications"): _applications}
