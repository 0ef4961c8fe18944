"""What another program has on a selection, in every type."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tray_dictate.output.base import ReservedError, UnsavedError
from tray_dictate.output.secrecy import is_any_lent, is_secret
from tray_dictate.output.wayland.data_control import DataControl, Offered

PATIENCE = 1.0  # seconds for all of it: an owner may be slow, frozen or dead
LARGEST = 64 << 20  # bytes in all that we are ready to keep for others
_PIECE = 1 << 20

Contents = dict[str, bytes]  # by the name of the type, in the owner's order
Wait = Callable[[float, int], bool]  # wait so long for a file to become readable

# what Xwayland passes on of X11 that is no type, or would change something
_NOT_CONTENTS = (
    "TARGETS MULTIPLE TIMESTAMP SAVE_TARGETS DELETE INSERT_SELECTION INSERT_PROPERTY".split()
)


class Saving:
    """One reading of what there is, ending at most PATIENCE seconds from now."""

    def __init__(self, control: DataControl, *, wait: Wait) -> None:
        """`wait` deals with everything else meanwhile."""
        self._control, self._wait = control, wait
        self._end = time.monotonic() + PATIENCE
        self._size = 0

    def read(self, offered: Offered) -> Contents:
        """Return the contents. Raises UnsavedError; ReservedError before any of it was read."""
        if is_secret(offered.types):
            raise ReservedError("it is marked as a secret")
        if is_any_lent("XDG_RUNTIME_DIR", "WAYLAND_DISPLAY"):
            raise ReservedError("its owner gives it only for a while")
        names = [name for name in dict.fromkeys(offered.types) if name not in _NOT_CONTENTS]
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
