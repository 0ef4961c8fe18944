"""Contents of X11 selections on their way out and in: whole, or piece by piece (INCR) if large.

`Outgoing` sends to programs that ask, `SelectionSnapshot` reads what another program offers, and
`hand_over` gives our contents to a clipboard manager.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from Xlib import X, Xatom, error
from Xlib.display import Display
from Xlib.xobject.drawable import Window

from tray_dictate.output.base import ReservedError, UnsavedError
from tray_dictate.output.secrecy import is_secret
from tray_dictate.output.selection import LARGEST, NOT_FORMATS

log = logging.getLogger(__name__)

_PIECE = 200_000  # bytes in one request; servers take 262,140 without BIG-REQUESTS
_PATIENCE = 1.0  # seconds for each answer: an owner may be frozen or dead
_LONGEST = 4.0  # seconds for all of them: LibreOffice makes some 20 formats
_HANDING_OVER = 1.0  # seconds for a clipboard manager to save what would end with us
# LibreOffice's mark of its own copy: offered by us, it would have it paste that and not ours
_SIGNATURE = "application/x-libreoffice-internal-id-"

Wait = Callable[[Callable[[Any], bool], float], Any]


class Value(NamedTuple):
    """What a property holds; `data` as it lies in memory, `bits` (8, 16, 32) in each unit."""

    kind: int  # an atom
    bits: int
    data: bytes


Contents = dict[int, Value]  # by the atom of the target
ReadT = TypeVar("ReadT")


def read(window: Window, atom: int) -> Value | None:
    """Return a property's value; None where there is none."""
    found = window.get_full_property(atom, X.AnyPropertyType)
    if found is None:
        return None
    data = found.value if isinstance(found.value, bytes) else found.value.tobytes()
    return Value(found.property_type, found.format, data)


class Outgoing(Generic[ReadT]):
    """Sends values into the properties of windows that asked for them."""

    def __init__(self, display: Display) -> None:
        self._incr = display.intern_atom("INCR")
        self._pending: dict[tuple[int, int], tuple[Value, ReadT | None]] = {}
        self.complete: list[ReadT] = []  # reads of which all went out; for the caller to take

    def send(self, window: Window, atom: int, value: Value, read: ReadT | None) -> None:
        """Put a value into their property; `read` joins `complete` when all of it went out."""
        if len(value.data) <= _PIECE:
            window.change_property(atom, value.kind, value.bits, value.data)
            self._end(read)
            return
        # their deletion of each piece asks for the next; their end would leave us waiting
        window.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask)
        self._pending[window.id, atom] = (value, read)
        window.change_property(atom, self._incr, 32, [len(value.data)])

    def go_on(self, event: Any) -> None:
        """Send the next piece: the last one has been taken (PropertyNotify, deleted)."""
        key = (event.window.id, event.atom)
        if key not in self._pending:
            return
        value, read = self._pending.pop(key)
        piece, rest = value.data[:_PIECE], value.data[_PIECE:]
        event.window.change_property(event.atom, value.kind, value.bits, piece)
        if piece:  # the empty one says that there is no more
            self._pending[key] = (value._replace(data=rest), read)
            return
        if not any(window == event.window.id for window, _ in self._pending):
            event.window.change_attributes(event_mask=X.StructureNotifyMask)  # an origin, perhaps
        self._end(read)

    def _end(self, read: ReadT | None) -> None:
        if read is not None:
            self.complete.append(read)

    def forget(self, window: int) -> None:
        """Drop what a window that is gone was still to get."""
        for key in [key for key in self._pending if key[0] == window]:
            del self._pending[key]


class AtomNames:
    """The names of atoms, each asked for once: they stay for as long as the server."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._known = dict[int, str]()

    def name(self, atom: int) -> str:
        """Return a name, empty for what is no atom."""
        if atom not in self._known:
            try:
                self._known[atom] = self._display.get_atom_name(atom)
            except error.BadAtom:
                return ""
        return self._known[atom]


class SelectionSnapshot:
    """Reads one selection once, for at most _LONGEST seconds from now."""

    def __init__(
        self, display: Display, window: Window, *, wait: Wait, stamp: int,
        names: AtomNames | None = None,
    ) -> None:  # fmt: skip
        """`wait` handles other events meanwhile, and raises TimeoutError; `stamp` is a server time.

        The window must report its property changes.
        """
        self._display, self._window, self._wait, self._stamp = display, window, wait, stamp
        self._property = display.intern_atom("_TRAY_DICTATE_SAVED")
        self._names = names or AtomNames(display)
        self._incr = display.intern_atom("INCR")
        self._end = time.monotonic() + _LONGEST
        self._size = 0
        self.signed = (
            False  # its owner asks for the formats to learn that it has lost the selection
        )

    def read(self, selection: int) -> Contents:
        """Return the contents; empty where the owner offers nothing.

        Raises UnsavedError; ReservedError before any of it was read.
        """
        skipped = {self._display.intern_atom(name) for name in NOT_FORMATS}
        try:
            offered = self._convert(selection, self._display.intern_atom("TARGETS"))
            if offered and offered.bits == 32:
                targets = list(memoryview(offered.data).cast("I"))
            else:  # a very old program
                targets = [self._display.intern_atom("UTF8_STRING"), Xatom.STRING]
            if is_secret(map(self._names.name, targets)):
                raise ReservedError("it is marked as a secret")
            signatures = {one for one in targets if self._names.name(one).startswith(_SIGNATURE)}
            self.signed = bool(signatures)
            skipped |= signatures
            contents: Contents = {}
            for target in dict.fromkeys(targets):
                value = None if target in skipped else self._convert(selection, target)
                if value is not None:
                    contents[target] = value
        except TimeoutError as slow:
            raise UnsavedError("its owner does not answer") from slow
        return contents

    def _convert(self, selection: int, target: int) -> Value | None:
        self._window.delete_property(self._property)
        self._window.convert_selection(selection, target, self._property, self._stamp)

        def answered(event: Any) -> bool:
            return (
                event.type == X.SelectionNotify
                and (event.selection, event.target) == (selection, target)
                and event.time == self._stamp  # not the late answer to a reading given up
            )

        answer = self._wait(answered, self._left())
        if answer.property == X.NONE:
            return None  # offered, but refused: many do
        value = read(self._window, self._property)
        self._window.delete_property(self._property)
        if value is not None and value.kind == self._incr:
            value = self._pieces()
        self._count(value)
        return value

    def _pieces(self) -> Value | None:
        """Read on, piece by piece, until an empty one."""
        kind, bits, pieces = X.NONE, 8, list[bytes]()
        size = 0
        while True:
            self._wait(self._arrived, self._left())
            piece = read(self._window, self._property)
            self._window.delete_property(self._property)
            if piece is None or not piece.data:
                return Value(kind, bits, b"".join(pieces)) if pieces else piece
            kind, bits = piece.kind, piece.bits
            pieces.append(piece.data)
            size += len(piece.data)
            if self._size + size > LARGEST:
                raise UnsavedError("there is too much of it")

    def _arrived(self, event: Any) -> bool:
        return (
            event.type == X.PropertyNotify
            and event.window == self._window
            and event.atom == self._property
            and event.state == X.PropertyNewValue
        )

    def _left(self) -> float:
        return min(self._end - time.monotonic(), _PATIENCE)

    def _count(self, value: Value | None) -> None:
        self._size += len(value.data) if value else 0
        if self._size > LARGEST:
            raise UnsavedError("there is too much of it")


def hand_over(display: Display, window: Window, *, wait: Wait, stamp: int) -> bool:
    """Have the clipboard manager keep our clipboard beyond our end; return whether it does."""
    manager = display.intern_atom("CLIPBOARD_MANAGER")
    if not display.get_selection_owner(manager):
        return False
    place = display.intern_atom("_TRAY_DICTATE_SAVED")
    window.convert_selection(manager, display.intern_atom("SAVE_TARGETS"), place, stamp)
    try:
        answer = wait(lambda event: event.type == X.SelectionNotify, _HANDING_OVER)
    except TimeoutError:
        log.info("the clipboard manager did not take over the clipboard")
        return False
    return answer.property != X.NONE
