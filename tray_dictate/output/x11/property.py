"""Values of selections as they travel: whole, or piece by piece (INCR) where they are large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Window

PIECE = 200_000  # bytes in one request; servers take 262,140 without BIG-REQUESTS


class Value(NamedTuple):
    """What a property holds; `data` as it lies in memory, `bits` (8, 16, 32) in each unit."""

    kind: int  # an atom
    bits: int
    data: bytes


def read(window: Window, atom: int) -> Value | None:
    """Return a property's value; None where there is none."""
    found = window.get_full_property(atom, X.AnyPropertyType)
    if found is None:
        return None
    data = found.value if isinstance(found.value, bytes) else found.value.tobytes()
    return Value(found.property_type, found.format, data)


class Outgoing:
    """Values on their way to those who asked for them."""

    def __init__(self, display: Display) -> None:
        self._incr = display.intern_atom("INCR")
        self._pending: dict[tuple[int, int], tuple[Value, Callable[[], None]]] = {}

    def send(self, window: Window, atom: int, value: Value, done: Callable[[], None]) -> None:
        """Put a value into a property of theirs; `done` is called when all of it went out."""
        if len(value.data) <= PIECE:
            window.change_property(atom, value.kind, value.bits, value.data)
            done()
            return
        # their deletion of each piece asks for the next; their end would leave us waiting
        window.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask)
        self._pending[window.id, atom] = (value, done)
        window.change_property(atom, self._incr, 32, [len(value.data)])

    def go_on(self, event: Any) -> None:
        """Send the next piece: the last one has been taken (PropertyNotify, deleted)."""
        key = (event.window.id, event.atom)
        if key not in self._pending:
            return
        value, done = self._pending.pop(key)
        piece, rest = value.data[:PIECE], value.data[PIECE:]
        event.window.change_property(event.atom, value.kind, value.bits, piece)
        if piece:  # the empty one says that there is no more
            self._pending[key] = (value._replace(data=rest), done)
            return
        if not any(window == event.window.id for window, _ in self._pending):
            event.window.change_attributes(event_mask=X.StructureNotifyMask)  # an origin, perhaps
        done()

    def forget(self, window: int) -> None:
        """Drop what a window that is gone was still to get."""
        for key in [key for key in self._pending if key[0] == window]:
            del self._pending[key]
