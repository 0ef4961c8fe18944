"""The control socket on Linux and macOS: a Unix socket in a private folder of the user.

A socket that a killed daemon has left is replaced. One that is served is never replaced: its
server holds the lock, and a server without a lock accepts a connection.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

import filelock

from tray_dictate.app.control.client import check_folder, is_ours, socket_path
from tray_dictate.core.errors import ControlError
from tray_dictate.system import files

TAKEN = "Another tray_dictate serves the control socket. End it: `tray-dictate quit`."


class UnixListener:
    """A listening socket that only its owner can open."""

    token = ""  # the system identifies the client

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or socket_path()
        self._lock = filelock.FileLock(f"{self._path}.lock", mode=0o600, thread_local=False)
        self._inode = 0

    def __str__(self) -> str:
        return str(self._path)

    def open(self) -> socket.socket:
        """Return the listening socket. Raises ControlError, or OSError."""
        files.make_folder(self._path.parent)
        check_folder(self._path.parent)
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            raise ControlError(TAKEN) from None
        listening = socket.socket(socket.AF_UNIX)
        try:
            _remove_stale(self._path)
            listening.bind(str(self._path))
            self._path.chmod(0o600)
            self._inode = self._path.stat().st_ino
            listening.listen()
        except BaseException:
            listening.close()
            self._lock.release()
            raise
        listening.setblocking(False)
        return listening

    def admits(self, connection: socket.socket) -> bool:
        """Return whether the other end is this user."""
        return is_ours(connection)

    def close(self) -> None:
        """Remove the socket, unless another server has replaced it."""
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._lock.release()


def _remove_stale(path: Path) -> None:
    """Remove a socket that has no server. Raises ControlError if it has one."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108
            return
        except BlockingIOError:  # it is served, and busy
            pass
    raise ControlError(TAKEN)
