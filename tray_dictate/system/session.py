"""Whether this process is in a Wayland session."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path


def compositor_answers() -> bool:
    """Return whether a compositor listens where WAYLAND_DISPLAY says; a stale one does not."""
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name or sys.platform == "win32":
        return False
    where = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), name)
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(str(where))
        except OSError:
            return False
    return True
