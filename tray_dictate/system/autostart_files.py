"""A file that another program reads is there whole, or as it was."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tray_dictate.system import files as paths


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file, with its folders, at once. Raises OSError, which names the path."""
    path = path.resolve()  # a link, as of those who keep their settings elsewhere, stays one
    paths.make_folder(path.parent)
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
