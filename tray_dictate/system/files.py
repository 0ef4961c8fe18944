"""Names our files by each system's conventions; makes private folders, and writes files whole."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
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
    """Return the file that a daemon of this session keeps locked."""
    session = os.environ.get("XDG_RUNTIME_DIR")  # not everywhere where X11 is
    if session and not is_foreign(folder := Path(session) / "tray_dictate"):
        return folder / "tray_dictate.lock"
    return log_file().parent / "tray_dictate.lock"


def kept_audio() -> Path:
    """Return the folder of recordings that were not transcribed."""
    return Path(_DIRS.user_data_dir) / "kept"


def models_folder() -> Path:
    """Return the folder of the speech models that the user has downloaded."""
    return Path(_DIRS.user_data_dir) / "models"


def history_file() -> Path:
    """Return the history's file, with the texts of dictations."""
    return Path(_DIRS.user_data_dir) / "history.sqlite"


def stats_file() -> Path:
    """Return the statistics' file, which holds no text of a dictation."""
    return Path(_DIRS.user_data_dir) / "stats.sqlite"


def welcomed_file() -> Path:
    """Return the file that exists after the welcome message was shown."""
    return Path(_DIRS.user_state_dir) / "welcomed"


def portal_token_file() -> Path:
    """Return the file with the desktop's permission to press keys, which is asked for only once."""
    return Path(_DIRS.user_state_dir) / "portal_token"


def kwin_scripts() -> Path:
    """Return the folder of the scripts that KWin runs for us now."""
    return lock_file().parent / "kwin"


def make_folder(path: Path) -> Path:
    """Create a folder and its missing parents, for the user alone; return it. Raises OSError.

    Folders that exist are left unchanged.
    """
    missing: list[Path] = []
    for folder in (path, *path.parents):
        if folder.is_dir():
            break
        missing.append(folder)
    for folder in reversed(missing):  # mkdir(parents=True) leaves those above to the umask
        folder.mkdir(exist_ok=True, mode=0o700)
    return path


def private_folder(path: Path) -> Path:
    """Create a folder that other users cannot enter, or close it to them; return the path.

    Raises OSError, also if another user owns the folder or can write into it.
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
    """Close a folder to others. Raises PermissionError where others may have changed it."""
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


def open_private(path: str, flags: int) -> int:
    """Open a file as the `opener` of open(); only its owner can read a new one. Raises OSError."""
    return os.open(path, flags, 0o600)


def write_new(path: Path, content: bytes) -> None:
    """Create a file that only its owner can read, whole or not at all.

    Raises FileExistsError where there is one already, or another OSError.
    """
    file = open(path, "xb", opener=open_private)  # noqa: SIM115 - what is there already stays
    try:
        with file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def write_atomic(
    path: Path,
    content: str | bytes,
    mode: int | None = 0o644,
    *,
    check: Callable[[], None] | None = None,
) -> None:
    """Replace the content of a file, all of it or nothing; create missing folders.

    If the path is a link, the file that it leads to is replaced. Without a `mode` the new file gets
    the permissions and the owner of the present one; if there is none, only its owner can read it.
    `check` is called at the last moment: if it raises, the present file is left unchanged. Raises
    OSError, which names the path.
    """
    path = path.resolve()  # some users keep their settings elsewhere, behind a link
    make_folder(path.parent)
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as reason:
        raise OSError(reason.errno, reason.strerror, str(path.parent)) from reason
    new = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        if mode is None:
            _copy_rights(path, new)
        else:
            new.chmod(mode)
        if check:
            check()
        new.replace(path)
    except OSError as reason:
        new.unlink(missing_ok=True)
        raise OSError(reason.errno, reason.strerror, str(path)) from reason
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _copy_rights(present: Path, new: Path) -> None:
    """Give the new file the owner and the permissions of the present one, if there is one."""
    with suppress(FileNotFoundError):
        shutil.copymode(present, new)
        if hasattr(os, "chown"):
            known = present.stat()
            with suppress(PermissionError):  # another user's file, which we may only replace
                os.chown(new, known.st_uid, known.st_gid)
