"""The local control socket, as its clients see it: one JSON line in, one JSON line out.

A compositor spawns `tray-dictate start` at every key press, so this file imports only the standard
library, and little of it; the daemon's side is control_server.py.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from tray_dictate.errors import ControlError

VERSION = 1  # of the lines; a daemon answers only its own
LONGEST = 65536  # bytes of a line

_PATIENCE = 20.0  # seconds for the answer; to take back a dictation, the daemon types
_NOT_RUNNING = "tray_dictate is not running. Start it with `tray-dictate`."


def socket_path() -> Path:
    """Return the path of this session's socket, in a folder of the user's own."""
    if sys.platform == "win32":
        raise ControlError("The control socket does not exist on Windows yet.")
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session:
        return Path(session) / "tray_dictate" / "control.sock"
    temporary = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the folder below is checked
    return Path(temporary) / f"tray_dictate-{os.getuid()}" / "control.sock"


def send(command: str, **args: Any) -> dict[str, Any]:
    """Have the daemon do it; return its answer. Raises ControlError."""
    path = socket_path()
    check_folder(path.parent)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(path))
            _check_peer(connection)
            connection.sendall(line({"version": VERSION, "command": command, "args": args}))
            answer = _first_line(connection)
        except (FileNotFoundError, ConnectionRefusedError):
            raise ControlError(_NOT_RUNNING) from None
        except TimeoutError:
            raise ControlError(f"tray_dictate gave no answer within {_PATIENCE:g} s.") from None
        except OSError as reason:
            raise ControlError(f"{path}: {reason.strerror or reason}.") from reason
    return _understood(answer)


def line(message: dict[str, Any]) -> bytes:
    """Return the message as it goes over the socket."""
    return json.dumps(message).encode() + b"\n"


def check_folder(folder: Path) -> None:
    """Raise ControlError if another user could have put a socket there."""
    if sys.platform == "win32":
        return
    try:
        found = folder.lstat()
    except OSError:
        raise ControlError(_NOT_RUNNING) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ControlError(f"{folder} is not a folder of yours alone. Remove it, or set TMPDIR.")


def peer(connection: socket.socket) -> int | None:
    """Return the user at the other end, None where the system does not tell."""
    if sys.platform == "linux":
        size = struct.calcsize("3i")
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        return struct.unpack("3i", found)[1]
    if sys.platform == "darwin":
        found = connection.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED: struct xucred
        return struct.unpack_from("2I", found)[1]
    return None


def is_ours(connection: socket.socket) -> bool:
    """Return whether the other end is this user, as far as the system tells."""
    user = peer(connection)
    return user is None or user == os.getuid()


def _check_peer(connection: socket.socket) -> None:
    if not is_ours(connection):
        raise ControlError("The control socket is another user's.")


def _first_line(connection: socket.socket) -> bytes:
    received = b""
    while b"\n" not in received:
        chunk = connection.recv(LONGEST)
        if not chunk or len(received) > LONGEST:
            return b""
        received += chunk
    return received


def _understood(answer: bytes) -> dict[str, Any]:
    """Return the answer's own words. Raises ControlError, also where it is one."""
    message: Any = None
    with suppress(ValueError):  # nothing, or not all of it: the daemon has ended meanwhile
        message = json.loads(answer)
    if not isinstance(message, dict) or "ok" not in message:
        raise ControlError("tray_dictate ended before it answered.")
    answered = cast("dict[str, Any]", message)
    if not answered.pop("ok"):
        raise ControlError(str(answered.get("error")))
    answered.pop("version", None)
    return answered
