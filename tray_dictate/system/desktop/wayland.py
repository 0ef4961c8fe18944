"""Speaks the Wayland wire protocol, as far as a client without windows needs it.

https://wayland.freedesktop.org/docs/html/ch04.html#sect-Protocol-Wire-Format. libwayland's Python
bindings have neither the protocols that we use nor time limits: a compositor that hangs must not
hang us. A connection belongs to one thread.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from tray_dictate.core.errors import UnavailableError

PATIENCE = 5.0  # seconds for a compositor to answer

_HEADER = struct.Struct("=IHH")  # object, opcode, size with this header
_UINT, _INT = struct.Struct("=I"), struct.Struct("=i")
_DISPLAY = 1
_SYNC, _GET_REGISTRY = 0, 1  # requests to the display
_ERROR, _DELETE_ID = 0, 1  # events of the display
_BIND, _GLOBAL, _GLOBAL_REMOVE = 0, 0, 1  # request to the registry, its events
_SERVERS = 0xFF000000  # the compositor's own objects begin here
_READ, _FILES = 65536, 28  # bytes and files of one read

Argument = int | str | bytes


class WaylandError(Exception):
    """The compositor refused something, did not answer in time, or is gone."""


class Arguments:
    """The arguments of an event, read in the order of the protocol's description."""

    def __init__(self, payload: bytes, files: deque[int]) -> None:
        self._payload, self._files = payload, files
        self._at = 0

    def uint(self) -> int:
        """Return the next argument: a uint, an object or a new_id."""
        return self._number(_UINT)

    def int(self) -> int:
        """Return the next argument, an int."""
        return self._number(_INT)

    def array(self) -> bytes:
        """Return the next argument, an array."""
        size = self.uint()
        found = self._payload[self._at : self._at + size]
        self._at += size + -size % 4
        return found

    def text(self) -> str:
        """Return the next argument, a string; null is empty."""
        return self.array()[:-1].decode(errors="replace")

    def file(self) -> int:
        """Return the next argument, an open file, which is the caller's to close."""
        try:
            return self._files.popleft()
        except IndexError:
            raise WaylandError("The compositor announced a file and sent none.") from None

    def _number(self, layout: struct.Struct) -> int:
        [found] = layout.unpack_from(self._payload, self._at)
        self._at += layout.size
        return int(found)


OnEvent = Callable[[int, Arguments], None]  # opcode, arguments


class Connection:
    """One client of the compositor; `globals` is what it offers: interface -> (name, version)."""

    def __init__(self, display: str = "") -> None:
        """`display` as in WAYLAND_DISPLAY, which is the default. Raises UnavailableError."""
        where = str(address(display))
        self._begin(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC))
        try:
            self._socket.connect(where)
            self._registry = self.create(self._on_registry)
            self.request(_DISPLAY, _GET_REGISTRY, self._registry)
            self.roundtrip()
        except (OSError, WaylandError) as reason:
            self.close()
            raise UnavailableError(
                f"The Wayland compositor cannot be reached: {reason}.",
                "Start tray-dictate in your desktop session.",
            ) from reason

    @classmethod
    def inherited(cls, file: int) -> Self:
        """Continue the connection of another process: `adopt` its objects, and create no others."""
        connection = cls.__new__(cls)
        connection._begin(socket.socket(fileno=file))  # noqa: SLF001 - it is our own
        return connection

    def _begin(self, connection: socket.socket) -> None:
        self._next, self._free = 2, list[int]()
        self._handlers: dict[int, OnEvent] = {_DISPLAY: self._on_display}
        self._received, self._files = b"", deque[int]()
        self._held: bytearray | None = None  # requests that are to go out at once
        self.globals: dict[str, tuple[int, int]] = {}
        self._socket = connection
        self._socket.settimeout(PATIENCE)

    @property
    def is_between_events(self) -> bool:
        """Whether no event has been received in part: another process can go on."""
        return not self._received

    def fileno(self) -> int:
        """Return the file that becomes readable when the compositor sends something."""
        return self._socket.fileno()

    def create(self, on_event: OnEvent | None = None) -> int:
        """Return the id of a new object, which the next request is to name."""
        if self._free:
            number = self._free.pop()
        else:
            number, self._next = self._next, self._next + 1
        self._handlers[number] = on_event or _ignore
        return number

    def adopt(self, number: int, on_event: OnEvent) -> None:
        """Handle the events of an object that the compositor has created."""
        self._handlers[number] = on_event

    def forget(self, number: int) -> None:
        """Ignore an object that the compositor has created, and that was destroyed."""
        if number >= _SERVERS:
            self._handlers.pop(number, None)

    def bind(self, interface: str, version: int = 1, on_event: OnEvent | None = None) -> int:
        """Return an object of the first global with this interface. Raises UnavailableError."""
        try:
            name, offered = self.globals[interface]
        except KeyError:
            raise UnavailableError(f"This compositor does not offer {interface}.", "") from None
        number = self.create(on_event)
        wanted = min(version, offered)
        self.request(self._registry, _BIND, name, interface, wanted, number)
        return number

    def request(
        self, object: int, opcode: int, *arguments: Argument, files: Sequence[int] = ()
    ) -> None:
        """Send a request. Raises WaylandError."""
        payload = b"".join(map(_packed, arguments))
        data = _HEADER.pack(object, opcode, _HEADER.size + len(payload)) + payload
        if self._held is not None:
            self._held += data
        else:
            self._send(data, files)

    @contextmanager
    def together(self) -> Generator[None]:
        """Send the requests of this context at once: none of another client comes between them.

        That holds up to 4096 bytes, without files. Raises WaylandError.
        """
        self._held = held = bytearray()
        try:
            yield
        finally:
            self._held = None
        self._send(bytes(held), ())

    def _send(self, data: bytes, files: Sequence[int]) -> None:
        try:
            sent = socket.send_fds(self._socket, [data], files) if files else 0
            self._socket.sendall(data[sent:])
        except OSError as reason:
            self._raise_its_error()
            raise WaylandError(f"the compositor takes no more ({reason})") from reason

    def sync(self, then: Callable[[], None]) -> None:
        """Call `then` once the compositor has handled all that was sent until now."""
        self.request(_DISPLAY, _SYNC, self.create(lambda _opcode, _event: then()))

    def roundtrip(self, patience: float = PATIENCE) -> None:
        """Wait until the compositor has handled all that was sent. Raises WaylandError."""
        answered = list[bool]()
        self.sync(lambda: answered.append(True))
        self.answered(answered, patience)

    def answered(self, answers: Sequence[object], patience: float = PATIENCE) -> None:
        """Wait until `answers` is not empty. Raises WaylandError."""
        if not self.wait(lambda: bool(answers), patience):
            raise WaylandError(f"the compositor did not answer within {patience:g} s")

    def wait(self, until: Callable[[], bool], patience: float) -> bool:
        """Process events until a condition holds; return whether it does. Raises WaylandError."""
        end = time.monotonic() + patience
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.dispatch(left)
        return True

    def dispatch(self, patience: float = 0.0) -> None:
        """Wait up to `patience` seconds for events, and process them. Raises WaylandError."""
        if select.select([self._socket], [], [], patience)[0]:
            self._receive()

    def close(self) -> None:
        """End the connection, and with it all objects; idempotent."""
        self._socket.close()
        while self._files:
            os.close(self._files.popleft())

    def _raise_its_error(self) -> None:
        """Raise the error that the compositor sends just before it ends a connection."""
        with suppress(OSError, ValueError):
            while select.select([self._socket], [], [], 0)[0]:
                self._receive()

    def _receive(self) -> None:
        try:
            data, files, _, _ = socket.recv_fds(
                self._socket, _READ, _FILES, socket.MSG_CMSG_CLOEXEC
            )
        except OSError as reason:
            raise WaylandError(f"the compositor is gone ({reason})") from reason
        self._files.extend(files)
        if not data:
            raise WaylandError("the compositor has ended the connection")
        self._received += data
        while len(self._received) >= _HEADER.size:
            object, opcode, size = _HEADER.unpack_from(self._received)
            if len(self._received) < size:
                return
            payload, self._received = self._received[_HEADER.size : size], self._received[size:]
            handle = self._handlers.get(object, _ignore)
            handle(opcode, Arguments(payload, self._files))

    def _on_display(self, opcode: int, event: Arguments) -> None:
        if opcode == _DELETE_ID:  # only now will no event name it any more
            gone = event.uint()
            self._handlers.pop(gone, None)
            self._free.append(gone)
        elif opcode == _ERROR:
            _object, code, message = event.uint(), event.uint(), event.text()
            raise WaylandError(f"the compositor refused a request: {message!r} (code {code})")

    def _on_registry(self, opcode: int, event: Arguments) -> None:
        if opcode == _GLOBAL:
            name, interface, version = event.uint(), event.text(), event.uint()
            self.globals.setdefault(interface, (name, version))
        elif opcode == _GLOBAL_REMOVE:
            gone = event.uint()
            self.globals = {key: found for key, found in self.globals.items() if found[0] != gone}


def address(display: str = "") -> Path:
    """Return the compositor's socket. Raises UnavailableError where the environment names none."""
    display = display or os.environ.get("WAYLAND_DISPLAY", "")
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if not display or not (folder or display.startswith("/")):
        raise UnavailableError(
            "This is not a Wayland session: WAYLAND_DISPLAY or XDG_RUNTIME_DIR is not set.",
            "Start tray-dictate in your desktop session.",
        )
    return Path(folder, display)


def offered(display: str = "") -> dict[str, int]:
    """Return the interfaces that the compositor offers, with versions. Raises UnavailableError."""
    connection = Connection(display)
    try:
        return {interface: version for interface, (_, version) in connection.globals.items()}
    finally:
        connection.close()


def _ignore(_opcode: int, _event: Arguments) -> None:
    """Ignore an event."""


def _packed(argument: Argument) -> bytes:
    if isinstance(argument, int):
        return _UINT.pack(argument & 0xFFFFFFFF)
    data = argument.encode() + b"\0" if isinstance(argument, str) else argument
    return _UINT.pack(len(data)) + data + b"\0" * (-len(data) % 4)


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
