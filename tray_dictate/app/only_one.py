"""One daemon for a session: a second one has the first show itself, and ends."""

from __future__ import annotations

import filelock

from tray_dictate.app.control import client as control
from tray_dictate.core.errors import ControlError, DictateError, RunningError
from tray_dictate.system import files as paths
from tray_dictate.system import remedies


def only_one() -> filelock.BaseFileLock:
    """Return the lock of the one daemon of this session. Raises RunningError, DictateError."""
    path = paths.lock_file()
    try:
        paths.private_folder(path.parent)
        lock = filelock.FileLock(path, mode=0o600)
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise RunningError(_shown()) from None
    except OSError as reason:
        raise DictateError(
            f"{path.parent} cannot be written: {reason.strerror}. {remedies.RUNTIME_FOLDER}"
        ) from reason
    return lock


def _shown() -> str:
    """Let the one that runs tell the user how to use it; return what it tells."""
    try:
        return str(control.send("show")["message"])
    except (ControlError, LookupError):  # it is just starting, or of another version
        return "tray_dictate is running already. To end it: Quit in its menu, or tray-dictate quit."
