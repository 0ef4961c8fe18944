"""Checks the settings, start at login, folders, disk space, the history and the daemon."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import time
from pathlib import Path

from tray_dictate import __version__
from tray_dictate.app.control import client
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config, HistorySettings
from tray_dictate.core.errors import ConfigError, ControlError
from tray_dictate.doctor.check import Finding
from tray_dictate.system import autostart, files, remedies

_MIB = 1 << 20
_LITTLE, _TOO_LITTLE = 500, 50  # MiB free on the disk: a warning, a failure
_AGAIN = "Quit tray_dictate from its tray icon and start it again."
_OFF = "off; `tray-dictate autostart enable` turns it on"
_NAME_ANOTHER = "Name another with --config. Until then, the other checks use the defaults."
_FREE = "Free some space; history.days and history.entries limit what is kept."


def check_folders() -> list[Finding]:
    """Check that our folders can be written, and that other users cannot read them; blocks."""
    private = {
        "log": files.log_file().parent, "history": files.history_file().parent,
        "runtime": files.lock_file().parent,
    }  # fmt: skip
    all_of_them = {"settings": files.config_file().parent, **private}
    found = [
        finding for name, folder in all_of_them.items()
        if (finding := _folder(name, folder, private=name in private))
    ]  # fmt: skip
    words = f"{', '.join(all_of_them)}: writable"
    return found or [Finding("folders", "ok", words, len(all_of_them))]


def check_disk() -> list[Finding]:
    """Check that the disk has space for recordings and history; blocks."""
    free = shutil.disk_usage(_existing(files.history_file().parent)).free / _MIB
    where = f"free for recordings and history ({files.history_file().parent})"
    if free < _TOO_LITTLE:
        return [Finding("disk", "failed", f"Too little space is {where}.", free, "MiB", _FREE)]
    if free < _LITTLE:
        return [Finding("disk", "warning", f"Little space is {where}.", free, "MiB", _FREE)]
    return [Finding("disk", "ok", where, free, "MiB")]


def check_history(settings: HistorySettings) -> list[Finding]:
    """Check that the history can be read, and by its owner only; blocks."""
    path = files.history_file()
    if not settings.enabled:
        return [Finding("history", "unchecked", "history.enabled is false: no text is kept")]
    if not path.exists():
        return [Finding("history", "ok", "nothing has been dictated yet", 0, "")]
    remedy = f"tray_dictate creates a new one when it next starts; or move {path} away yourself."
    try:
        count = _count(path)
    except (sqlite3.Error, OSError) as reason:
        words = f"{path} cannot be read: {reason}."
        return [Finding("history", "failed", words, remedy=remedy)]
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        words = f"entries, but other users can read {path}."
        return [Finding("history", "warning", words, count, "", f"chmod 600 '{path}'")]
    return [Finding("history", "ok", "entries, readable only by you", count)]


def _count(path: Path) -> int:
    """Return the number of dictations in the file. Raises sqlite3.Error if it is damaged."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        [count] = connection.execute("SELECT count(*) FROM entry").fetchone()
        return count
    finally:
        connection.close()


def _folder(name: str, folder: Path, *, private: bool) -> Finding | None:
    """Return what is wrong with a folder or, if it does not exist yet, with its future parent."""
    there = _existing(folder)
    if not there.is_dir():
        words = f"The {name} folder {folder} cannot be created: {there} is not a folder."
        return Finding("folders", "failed", words, remedy=f"Move {there} away.")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as reason:
        words = f"The {name} folder {folder} cannot be written: {reason.strerror}."
        unix = f"Make it yours: sudo chown -R $USER '{there}'; chmod u+rwx '{there}'"
        windows = f"Give yourself full control of {there}: its Properties, Security."
        remedy = remedies.on(linux=unix, windows=windows, macos=unix)
        return Finding("folders", "failed", words, remedy=remedy)
    if sys.platform == "win32" or there != folder:
        return None
    found = folder.stat()
    if private and (found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077):
        words = f"The {name} folder {folder} is open to other users."
        return Finding("folders", "warning", words, remedy=f"chmod 700 '{folder}'")
    return None


def _existing(folder: Path) -> Path:
    """Return the folder or, if it does not exist, its nearest parent that does."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def daemon_is_running() -> bool:
    """Return whether a daemon listens at the control socket; blocks briefly."""
    try:
        connection, _ = client.connect()
    except ControlError as reason:
        return str(reason) != client.NOT_RUNNING
    connection.close()
    return True


def daemon_hotkey() -> str:
    """Return the hotkey's source in a running daemon; "" if none answers. Blocks."""
    try:
        return str(client.send("status").get("hotkey_source", ""))
    except ControlError:
        return ""


def check_daemon() -> list[Finding]:
    """Check that a running daemon answers, and has this version; blocks."""
    began = time.monotonic()
    try:
        answer = client.send("status")
    except ControlError as error:
        if str(error) == client.NOT_RUNNING:
            words = "tray_dictate is not running; `tray-dictate` starts it"
            return [Finding("daemon", "unchecked", words)]
        return [Finding("daemon", "failed", str(error), remedy=_AGAIN)]
    milliseconds = (time.monotonic() - began) * 1e3
    theirs = str(answer.get("program", "of an older version"))
    if theirs != __version__:
        words = f"tray_dictate {theirs} is running, but {__version__} is installed."
        return [Finding("daemon", "warning", words, milliseconds, "ms", _AGAIN)]
    words = f"running ({answer.get('status')})"
    return [Finding("daemon", "ok", words, milliseconds, "ms")]


def check_autostart() -> list[Finding]:
    """Check whether the next session will start tray_dictate; blocks."""
    found = autostart.status()
    if found.problem:
        state = "failed" if found.broken else "warning"
        remedy = "Run `tray-dictate autostart enable`, or `disable`."
        return [Finding("autostart", state, found.problem, remedy=remedy)]
    return [
        Finding("autostart", "ok", f"on ({found.backend}: {found.where})" if found.on else _OFF)
    ]


def check_settings(sources: Sources) -> tuple[Config, list[Finding]]:
    """Return the settings, or the defaults if they cannot be used, and the findings."""
    path = sources.path or files.config_file()
    if sources.named and not path.is_file():
        words = f"{path}: there is no such file."
        return Config(), [Finding("settings", "failed", words, remedy=_NAME_ANOTHER)]
    try:
        config = sources.load()
    except ConfigError as error:
        return Config(), [_finding(problem, path) for problem in error.problems]
    words = str(path) if path.exists() else f"all defaults; there is no {path}"
    older = [Finding("settings", "warning", warning) for warning in config.warnings]
    return config, [Finding("settings", "ok", words), *older]


def _finding(problem: str, path: Path) -> Finding:
    where = f"Correct it in {path}" if path.exists() else "Correct it"
    remedy = (
        f"{where}. Until then, tray_dictate does not start, and the other checks use the defaults."
    )
    return Finding("settings", "failed", problem, remedy=remedy)
