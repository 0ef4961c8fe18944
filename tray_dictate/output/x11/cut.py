"""CUT_BUFFER0: what xterm pastes where PRIMARY gives it nothing.

An xterm that slept through a paste of ours and wakes up to an empty one would insert what an xterm
marked last, ever (measured: it did). So the buffer is away for as long as such a paste may come,
10 s; an xterm that sleeps longer inserts it all the same.
"""

from __future__ import annotations

from Xlib import Xatom
from Xlib.display import Display

from tray_dictate.output.x11.property import Value, read


class CutBuffer:
    """The property of the root window; for one thread, with that thread's connection."""

    def __init__(self, display: Display) -> None:
        self._root = display.screen().root
        self._hidden: Value | None = None

    def hide(self) -> None:
        """Take it away; nothing happens where it is away already."""
        found = read(self._root, Xatom.CUT_BUFFER0)
        if found is not None:
            self._hidden = found
            self._root.delete_property(Xatom.CUT_BUFFER0)

    def bring_back(self) -> None:
        """Put it back, unless a program has set it anew; idempotent."""
        hidden, self._hidden = self._hidden, None
        if hidden is not None and read(self._root, Xatom.CUT_BUFFER0) is None:
            self._root.change_property(Xatom.CUT_BUFFER0, hidden.kind, hidden.bits, hidden.data)
