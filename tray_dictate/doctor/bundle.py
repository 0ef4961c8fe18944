"""Writes the archive to attach to a bug report, without anything private."""

from __future__ import annotations

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
from contextlib import closing, suppress
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from tray_dictate.audio.devices import sources
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.core.errors import CaptureError, DictateError
from tray_dictate.doctor.redaction import Redactor, redact_settings
from tray_dictate.system import files as paths

_PACKAGE = "tray-dictate"
_TAIL = 200_000  # bytes of the log, from its end
_REMEMBERED = 500  # dictations whose text is removed from the log, if it is there
_LONG_ENOUGH = 12  # characters of a dictation; "ok" alone is not private
_VARIABLES = (  # beginnings of the names that affect tray_dictate
    "TRAY_DICTATE_", "OPENAI_", "AZURE_", "XDG_", "DISPLAY", "WAYLAND_", "XAUTHORITY", "DBUS_",
    "PULSE_", "PIPEWIRE_", "SSL_", "LANG", "LC_", "DESKTOP_SESSION", "GDK_", "QT_", "PYTHON",
    "VIRTUAL_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSH_CONNECTION",
)  # fmt: skip


def write(path: Path, settings_file: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Write the archive, readable by its owner only; return its path and contents' sizes.

    Raises DictateError.
    """
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
    """Return the list of the archive's contents, for the user."""
    rows = [f"  {name:<18}{size:>8} bytes" for name, size in written["contents"].items()]
    return "\n".join([
        f"\n{written['file']} holds:", *rows,
        "Removed: API keys, what you said, private settings, addresses, and all names: yours, and "
        "those of this computer, its microphones and your servers.",
        "Check the contents before you send it.",
    ])  # fmt: skip


def _contents(settings_file: Path, report: dict[str, Any]) -> dict[str, bytes]:
    """Return the contents by file name; private settings are removed from every file."""
    settings, private = _settings(settings_file)
    redactor = Redactor([*private, *_dictated_texts(), *_microphones()])
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
        return "# no file: all settings have their defaults\n", []
    except (OSError, ValueError) as reason:  # without its structure, anything may be a secret
        return f"# left out, because it cannot be read: {type(reason).__name__}\n", []
    return redact_settings(tree)


def _dictated_texts() -> list[str]:
    """Return the latest texts of the history."""
    path = paths.history_file()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as history:
            query = "SELECT text, raw FROM entry ORDER BY id DESC LIMIT ?"
            rows = history.execute(query, (_REMEMBERED,)).fetchall()
    except (sqlite3.Error, OSError):
        return []
    return [str(text) for row in rows for text in row if len(str(text)) >= _LONG_ENOUGH]


def _microphones() -> list[str]:
    """Return the names of the microphones, which may contain their owner's."""
    try:
        portaudio = PortAudio()
        return [source.name for source in portaudio.wait(partial(sources, portaudio))]
    except CaptureError:
        return []


def _log() -> str:
    """Return the last lines of the log; "" if there is none."""
    try:
        data = paths.log_file().read_bytes()
    except OSError:
        return ""
    if len(data) > _TAIL:
        data = data[-_TAIL:].partition(b"\n")[2]
    return data.decode("utf-8", "replace")


def _versions() -> list[str]:
    """Return the versions of Python, tray_dictate, its requirements and all loaded packages."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    wanted = {
        package for name, packages in metadata.packages_distributions().items()
        for package in packages if name in loaded
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
    """Return the names of the environment variables that affect tray_dictate."""
    return sorted(name for name in os.environ if name.upper().startswith(_VARIABLES))


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
