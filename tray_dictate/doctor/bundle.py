"""The archive to attach to a report: what helps to find a fault, and nothing that is private.

What must not leave the machine with a report: keys, names, what is said and what is private.

Settings are shown only where their kind is known to be harmless: a key that was written into the
wrong place is a setting nobody knows, or of another type.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import platform
import re
import sqlite3
import sys
import tarfile
import time
import tomllib
import zipfile
from collections.abc import Iterable
from contextlib import closing, suppress
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

from tray_dictate.audio.devices import sources
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.schema import Config, Section
from tray_dictate.core.errors import CaptureError, DictateError
from tray_dictate.doctor.personal import HIDDEN, address, secret_hosts, without_personal
from tray_dictate.system import files as paths

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


_PACKAGE = "tray-dictate"
_TAIL = 200_000  # bytes of the log, from its end
_REMEMBERED = 500  # dictations whose words are sought in the log: they must not be there
_LONG_ENOUGH = 12  # characters of a dictation; "ok" alone says nothing
_TELLING = (
    "TRAY_DICTATE_", "OPENAI_", "AZURE_", "XDG_", "DISPLAY", "WAYLAND_", "XAUTHORITY", "DBUS_",
    "PULSE_", "PIPEWIRE_", "SSL_", "LANG", "LC_", "DESKTOP_SESSION", "GDK_", "QT_", "PYTHON",
    "VIRTUAL_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSH_CONNECTION",
)  # fmt: skip


def write(path: Path, settings_file: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Write the archive, for its owner only; return where and what. Raises DictateError."""
    contents = _contents(settings_file, report)
    archive = _zip(contents) if path.name.endswith(".zip") else _tar(contents)
    try:
        paths.write_new(path, archive)
    except OSError as reason:
        raise DictateError(
            f"{path} cannot be written: {reason.strerror}. Name another file."
        ) from reason
    return {"file": str(path), "contents": {name: len(data) for name, data in contents.items()}}


def listing(written: dict[str, Any]) -> str:
    """Return what is in the archive, for people."""
    rows = [f"  {name:<18}{size:>8} bytes" for name, size in written["contents"].items()]
    return "\n".join([
        f"\n{written['file']} holds:", *rows,
        "Removed are keys, what you said, private settings, addresses, and the names of you, of "
        "this machine, its microphones and your servers.", "Look into it before you send it.",
    ])  # fmt: skip


def _contents(settings_file: Path, report: dict[str, Any]) -> dict[str, bytes]:
    """Return the files by their names; the settings tell what to remove from the others."""
    settings, private = _settings(settings_file)
    redactor = Redactor([*private, *_said(), *_microphones()])
    files = {
        "report.json": json.dumps(redactor.tree(report), ensure_ascii=False, indent=2) + "\n",
        "config.toml": redactor.text(settings),
        "versions.txt": "".join(f"{line}\n" for line in _versions()),
        "environment.txt": "".join(f"{name}\n" for name in _environment()),
    }
    log = _log()
    if log:
        files["log.txt"] = redactor.text(log)
    return {name: text.encode("utf-8", "replace") for name, text in files.items()}


def _settings(path: Path) -> tuple[str, list[str]]:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "# there is none: all defaults\n", []
    except (OSError, ValueError) as reason:  # its text cannot be told from secrets
        return f"# left out, it cannot be read: {type(reason).__name__}\n", []
    return settings(tree)


def _said() -> list[str]:
    """Return what the history holds, so that none of it is sent even if it were in the log."""
    path = paths.history_file()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as history:
            query = "SELECT text, raw FROM entry ORDER BY id DESC LIMIT ?"
            rows = history.execute(query, (_REMEMBERED,)).fetchall()
    except (sqlite3.Error, OSError):
        return []
    return [str(text) for row in rows for text in row if len(str(text)) >= _LONG_ENOUGH]


def _microphones() -> list[str]:
    """Return their names, which tell whose they are."""
    try:
        return [source.name for source in sources(PortAudio())]
    except CaptureError:
        return []


def _log() -> str:
    """Return the end of the log, in whole lines; empty where there is none."""
    try:
        data = paths.log_file().read_bytes()
    except OSError:
        return ""
    if len(data) > _TAIL:
        data = data[-_TAIL:].partition(b"\n")[2]
    return data.decode("utf-8", "replace")


def _versions() -> list[str]:
    """Return us, what we need and what is loaded, as it is installed."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    wanted = {
        carrier for name, carriers in metadata.packages_distributions().items()
        for carrier in carriers if name in loaded
    }  # fmt: skip
    with suppress(metadata.PackageNotFoundError):  # run from a checkout
        wanted |= {_PACKAGE, *map(_name_of, metadata.requires(_PACKAGE) or [])}
    named = {re.sub(r"[-_.]+", "-", name).lower() for name in wanted}
    return [f"Python {platform.python_version()}", *map(_version, sorted(named))]


def _version(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"{name} is not installed"


def _name_of(requirement: str) -> str:
    head = requirement.split(";", maxsplit=1)[0]
    return head.translate(str.maketrans("<>=!~[( ", "        ")).split()[0]


def _environment() -> list[str]:
    """Return which variables are set that matter to us, by name only."""
    return sorted(name for name in os.environ if name.upper().startswith(_TELLING))


def _zip(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _tar(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in contents.items():
            entry = tarfile.TarInfo(name)  # without the user's name and number
            entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
