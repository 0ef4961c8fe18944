"""A compositor that has nothing but text fields, and tells input methods of them as KWin 6.7 does.

It speaks zwp_input_method_v1 over a real socket. What it does was seen of KWin 6.7.4 with GTK 3,
GTK 4 and Qt 6: a field is described as it gets the focus, and after each commit; an input method
that binds later is told of the field, but not what it is for; what is committed to a field that has
lost the focus goes nowhere.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

INTERFACE = "zwp_input_method_v1"
NORMAL, PASSWORD, TERMINAL = (0, 0), (0xC0, 8), (0, 12)  # hint, purpose

_DISPLAY, _SERVERS = 1, 0xFF000000
_HEADER = struct.Struct("=IHH")
_WAIT = 20.0  # seconds for a client that reads nothing


@dataclass
class Field:
    """A text field of some program; one that does not `report` tells no text, as a terminal's."""

    nature: tuple[int, int] = NORMAL
    reports: bool = True
    before: str = ""
    selected: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        return self.before + self.selected + self.after

    def insert(self, text: str) -> None:
        self.before, self.selected = self.before + text, ""


class _Client:
    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.received = b""
        self.registry = 0
        self.input_method = 0
        self.context = 0
        self.contexts = 0  # so far

    def send(self, number: int, opcode: int, *arguments: int | str) -> None:
        payload = b"".join(map(_packed, arguments))
        message = _HEADER.pack(number, opcode, _HEADER.size + len(payload)) + payload
        self.socket.settimeout(_WAIT)
        self.socket.sendall(message)


class FieldCompositor:
    """Listens at `address`; `commits` are the texts as they came, to whichever field."""

    def __init__(self, address: Path) -> None:
        self._lock = threading.RLock()
        self._clients = list[_Client]()
        self._field: Field | None = None
        self._serial = 0
        self.commits = list[str]()
        self.silent = False  # answers nothing
        self.on_commit: Field | None = None  # gets the focus right before the next commit
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(address))
        self._listening.listen()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._ends, self._end = socket.socketpair()
        self._selector.register(self._ends, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="compositor")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.send(b"x")
        self._thread.join()
        self.disconnect()
        for file in (self._selector, self._listening, self._ends, self._end):
            file.close()

    def focus(self, field: Field | None) -> None:
        """Give the focus to a text field, or to something else."""
        with self._lock:
            for client in self._clients:
                self._deactivate(client)
            self._field = field
            for client in self._clients:
                self._activate(client)
                self._describe(client)

    def describe(self) -> None:
        """Tell of the field's text again, as after each key that its user presses."""
        with self._lock:
            for client in self._clients:
                self._describe(client)

    def acknowledge(self) -> None:
        """Tell of no more than that the field has changed, as at some keys."""
        with self._lock:
            self._serial += 1
            for client in self._clients:
                client.send(client.context, 4, self._serial)

    def disconnect(self) -> None:
        """End the connections of all clients."""
        with self._lock:
            for client in self._clients:
                self._selector.unregister(client.socket)
                client.socket.close()
            self._clients.clear()

    def _activate(self, client: _Client) -> None:
        if self._field and client.input_method:
            client.context, client.contexts = _SERVERS + client.contexts % 2, client.contexts + 1
            client.send(client.input_method, 0, client.context)

    def _deactivate(self, client: _Client) -> None:
        if client.context:
            client.send(client.input_method, 1, client.context)
            client.context = 0

    def _describe(self, client: _Client) -> None:
        field = self._field
        if not (field and client.context):
            return
        if field.reports:
            caret, end = len(field.before.encode()), len((field.before + field.selected).encode())
            client.send(client.context, 0, field.text, end, caret)
        client.send(client.context, 2, *field.nature)
        self._serial += 1
        client.send(client.context, 4, self._serial)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._ends:
                    return
                with self._lock:
                    if key.fileobj is self._listening:
                        self._accept()
                    else:
                        self._read(key.data)

    def _accept(self) -> None:
        connection, _ = self._listening.accept()
        client = _Client(connection)
        self._clients.append(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _read(self, client: _Client) -> None:
        if client not in self._clients:
            return
        try:
            data = client.socket.recv(65536)
            if data:
                self._take(client, data)
                return
        except (BrokenPipeError, ConnectionResetError):  # it has ended meanwhile
            pass
        self._selector.unregister(client.socket)
        client.socket.close()
        self._clients.remove(client)

    def _take(self, client: _Client, data: bytes) -> None:
        client.received += data
        while len(client.received) >= _HEADER.size:
            number, opcode, size = _HEADER.unpack_from(client.received)
            if len(client.received) < size:
                return
            assert size <= 4096, "a message of more ends the connection"
            payload, client.received = client.received[_HEADER.size : size], client.received[size:]
            if not self.silent:
                self._on_request(client, number, opcode, payload)

    def _on_request(self, client: _Client, number: int, opcode: int, payload: bytes) -> None:
        if number == _DISPLAY:
            [new] = struct.unpack("=I", payload)
            if opcode == 0:  # sync
                client.send(new, 0, 0)
                client.send(_DISPLAY, 1, new)
            else:
                client.registry = new
                client.send(new, 0, 1, INTERFACE, 1)
        elif number == client.registry:
            client.input_method = struct.unpack("=I", payload[-4:])[0]
            self._activate(client)
        elif number >= _SERVERS and opcode == 1:
            if self.on_commit:
                field, self.on_commit = self.on_commit, None
                self.focus(field)
            size = struct.unpack_from("=I", payload, 4)[0]
            text = payload[8 : 8 + size - 1].decode()
            self.commits.append(text)
            if number == client.context and self._field:
                self._field.insert(text)
                self.describe()


def _packed(argument: int | str) -> bytes:
    if isinstance(argument, int):
        return struct.pack("=I", argument)
    data = argument.encode() + b"\0"
    return struct.pack("=I", len(data)) + data + b"\0" * (-len(data) % 4)
