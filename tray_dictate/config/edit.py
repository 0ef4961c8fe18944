"""Changes one setting in the user's file; its comments, order and line ends are kept."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import tomlkit

from tray_dictate.config import load
from tray_dictate.core.errors import ConfigError
from tray_dictate.system import files

_MARK = "\ufeff"  # Windows' editors begin a file with it


def with_value(text: str, name: str, value: Any) -> str:
    """Return the file's text with another value for "section.name". Raises ConfigError.

    The text must be valid TOML.
    """
    head = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(_MARK)
    section, _, setting = name.partition(".")
    wanted = tomllib.loads(text)
    wanted.setdefault(section, {})[setting] = value
    end = "\r\n" if "\r\n" in text else "\n"
    for edit in (_inserted, _replaced, _appended):
        for new in edit(text, section, setting, value):
            new = re.sub(r"\r?\n", end, new)  # noqa: PLW2901 - tomlkit's own lines end in \n
            if _holds(new, wanted):
                return head + new
    raise ConfigError([f"{name} could not be changed in this file; edit the file yourself"])


def write(path: Path, text: str, before: str) -> None:
    """Replace the file's content, all of it or nothing. Raises ConfigError.

    If the path is a link, the file that it leads to is replaced. A file whose content is no longer
    `before` is left alone.
    """

    def check() -> None:
        if load.read(path) != before:
            problem = "another program changed the file at the same moment; try again"
            raise ConfigError([problem], where=str(path))

    try:
        files.write_atomic(path, text, None, check=check)
    except OSError as error:
        raise ConfigError([f"cannot be written: {error.strerror}"], where=str(path)) from error


def _holds(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


Edit = Callable[[str, str, str, Any], Iterator[str]]

# Each function yields candidates; the first that parses to exactly the wanted settings is used.


def _inserted(text: str, section: str, setting: str, value: Any) -> Iterator[str]:
    """Insert a line below the comment with the default, else below the section's last line."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    header = re.compile(rf"\s*\[\s*{section}\s*\]\s*(#.*)?")
    begin = next((number for number, line in enumerate(lines) if header.fullmatch(line)), None)
    if begin is None:
        return
    rest = enumerate(lines[begin + 1 :], begin + 1)
    stop = next((number for number, line in rest if line.lstrip().startswith("[")), len(lines))
    shown = re.compile(rf"\s*#\s*{setting}\s*=.*")
    numbers = range(begin, stop)
    below = [number for number in numbers if shown.fullmatch(lines[number])]
    below += [n for n in reversed(numbers) if lines[n].strip() and lines[n].lstrip()[0] != "#"]
    for number in below[:2]:
        added = [*lines[: number + 1], _line(setting, value), *lines[number + 1 :]]
        yield "\n".join([*added, ""])


def _replaced(text: str, section: str, setting: str, value: Any) -> Iterator[str]:
    """Set the value through tomlkit."""
    document: Any = tomlkit.parse(text)
    with suppress(ValueError, KeyError, TypeError, AttributeError):  # tomlkit cannot edit all TOML
        if section not in document:
            document[section] = tomlkit.table()
        document[section][setting] = copy.copy(value)
        yield document.as_string()


def _appended(text: str, section: str, setting: str, value: Any) -> Iterator[str]:
    """Append the section, if the file has only tables within that section."""
    yield f"{text.rstrip()}\n\n[{section}]\n{_line(setting, value)}\n"


def _line(setting: str, value: Any) -> str:
    document: Any = tomlkit.document()
    document[setting] = tomlkit.inline_table() if isinstance(value, dict) else value
    if isinstance(value, dict):
        document[setting].update(cast("dict[str, Any]", value))
    return cast("str", document.as_string()).rstrip("\n")
