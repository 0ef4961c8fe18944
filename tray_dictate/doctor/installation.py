"""Whether our folders can be written and are private, the disk has room, the history is whole.

Whether a daemon runs, and answers as one of our version does; and whether it starts at login.

Whether the settings can be used; the other checks go on with the defaults where not.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import time
from pathlib import Path

from tray_dictate import __version__, engine, rewrite
from tray_dictate.app.control import client
from tray_dictate.config import load
from tray_dictate.config.schema import Config, HistorySettings
from tray_dictate.core.errors import ConfigError, ControlError
from tray_dictate.doctor.check import Finding
from tray_dictate.system import autostart, files, remedies

_MIB = 1 << 20
_LITTLE, _TOO_LITTLE = 500, 50  # MiB on the disk: to be mended soon, and at once
_FREE = "Free some space; old takes are removed by history.days and history.entries."


def folders() -> list[Finding]:
    """Return what is wrong with each of the folders, or that nothing is; blocks."""
    private = {
        "log": files.log_file().parent, "history": files.history_file().parent,
        "runtime": files.lock_file().parent,
    }  # fmt: skip
    all_of_them = {"settings": files.config_file().parent, **private}
    found = [
        finding for name, folder in all_of_them.items()
        if (finding := _folder(name, folder, private=name in private))
    ]  # fmt: skip
    words = f"{', '.join(all_of_them)}: they can be written"
    return found or [Finding("folders", "ok", words, len(all_of_them))]


def disk() -> list[Finding]:
    """Return how much room there is for recordings and history."""
    free = shutil.disk_usage(_existing(files.history_file().parent)).free / _MIB
    where = f"free for recordings and history ({files.history_file().parent})"
    if free < _TOO_LITTLE:
        return [Finding("disk", "failed", f"Too little is {where}.", free, "MiB", _FREE)]
    if free < _LITTLE:
        return [Finding("disk", "warning", f"Little is {where}.", free, "MiB", _FREE)]
    return [Finding("disk", "ok", where, free, "MiB")]


def history(settings: HistorySettings) -> list[Finding]:
    """Read the history without changing it; blocks."""
    path = files.history_file()
    if not settings.enabled:
        return [Finding("history", "unchecked", "history.enabled is false: nothing is kept")]
    if not path.exists():
        return [Finding("history", "ok", "nothing has been said yet", 0, "takes")]
    remedy = f"tray_dictate begins a new one at its next start; or move {path} away yourself."
    try:
        takes = _count(path)
    except (sqlite3.Error, OSError) as reason:
        words = f"{path} cannot be read: {reason}."
        return [Finding("history", "failed", words, remedy=remedy)]
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        words = f"Other users may read {path}."
        return [Finding("history", "warning", words, takes, "takes", f"chmod 600 '{path}'")]
    return [Finding("history", "ok", "whole, and only yours to read", takes, "takes")]


def _count(path: Path) -> int:
    """Return how many dictations are in a file that is whole. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        [takes] = connection.execute("SELECT count(*) FROM entry").fetchone()
        return takes
    finally:
        connection.close()


def _folder(name: str, folder: Path, *, private: bool) -> Finding | None:
    """Return what is wrong with a folder, or with the place where it is to be made."""
    there = _existing(folder)
    if not there.is_dir():
        words = f"The {name} folder {folder} cannot be made: {there} is no folder."
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
    """Return the folder, or the nearest above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


_AGAIN = "Quit tray_dictate from its tray icon and start it again."
_OFF = "off; `tray-dictate autostart enable` switches it on"


def serves() -> bool:
    """Whether somebody listens at the control socket; blocks briefly."""
    try:
        connection, _ = client.connect()
    except ControlError as reason:
        return str(reason) != client.NOT_RUNNING
    connection.close()
    return True


def look_at_daemon() -> list[Finding]:
    """Ask it how it is; blocks."""
    began = time.monotonic()
    try:
        answer = client.send("status")
    except ControlError as error:
        if str(error) == client.NOT_RUNNING:
            words = "tray_dictate does not run; `tray-dictate` starts it"
            return [Finding("daemon", "unchecked", words)]
        return [Finding("daemon", "failed", str(error), remedy=_AGAIN)]
    milliseconds = (time.monotonic() - began) * 1e3
    theirs = str(answer.get("program", "of an older version"))
    if theirs != __version__:
        words = f"tray_dictate {theirs} runs, and this is {__version__}."
        return [Finding("daemon", "warning", words, milliseconds, "ms", _AGAIN)]
    words = f"it runs and answers; its status is {answer.get('status')}"
    return [Finding("daemon", "ok", words, milliseconds, "ms")]


def login() -> list[Finding]:
    """Return what the next session starts; blocks."""
    found = autostart.status()
    if found.problem:
        state = "failed" if found.broken else "warning"
        remedy = "Run `tray-dictate autostart enable`, or `disable`."
        return [Finding("autostart", state, found.problem, remedy=remedy)]
    return [
        Finding("autostart", "ok", f"on ({found.backend}: {found.where})" if found.on else _OFF)
    ]


_NAME = "settings"


def look_at_settings(
    given: Path | None, overrides: list[str] | None
) -> tuple[Config, list[Finding]]:
    """Return the settings, or the defaults, and what is to be said of them."""
    path = given or files.config_file()
    if given is not None and not given.is_file():
        missing = Finding(
            _NAME, "failed", f"{given}: there is no such file.", remedy="Name another: --config"
        )
        return Config(), [missing]
    try:
        config = load.load(path, overrides, check=_problems)
    except ConfigError as error:
        return Config(), [_finding(problem, path) for problem in error.problems]
    words = str(path) if path.exists() else f"all defaults; there is no {path}"
    return config, [Finding(_NAME, "ok", words)]


def _problems(config: Config) -> list[str]:
    return [*engine.problems(config.engine), *rewrite.problems(config.rewrite)]


def _finding(problem: str, path: Path) -> Finding:
    where = f"Correct it in {path}" if path.exists() else "Correct it"
    remedy = f"{where}; until then tray_dictate does not start, and the checks use the defaults."
    return Finding(_NAME, "failed", problem, remedy=remedy)
