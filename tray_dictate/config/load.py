"""The settings in force, from all places, or every mistake in them at once."""

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

# the settings whose values may be shown: they hold no key, not even by mistake
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
    """Where the settings come from; `load` says what each of them is."""

    path: Path | None
    overrides: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    check: Callable[[Config], list[str]] | None = None

    def load(self, text: str | None = None) -> Config:
        """Return the settings in force, or those with `text` in the file. Raises ConfigError."""
        return load(self.path, self.overrides, self.env, self.check, text=text)

    def words(self) -> list[str]:
        """Return the words that make another command take them from there; none of them is a key.

        A key is no setting, and an address that holds a password is refused.
        """
        own = self.path in (None, files.config_file())
        chosen = [] if own else ["--config", str(self.path)]
        return [*chosen, *(word for override in self.overrides for word in ("--set", override))]

    def fixed(self, name: str) -> str:
        """Return what is stronger than the file for this setting; empty where nothing is."""
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
    """Return the settings in force; raises ConfigError with every problem at once.

    `path` is the user's file (it need not exist); `overrides` are "section.name=value";
    `check` returns what else is wrong with the sections that are right in themselves; `text`
    stands for what the file holds.
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
    """Return what the file holds, its line ends as they are; raises ConfigError."""
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
    """Return why nobody can know whose settings these are; empty where they are the user's.

    Settings name programs that are run, and the server that gets the key.
    """
    if sys.platform == "win32":
        return ""
    if found.st_uid not in (0, os.getuid()):
        return "belongs to another user, who could have programs run as you; make it yours"
    if found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _is_private(found)):
        remedy = f"chmod go-w {shlex.quote(str(path))}"
        return f"can be written by other users, who could have programs run as you: {remedy}"
    return ""


def _is_private(found: os.stat_result) -> bool:
    """Tell whether its group is one of its owner's own, as many systems give each user."""
    import grp  # noqa: PLC0415 - Windows has neither
    import pwd  # noqa: PLC0415

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
    """Return the line that an error is about, and how it is written, where both are known."""
    at = re.search(r"line (\d+)", str(error))  # Python 3.14 has it as an attribute
    line = text.splitlines()[int(at[1]) - 1].strip() if at else ""
    said = re.fullmatch(r"([A-Za-z_]+)\s*=\s*([^#]*?)\s*(?:#.*)?", line)
    if said is None or said[1] not in _SHOWN:  # a key may have been put there
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
    """Read a value as TOML would, and anything that TOML refuses as plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _problems(error: ValidationError) -> list[str]:
    """Return one line for each setting, whichever kinds of value it could have had."""
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
    """Return how one value is written where there may be many."""
    field = next(reversed(_path(place)), None)
    if field is None or not field.repr:
        return ""
    return f"; write {place[-1]} = [{json.dumps(value, ensure_ascii=False)}]"


def _inside(rest: Place) -> str:
    """Return where in a list of tables it is: "[0].chord"; a member of a union is no place."""
    if not rest or not isinstance(rest[0], int):
        return ""
    return f"[{rest[0]}]" + "".join(f".{name}" for name in rest[1:2])


def _shown(place: Place, value: Any) -> str:
    """Return the value, unless it may be a key that was put into the wrong place."""
    field = next(reversed(_path(place)), None)
    return repr(value) if field is None or field.repr else "something (it is not shown)"


def _suggestion(place: Place) -> str:
    """Return what is said of an unknown setting."""
    *tables, name = place
    last = _path(tables)[-1] if tables else None
    known = list(_inner(last) if last else Config.model_fields)
    close = closest(str(name), known)
    if not close:
        return f"unknown setting; known here: {', '.join(known)}"
    where = ".".join(map(str, tables[:2])) + _inside(tables[2:])
    return f"unknown setting; did you mean {where}{'.' if where else ''}{close}?"


def _path(place: Place) -> list[FieldInfo | None]:
    """Return the field of every name in a place; None for what follows none that is known."""
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
    """Return how to say now what rewrite.applications said."""
    if not isinstance(value, str) or not value:
        return "it is gone; remove it"
    pattern = json.dumps(f"(?i){value}", ensure_ascii=False)  # TOML writes it in the same way
    return (
        "rewrite.profiles has taken its place; write instead "
        f'profiles = [{{application = {pattern}}}, {{application = "", off = true}}]'
    )


# what was a setting once -> what to do about it
_MOVED: dict[tuple[str, ...], Callable[[Any], str]] = {("rewrite", "applications"): _applications}
