"""Whose a file or folder is, and who else can put something there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path


def is_foreign(path: Path) -> bool:
    """Tell whether another user has made this file, folder or link; what is not there is nobody's.

    Always False on Windows, where a folder in the user's profile is closed to others.
    """
    if sys.platform == "win32":
        return False
    try:
        return path.lstat().st_uid != os.getuid()
    except OSError:
        return False


def is_shared(path: Path) -> bool:
    """Tell whether everybody can put something there, as into /tmp. Raises OSError.

    A group's leave does not count: where each user has a group of their own, all have it.
    """
    if sys.platform == "win32":
        return False
    found = path.stat()
    return found.st_uid not in (0, os.getuid()) or bool(found.st_mode & stat.S_IWOTH)
