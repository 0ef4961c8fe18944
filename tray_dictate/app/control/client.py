"""Sends a command to the running daemon over the control socket: one JSON line, then the answers.

A compositor spawns `tray-dictate start` at every key press, so this file imports only the standard
library, and little of it: Python's start takes 12 ms, `socket` 7 more, mostly for its enums, and
`json`, `pathlib` and `typing` another 10. The daemon's side is server.py, which listens on unix.py
or tcp.py.
"""

from __future__ import annotations

import os
import stat
import sys

from tray_dictate.core.errors import ControlError, DictateError

try:
    import _socket as socket  # what `socket` itself is made of
except ImportError:  # another Python than CPython may have none
    import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

VERSION = 1  # of the lines; a daemon answers only its own
LONGEST = 65536  # bytes of a line
NOT_RUNNING = "tray_dictate is not running. Start it with `tray-dictate`."

_DONE = b'{"ok": true, "version": %d}' % VERSION  # the answer with nothing to say
_PATIENCE = 20.0  # seconds for the answer; to take back a dictation, the daemon types


def run(command: str) -> int:
    """Send a command and print what the daemon has to say; return the exit code."""
    try:
        message = send(command).get("message")
    except DictateError as reason:
        sys.stderr.write(f"tray-dictate: {reason}\n")
        return 1
    except KeyboardInterrupt:  # the daemon types, or hangs, and the user has waited enough
        return 130
    if message:
        print(message)  # noqa: T201
    return 0


def send(command: str, **args: Any) -> dict[str, Any]:
    """Have the daemon carry out a command; return its answer. Raises ControlError."""
    connection, token = connect()
    try:
        return exchange(connection, token, command, args)
    finally:
        connection.close()


def connect() -> tuple[socket.socket, str]:
    """Return a connection to the daemon, and the token for requests. Raises ControlError."""
    if sys.platform == "win32":
        from tray_dictate.app.control import tcp  # noqa: PLC0415 - the other systems never need it

        return tcp.connect()
    for folder in _folders():
        if connection := _connect_in(folder):
            return connection, ""
    raise ControlError(NOT_RUNNING)


def _connect_in(folder: str) -> socket.socket | None:
    """Return a connection to the socket in this folder, or None. Raises ControlError."""
    try:
        if os.lstat(folder).st_uid != os.getuid():
            return None
    except OSError:
        return None
    check_folder(folder)
    path = f"{folder}/control.sock"
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_PATIENCE)
    try:
        connection.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except OSError as reason:
        connection.close()
        raise ControlError(f"{path}: {reason.strerror or reason}.") from reason
    if not is_ours(connection):
        connection.close()
        raise ControlError("The control socket belongs to another user.")
    return connection


def exchange(
    connection: socket.socket, token: str, command: str, args: dict[str, Any]
) -> dict[str, Any]:
    """Send a command over a connection, and return the answer. Raises ControlError."""
    try:
        connection.sendall(_request(token, command, args))
        answer = _first_line(connection)
    except TimeoutError:
        raise ControlError(f"tray_dictate did not answer within {_PATIENCE:g} s.") from None
    except OSError as reason:
        raise ControlError(
            f"The connection to tray_dictate broke: {reason.strerror or reason}."
        ) from reason
    return _parsed(answer)


def follow(
    connection: socket.socket, token: str, command: str, args: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Send a command, and yield its answers until the daemon quits. Raises ControlError."""
    connection.settimeout(None)
    try:
        connection.sendall(_request(token, command, args))
        received = b""
        while chunk := connection.recv(LONGEST):
            *lines, received = (received + chunk).split(b"\n")
            for answer in lines:
                yield _parsed(answer)
    except OSError:  # the daemon was killed
        return


def line(message: dict[str, Any]) -> bytes:
    """Return the message as a line of JSON."""
    import json  # noqa: PLC0415 - 5 ms that most commands save

    return json.dumps(message).encode() + b"\n"


def socket_path() -> Path:
    """Return the path of this session's socket, in a folder of the user's own."""
    from pathlib import Path  # noqa: PLC0415 - 5 ms, as for json

    from tray_dictate.system.ownership import is_foreign  # noqa: PLC0415 - not for a client

    usual, own = _folders()
    return Path(own if is_foreign(Path(usual)) else usual, "control.sock")


def check_folder(folder: str | Path) -> None:
    """Raise ControlError if another user could have put a socket there."""
    if sys.platform == "win32":
        return
    try:
        found = os.lstat(folder)
    except OSError:
        raise ControlError(NOT_RUNNING) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ControlError(
            f"{folder} is not a folder that only you can write to. Remove it, or set TMPDIR."
        )


def _folders() -> tuple[str, str]:
    """Return the session's folder, and the one for the socket where the first is another user's."""
    if sys.platform == "win32":
        raise ControlError("Windows has no such socket.")
    session = os.environ.get("XDG_RUNTIME_DIR")
    temporary = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - the folder below is checked
    usual = f"{session}/tray_dictate" if session else f"{temporary}/tray_dictate-{os.getuid()}"
    home = os.environ.get("HOME", "")
    if sys.platform == "darwin":
        state = f"{home}/Library/Application Support"
    else:
        state = os.environ.get("XDG_STATE_HOME") or f"{home}/.local/state"
    return usual, f"{state}/tray_dictate"


def is_ours(connection: socket.socket) -> bool:
    """Return whether the other end is this user; True where the system cannot tell."""
    if sys.platform == "linux":
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # struct ucred
    elif sys.platform == "darwin":
        found = connection.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED: struct xucred
    else:
        return True
    return int.from_bytes(found[4:8], sys.byteorder) == os.getuid()


def _request(token: str, command: str, args: dict[str, Any]) -> bytes:
    if token or args:
        return line({"version": VERSION, "command": command, "args": args, "token": token})
    return b'{"version": %d, "command": "%s", "args": {}}\n' % (VERSION, command.encode())


def _first_line(connection: socket.socket) -> bytes:
    received = b""
    while b"\n" not in received:
        chunk = connection.recv(LONGEST)
        if not chunk or len(received) > LONGEST:
            return b""
        received += chunk
    return received


def _parsed(answer: bytes) -> dict[str, Any]:
    """Return the answer without its envelope. Raises ControlError, also for an error answer."""
    if answer.rstrip() == _DONE:
        return {}
    import json  # noqa: PLC0415

    try:
        message: Any = json.loads(answer)
        well = message.pop("ok")
        message.pop("version", None)
    except (ValueError, LookupError, TypeError, AttributeError):  # nothing, or not all of it
        raise ControlError("tray_dictate quit before it answered.") from None
    if not well:
        raise ControlError(str(message.get("error")))
    return message
