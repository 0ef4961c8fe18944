"""The archive to attach to a report: what helps to find a fault, and nothing that is private."""

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
from importlib import metadata
from pathlib import Path
from typing import Any

from tray_dictate.audio.devices import sources
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.core.errors import CaptureError, DictateError
from tray_dictate.doctor import redact
from tray_dictate.system import files as paths

_PACKAGE = "tray-dictate"
_TAIL = 200_000  # bytes of the log, from its end
_REMEMBERED = 500  # dictations whose words are sought in the log: they must not be there
_LONG_ENOUGH = 12  # characters of a dictation; "ok" alone says nothing
_TELLING = (
    "TRAY_DICTATE_", "OPENAI_", "AZURE_", "XDG_", "DISPLAY", "WAYLAND_", "XAUTHORITY", "DBUS_",
    "PULSE_", "PIPEWIRE_", "SSL_", "LANG", "LC_", "DESKTOP_SESSION", "GDK_", "QT_", "PYTHON",
    "VIRTUAL_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSH_CONNECTION",
)  # fmt: skip


def write(path: Path, settings_file: Path | None, report: dict[str, Any]) -> dict[str, Any]:
    """Write the archive, for its owner only; return where and what. Raises DictateError."""
    contents = _contents(settings_file or paths.config_file(), report)
    archive = _zip(contents) if path.name.endswith(".zip") else _tar(contents)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as opened:
            opened.write(archive)
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
    redactor = redact.Redactor([*private, *_said(), *_microphones()])
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
    return redact.settings(tree)


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
