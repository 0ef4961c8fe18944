"""Checks whether a file or folder belongs to another user, and whether others can write to it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path


def is_foreign(path: Path) -> bool:
    """Return whether another user owns this file, folder or link; False where it does not exist.

    Always False on Windows, where a folder in the user's profile is closed to others.
    """
    if sys.platform == "win32":
        return False
    try:
        return path.lstat().st_uid != os.getuid()
    except OSError:
        return False


def is_shared(path: Path) -> bool:
    """Return whether everybody can write into a folder, as into /tmp. Raises OSError.

    A group's permission does not count: often each user has a group of their own.
    """
    if sys.platform == "win32":
        return False
    found = path.stat()
    return found.st_uid not in (0, os.getuid()) or bool(found.st_mode & stat.S_IWOTH)
