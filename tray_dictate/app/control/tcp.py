"""The control socket on Windows: a port on the loopback address, and a token in a private file.

Python has no Unix sockets there. The file lies in the user's profile, so neither other users nor a
web page that connects to the port know the token. Tested on Linux only, not on Windows.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from pathlib import Path

import filelock

from tray_dictate.app.control.client import NOT_RUNNING
from tray_dictate.core.errors import ControlError
from tray_dictate.system import files

_PATIENCE = 20.0  # seconds for the answer, as in client.py
_HOST = "127.0.0.1"


class TcpListener:
    """A listening port; its number and the token are in a file while it is open."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or port_file()
        self._lock = filelock.FileLock(f"{self._file}.lock", mode=0o600, thread_local=False)
        self.token = secrets.token_hex(32)

    def __str__(self) -> str:
        return str(self._file)

    def open(self) -> socket.socket:
        """Return the listening socket. Raises ControlError, or OSError."""
        files.private_folder(self._file.parent)
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            raise ControlError(
                "Another tray_dictate serves the control port. End it: `tray-dictate quit`."
            ) from None
        listening = socket.socket()
        try:
            listening.bind((_HOST, 0))
            listening.listen()
            port = {"port": listening.getsockname()[1], "token": self.token}
            files.write_atomic(self._file, json.dumps(port), 0o600)
        except BaseException:
            listening.close()
            self._lock.release()
            raise
        listening.setblocking(False)
        return listening

    def admits(self, _connection: socket.socket) -> bool:
        """Return True: the token identifies the client."""
        return True

    def close(self) -> None:
        """Forget the port and the token."""
        self._file.unlink(missing_ok=True)
        self._lock.release()


def port_file() -> Path:
    """Return the file with the port and the token of this user's daemon."""
    local = os.environ.get("LOCALAPPDATA")
    return (Path(local) if local else Path.home()) / "tray_dictate" / "control.json"


def connect(file: Path | None = None) -> tuple[socket.socket, str]:
    """Return a connection to the daemon, and the token for requests. Raises ControlError."""
    file = file or port_file()
    try:
        found = json.loads(file.read_text("ascii"))
        port, token = int(found["port"]), str(found["token"])
        connection = socket.create_connection((_HOST, port), timeout=_PATIENCE)
    except (FileNotFoundError, ConnectionRefusedError):
        raise ControlError(NOT_RUNNING) from None
    except OSError as reason:
        raise ControlError(f"{file}: {reason.strerror or reason}.") from reason
    except (ValueError, LookupError, TypeError):
        raise ControlError(f"{file} is damaged. Quit tray_dictate and start it again.") from None
    return connection, token
