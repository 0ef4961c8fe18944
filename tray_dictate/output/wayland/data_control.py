"""The data-control protocol: owns and reads both selections without a window or the focus.

ext_data_control_v1 is zwlr_data_control_v1 under another name: the same requests and events.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from tray_dictate.core.errors import UnavailableError
from tray_dictate.output.base import ReservedError, UnsavedError
from tray_dictate.output.secrecy import is_any_lent, is_secret
from tray_dictate.output.selection import LARGEST, NOT_FORMATS
from tray_dictate.system.desktop.wayland import Arguments, Connection, WaylandError

CLIPBOARD, PRIMARY = "clipboard", "primary"  # the selections

_NAMES = ("ext_data_control_manager_v1", "zwlr_data_control_manager_v1")
_CREATE_SOURCE, _GET_DEVICE = 0, 1  # requests to the manager
_SET = {CLIPBOARD: 0, PRIMARY: 2}  # requests to the device
_RECEIVE, _DESTROY = 0, 1  # requests to an offer; 1 to a source, too
_OFFER_TYPE = 0  # request to a source

_PATIENCE = 1.0  # seconds for all of a selection: an owner may be slow, frozen or dead
_PIECE = 1 << 20  # bytes

Contents = dict[str, bytes]  # by the name of the type, in the owner's order
Wait = Callable[[float, int], bool]  # waits some seconds for a file to become readable


class SourceOwner(Protocol):
    """Who has put types on a selection."""

    def read(self, name: str, file: int) -> None:
        """Write the contents of a type into a file, and close it: a program asks for them."""
        ...

    def lost(self) -> None:
        """Handle the loss of the selection to another program."""
        ...


@dataclass(eq=False, slots=True)
class Offered:
    """The types that a program has put on a selection."""

    id: int
    types: list[str] = field(default_factory=list[str])


class DataControl:
    """Owns and reads the selections; for one thread, with that thread's connection."""

    def __init__(self, connection: Connection) -> None:
        """Raises UnavailableError where the compositor lets no program do this."""
        self._connection = connection
        self.current: dict[str, Offered | None] = {CLIPBOARD: None, PRIMARY: None}
        self._offers: dict[int, Offered] = {}
        self._types: dict[str, list[str]] = {}  # what we have put on a selection last
        self._foreign: set[str] = set()  # selections that others have set since then
        self._overwritten: set[str] = set()  # of those, the ones that are ours all the same
        name = next((name for name in _NAMES if name in connection.globals), None)
        if name is None:
            raise UnavailableError(
                "This compositor lets no program read and set the clipboard (no data-control)."
            )
        version = connection.globals[name][1]
        has_primary = name != _NAMES[1] or version >= 2
        self.selections = (CLIPBOARD, PRIMARY) if has_primary else (CLIPBOARD,)
        try:
            self._manager = connection.bind(name, 2)
            seat = connection.bind("wl_seat")
            self.device = connection.create(self._on_device)
            connection.request(self._manager, _GET_DEVICE, self.device, seat)
            connection.roundtrip()
        except WaylandError as reason:
            raise UnavailableError(f"The compositor refuses the clipboard: {reason}.") from None

    def own(self, selection: str, types: Iterable[str], owner: SourceOwner) -> int:
        """Put these types on a selection; return the source, our object that readers ask.

        The source is ended once another program owns the selection.
        """
        owners = [owner]  # empty once it is lost: the source's id lives on a while
        self._types[selection] = list(types)
        self._foreign.discard(selection)
        self._overwritten.discard(selection)

        def on_event(opcode: int, event: Arguments) -> None:
            if opcode == 0:
                wanted, file = event.text(), event.file()
                if owners:
                    owners[0].read(wanted, file)
                else:
                    os.close(file)
            elif owners:  # KWin 5.27 says it twice
                owners.pop().lost()
                self._connection.request(source, _DESTROY)

        source = self._connection.create(on_event)
        with self._connection.together():
            self._connection.request(self._manager, _CREATE_SOURCE, source)
            for name in self._types[selection]:
                self._connection.request(source, _OFFER_TYPE, name)
            self._connection.request(self.device, _SET[selection], source)
        return source

    def has_overwritten(self, selection: str) -> bool:
        """Tell whether something was copied in the very moment of the last `own`, which hid it.

        It is known after a round trip.
        """
        return selection in self._overwritten

    def clear(self, selection: str) -> None:
        """Leave nothing on a selection."""
        self._connection.request(self.device, _SET[selection], 0)

    def receive(self, offered: Offered, name: str) -> int:
        """Ask for one type; return the file to read it from, which is the caller's to close.

        Raises UnsavedError where something else has been copied: then the offer is no more.
        """
        if self._offers.get(offered.id) is not offered:
            raise UnsavedError("something else was copied meanwhile")
        reading, writing = os.pipe2(os.O_CLOEXEC)
        try:
            self._connection.request(offered.id, _RECEIVE, name, files=[writing])
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return reading

    def _on_device(self, opcode: int, event: Arguments) -> None:
        match opcode:
            case 0:  # data_offer
                identity = event.uint()
                offered = self._offers[identity] = Offered(identity)

                def on_type(_opcode: int, arguments: Arguments) -> None:
                    offered.types.append(arguments.text())

                self._connection.adopt(identity, on_type)
            case 1 | 3:  # selection, primary_selection
                self._replace(CLIPBOARD if opcode == 1 else PRIMARY, event.uint())
            case _:  # finished
                raise WaylandError("the seat is gone")

    def _replace(self, selection: str, identity: int) -> None:
        old, self.current[selection] = self.current[selection], self._offers.get(identity)
        if new := self.current[selection]:
            if new.types != self._types.get(selection):
                self._foreign.add(selection)
            elif selection in self._foreign:
                self._overwritten.add(selection)
        if old is not None:
            del self._offers[old.id]
            with suppress(WaylandError):
                self._connection.request(old.id, _DESTROY)
            self._connection.forget(old.id)


class SelectionSnapshot:
    """Reads the contents of selections, for at most _PATIENCE seconds from now."""

    def __init__(self, control: DataControl, *, wait: Wait) -> None:
        """`wait` handles all other events meanwhile."""
        self._control, self._wait = control, wait
        self._end = time.monotonic() + _PATIENCE
        self._size = 0

    def read(self, offered: Offered) -> Contents:
        """Return the contents. Raises UnsavedError; ReservedError before any of it was read."""
        if is_secret(offered.types):
            raise ReservedError("it is marked as a secret")
        if is_any_lent("XDG_RUNTIME_DIR", "WAYLAND_DISPLAY"):
            raise ReservedError("its owner gives it only for a while")
        names = [name for name in dict.fromkeys(offered.types) if name not in NOT_FORMATS]
        return {name: self._read(offered, name) for name in names}

    def _read(self, offered: Offered, name: str) -> bytes:
        pieces = list[bytes]()
        file = self._control.receive(offered, name)
        try:
            while True:
                if not self._wait(self._end - time.monotonic(), file):
                    raise UnsavedError("its owner does not answer")
                piece = os.read(file, _PIECE)
                if not piece:
                    return b"".join(pieces)
                pieces.append(piece)
                self._size += len(piece)
                if self._size > LARGEST:
                    raise UnsavedError("there is too much of it")
        finally:
            os.close(file)
