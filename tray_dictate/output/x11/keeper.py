"""A process that keeps the user's clipboard alive when the daemon has ended; as xclip does.

What a selection holds ends with its owner, which we are once we have pasted. x11_survivor.py starts
this as soon as the daemon has ended, by a kill as well, and holds its connection until here: nobody
sees a clipboard without an owner. What is on it is said by x11_bequest.py. It ends once others own
all of it, or the session is over; what no program answers for any more it drops after a while.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from Xlib import X, Xatom, error
from Xlib.display import Display
from Xlib.ext import ge
from Xlib.protocol.event import SelectionRequest
from Xlib.xobject.drawable import Window

from tray_dictate.core.errors import UnavailableError
from tray_dictate.output.keeper import KEPT, begin_anew, command
from tray_dictate.output.x11.bequest import Bequest, Will
from tray_dictate.output.x11.keyboard import LIVES
from tray_dictate.output.x11.selection_server import OwnedSelection, Server
from tray_dictate.system import x11
from tray_dictate.system.x11 import connect, disown, watch_end

CALM = 0.03  # seconds without a word until all of them have been read
_EVENT = 32  # bytes
LET_IN = 1.5  # seconds for the X server to let us in: the dead connection may have grabbed it


def heir(bequest: Bequest, connection: int, seconds: float = KEPT) -> list[str]:
    """Return the command for a Survivor, which has this connection of the selections' owner."""
    return command(__name__, str(seconds), str(connection), *map(str, bequest.files))


class Keeper:
    """Serves selections until others own all of them; for one thread."""

    def __init__(
        self,
        display: Display,
        held: Sequence[OwnedSelection],
        belated: frozenset[int] = frozenset(),
    ) -> None:
        """Whose origin has ended is dropped; the `belated` get nothing at first."""
        self._display, self._held = display, held
        self._server = Server(display, tuple(held))
        if belated:
            self._server.turn_away(belated)
        for one in held:
            if one.origin and not watch_end(display, one.origin) and one.ends_with(one.origin):
                self._drop(one)

    def serve(self, seconds: float | None = None) -> None:
        """Return when nothing is ours any more; what has no origin is for so long at most."""
        end = time.monotonic() + seconds if seconds is not None else None
        while any(one.contents for one in self._held):
            if self._display.pending_events():
                self.handle(self._display.next_event())
            elif end is None or end > time.monotonic():
                left = None if end is None else max(end - time.monotonic(), 0)
                x11.wait(self._display, seconds=left)
            else:
                end = None
                for one in self._held:
                    if not one.origin:
                        self._drop(one)

    def handle(self, event: Any) -> None:
        """Take an event of the server's."""
        self._server.handle(event, None)
        for one in self._held:
            if event.type == X.SelectionClear and event.atom == one.atom:
                one.lose()
            elif event.type == X.DestroyNotify and one.ends_with(event.window.id):
                self._drop(one)

    def _drop(self, held: OwnedSelection) -> None:
        if held.contents:
            disown(self._display, held.atom, held.acquired)
        held.lose()


class _Heir:
    """What takes over from a daemon that has ended."""

    def __init__(self, connection: int, bequest: Bequest, *, lives: bool) -> None:
        """`lives`: it ends only once all is ours, and answers until then."""
        self._connection, self._bequest, self._lives = connection, bequest, lives
        self._unanswered = list[Any]()
        self._late = threading.Event()  # the dead connection was ended before we were let in

    def take(self) -> Keeper:
        """Own what was left to us. Raises UnavailableError."""
        will = self._bequest.read()
        with self._dead_connection():
            display = connect()
            window = display.screen().root.create_window(
                -1, -1, 1, 1, 0, X.CopyFromParent, X.InputOnly, event_mask=X.PropertyChangeMask
            )
            held = self._own(display, window, will)
            if not self._lives and not self._late.is_set():
                self._unanswered = _requests(display, self._connection, will.window)
        self._bequest.close()
        keeper = Keeper(display, held, will.belated)
        for event in self._unanswered:
            keeper.handle(event)
        return keeper

    @contextmanager
    def _dead_connection(self) -> Generator[None]:
        """Hold the daemon's connection, unless the server serves nobody else because of it."""

        def let_go() -> None:
            self._late.set()
            os.close(self._connection)

        timer = threading.Timer(LET_IN, let_go)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if not self._late.is_set():
                os.close(self._connection)

    def _own(self, display: Display, window: Window, will: Will) -> list[OwnedSelection]:
        held = list[OwnedSelection]()
        stamp = _stamp(display, window)
        display.grab_server()  # nobody copies anything between a look and the taking
        for atom in (display.intern_atom("CLIPBOARD"), Xatom.PRIMARY):
            owner: Any = display.get_selection_owner(atom)
            number = owner.id if owner else X.NONE
            if number != will.window and not (number == X.NONE and self._late.is_set()):
                continue  # something was copied since
            if kept := will.selections.get(atom):
                window.set_selection_owner(atom, kept.acquired)  # see Selections
                held.append(
                    OwnedSelection(
                        atom, kept.contents, stamp, kept.acquired, time.monotonic(),
                        origin=kept.origin, parted=kept.parted,
                    )
                )  # fmt: skip
            elif number and not self._lives:
                disown(display, atom, stamp)
        display.ungrab_server()
        display.sync()
        return held


def _stamp(display: Display, window: Window) -> int:
    """Return the server's time."""
    atom = display.intern_atom("_TRAY_DICTATE_TIME")
    window.change_property(atom, Xatom.STRING, 8, b"")
    while True:
        event: Any = display.next_event()
        if event.type == X.PropertyNotify and event.atom == atom:
            return event.time


def _requests(display: Display, connection: int, window: int) -> list[Any]:
    """Return what others have asked of a window since its program was killed."""
    said = b""
    while select.select([connection], [], [], CALM)[0]:
        piece = os.read(connection, 1 << 16)
        if not piece:
            break
        said += piece
    found = list[Any]()
    while len(said) >= _EVENT:
        kind, length = said[0] & 0x7F, int.from_bytes(said[4:8], sys.byteorder)
        if kind == X.SelectionRequest:
            event = SelectionRequest(display=display.display, binarydata=said[:_EVENT])
            if event.owner.id == window:
                found.append(event)
        # replies (1) and generic events say how much follows
        said = said[_EVENT + (4 * length if kind in (1, ge.GenericEventCode) else 0) :]
    return found


def main(seconds: float, connection: int, files: Sequence[int]) -> int:
    """Keep what the files say for so long, instead of the owner of this connection."""
    begin_anew([connection, *files])
    with suppress(UnavailableError, error.ConnectionClosedError, OSError):  # the session is over
        lives = bool(os.environ.get(LIVES))
        _Heir(connection, Bequest(files), lives=lives).take().serve(seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]), int(sys.argv[2]), [*map(int, sys.argv[3:])]))
