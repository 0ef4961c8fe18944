"""Where things are kept, by each system's own custom.

A file that another program reads is there whole, or as it was.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import platformdirs

from tray_dictate.system.ownership import is_foreign, is_shared

_OTHERS, _OTHERS_WRITE = 0o077, 0o022
_DIRS = platformdirs.PlatformDirs("tray_dictate", appauthor=False)


def config_file() -> Path:
    """Return the user's settings file; it need not exist."""
    return Path(_DIRS.user_config_dir) / "config.toml"


def log_file() -> Path:
    """Return the log file."""
    return Path(_DIRS.user_log_dir) / "tray_dictate.log"


def lock_file() -> Path:
    """Return the file whose lock means that a daemon runs in this session."""
    session = os.environ.get("XDG_RUNTIME_DIR")  # not everywhere where X11 is
    if session and not is_foreign(folder := Path(session) / "tray_dictate"):
        return folder / "tray_dictate.lock"
    return log_file().parent / "tray_dictate.lock"


def kept_audio() -> Path:
    """Return the folder of recordings that could not be turned into text."""
    return Path(_DIRS.user_data_dir) / "kept"


def history_file() -> Path:
    """Return the file of what was said."""
    return Path(_DIRS.user_data_dir) / "history.sqlite"


def stats_file() -> Path:
    """Return the file of numbers, which holds no word of what was said."""
    return Path(_DIRS.user_data_dir) / "stats.sqlite"


def welcomed_file() -> Path:
    """Return the file whose presence means that the user was told which key to hold."""
    return Path(_DIRS.user_state_dir) / "welcomed"


def portal_token_file() -> Path:
    """Return the file of the desktop's leave to press keys, by which it does not ask again."""
    return Path(_DIRS.user_state_dir) / "portal_token"


def make_folder(path: Path) -> Path:
    """Make the folder and what is missing above it, for the user alone; return it. Raises OSError.

    What is there already is left as it is.
    """
    missing: list[Path] = []
    for folder in (path, *path.parents):
        if folder.is_dir():
            break
        missing.append(folder)
    for folder in reversed(missing):  # mkdir's own way leaves those above to the umask
        folder.mkdir(exist_ok=True, mode=0o700)
    return path


def private_folder(path: Path) -> Path:
    """Make a folder of ours, closed to others, or see that it is; return it.

    Raises OSError, also where another user has made it, or can put something into it.
    """
    make_folder(path)
    if sys.platform != "win32":
        for folder in (*(above for above in reversed(path.parents) if _is_ours(above)), path):
            _close(folder)
    return path


def _is_ours(folder: Path) -> bool:
    roots = (_DIRS.user_data_dir, _DIRS.user_state_dir, _DIRS.user_log_dir)
    return any(folder.is_relative_to(root) for root in roots)


def _close(folder: Path) -> None:
    """Close a folder to others. Raises PermissionError where it cannot be trusted any more."""
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode):  # the user's own, to another disk perhaps
        if is_foreign(folder) or is_shared(folder.parent):
            raise PermissionError(errno.EACCES, "it is a link that others can make", str(folder))
        found = folder.stat()
    if found.st_uid != os.getuid():
        raise PermissionError(errno.EACCES, "it belongs to another user", str(folder))
    if found.st_mode & _OTHERS_WRITE and is_shared(folder.parent):
        raise PermissionError(errno.EACCES, "other users may write into it", str(folder))
    if found.st_mode & _OTHERS:
        with suppress(OSError):  # a file system without permissions
            folder.chmod(0o700)


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file, with its folders, at once. Raises OSError, which names the path."""
    path = path.resolve()  # a link, as of those who keep their settings elsewhere, stays one
    make_folder(path.parent)
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as reason:
        raise OSError(reason.errno, reason.strerror, str(path.parent)) from reason
    written = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        written.chmod(mode)
        written.replace(path)
    except OSError as reason:
        written.unlink(missing_ok=True)
        raise OSError(reason.errno, reason.strerror, str(path)) from reason
