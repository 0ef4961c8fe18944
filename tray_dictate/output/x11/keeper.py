"""A process that keeps the user's clipboard alive after the daemon has ended, as xclip does.

A selection ends with its owner's connection, which is the daemon's once we have pasted. So a shell
holds that connection for a moment longer than the daemon lives, and starts the keeper meanwhile:
no program sees a clipboard without an owner. What to serve is in the memory of keeper_memory.py.
The keeper ends once others own all of it, or the session is over; contents whose program has ended
it drops after a while.

The shell also lets a burst of our keys end. A server that is busy with one looks at the connection
meanwhile, and drops the rest of them where its other end is closed: killed in that moment we would
leave keys down, or Caps Lock changed (after 13 of 200 kills on a busy machine, X.Org 21.1.7; with
the shell after none).
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from Xlib import X, Xatom, error
from Xlib.display import Display
from Xlib.ext import ge
from Xlib.protocol.event import SelectionRequest
from Xlib.xobject.drawable import Window

from tray_dictate.core.errors import UnavailableError, why
from tray_dictate.output.keeper import KEPT, Successor, command, detach, environment
from tray_dictate.output.x11.keeper_memory import KeeperMemory, KeeperState
from tray_dictate.output.x11.selection_server import OwnedSelection, Server
from tray_dictate.system.desktop import x11
from tray_dictate.system.desktop.x11 import connect, disown, watch_end

log = logging.getLogger(__name__)

_CALM = 0.03  # seconds without an event until all of them have been read
_EVENT = 32  # bytes
_LET_IN = 1.5  # seconds for the X server to let us in: the dead connection may have grabbed it
# seconds for the server to do what it has to; what we have grabbed of it is the user's again then
_LONGER = 0.5
_LIVES = "OWNER_LIVES"  # a variable that is not empty where the keeper began before our end
_PATH = "/usr/bin:/bin"
_SLEEP = f"read -r _; exec sleep {_LONGER}"
# both are children of init then, which waits for them
_START = f"""read -r {_LIVES}; export {_LIVES}; sleep {_LONGER} & "$@" &"""


def hold_connections(
    *displays: Display, keeper: Sequence[str] = (), files: Iterable[int] = (), path: str = _PATH
) -> Successor | None:
    """Have these connections live on for a moment when we have ended; None without a shell.

    `keeper` is a command that is run then, with these files.
    """
    script = [_START, "sh", *keeper] if keeper else [_SLEEP]
    env = {**environment("DISPLAY", "XAUTHORITY", "HOME"), "PATH": path}
    held = [*(display.fileno() for display in displays), *files]
    try:
        return Successor(*script, files=held, env=env)
    except OSError as reason:
        log.info("nothing holds the connection when we are killed: %s", why(reason))
        return None


def keeper_command(memory: KeeperMemory, connection: int, seconds: float = KEPT) -> list[str]:
    """Return the command of a keeper that replaces the owner of this connection."""
    return command(__name__, str(seconds), str(connection), *map(str, memory.files))


class Keeper:
    """Serves selections until others own all of them; for one thread."""

    def __init__(
        self,
        display: Display,
        held: Sequence[OwnedSelection],
        belated: frozenset[int] = frozenset(),
    ) -> None:
        """Drop contents whose origin has ended; clients in `belated` get nothing at first."""
        self._display, self._held = display, held
        self._server = Server(display, tuple(held))
        if belated:
            self._server.turn_away(belated)
        for selection in held:
            origin = selection.origin
            if origin and not watch_end(display, origin) and selection.ends_with(origin):
                self._drop(selection)

    def serve(self, seconds: float | None = None) -> None:
        """Return when nothing is ours any more; drop what has no origin after these seconds."""
        end = time.monotonic() + seconds if seconds is not None else None
        while any(selection.contents for selection in self._held):
            if self._display.pending_events():
                self.handle(self._display.next_event())
            elif end is None or end > time.monotonic():
                left = None if end is None else max(end - time.monotonic(), 0)
                x11.wait(self._display, seconds=left)
            else:
                end = None
                for selection in self._held:
                    if not selection.origin:
                        self._drop(selection)

    def handle(self, event: Any) -> None:
        """Take an event of the server's."""
        self._server.handle(event, None)
        for selection in self._held:
            if event.type == X.SelectionClear and event.atom == selection.atom:
                selection.lose()
            elif event.type == X.DestroyNotify and selection.ends_with(event.window.id):
                self._drop(selection)

    def _drop(self, held: OwnedSelection) -> None:
        if held.contents:
            disown(self._display, held.atom, held.acquired)
        held.lose()


class _Takeover:
    """Replaces the daemon as the owner of selections."""

    def __init__(self, connection: int, memory: KeeperMemory, *, lives: bool) -> None:
        """`connection` is the daemon's; `lives`: it serves until all is ours, and ends then."""
        self._connection, self._memory, self._lives = connection, memory, lives
        self._unanswered = list[Any]()
        self._late = threading.Event()  # the dead connection was ended before we were let in

    def take(self) -> Keeper:
        """Own what the memory says. Raises UnavailableError."""
        state = self._memory.read()
        with self._dead_connection():
            display = connect()
            window = display.screen().root.create_window(
                -1, -1, 1, 1, 0, X.CopyFromParent, X.InputOnly, event_mask=X.PropertyChangeMask
            )
            held = self._own(display, window, state)
            if not self._lives and not self._late.is_set():
                self._unanswered = _requests(display, self._connection, state.window)
        self._memory.close()
        keeper = Keeper(display, held, state.belated)
        for event in self._unanswered:
            keeper.handle(event)
        return keeper

    @contextmanager
    def _dead_connection(self) -> Generator[None]:
        """Hold the daemon's connection, unless it keeps the server from serving us."""

        def let_go() -> None:
            self._late.set()
            os.close(self._connection)

        timer = threading.Timer(_LET_IN, let_go)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if not self._late.is_set():
                os.close(self._connection)

    def _own(self, display: Display, window: Window, state: KeeperState) -> list[OwnedSelection]:
        held = list[OwnedSelection]()
        stamp = _stamp(display, window)
        display.grab_server()  # no program copies anything between the check and the taking
        for atom in (display.intern_atom("CLIPBOARD"), Xatom.PRIMARY):
            owner: Any = display.get_selection_owner(atom)
            number = owner.id if owner else X.NONE
            if number != state.window and not (number == X.NONE and self._late.is_set()):
                continue  # something was copied since
            if kept := state.selections.get(atom):
                window.set_selection_owner(atom, kept.acquired)  # see X11Selections._own
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
    """Return the requests to a window since its program was killed."""
    received = b""
    while select.select([connection], [], [], _CALM)[0]:
        piece = os.read(connection, 1 << 16)
        if not piece:
            break
        received += piece
    requests = list[Any]()
    while len(received) >= _EVENT:
        event_type, length = received[0] & 0x7F, int.from_bytes(received[4:8], sys.byteorder)
        if event_type == X.SelectionRequest:
            event = SelectionRequest(display=display.display, binarydata=received[:_EVENT])
            if event.owner.id == window:
                requests.append(event)
        # replies (1) and generic events say how much follows
        received = received[
            _EVENT + (4 * length if event_type in (1, ge.GenericEventCode) else 0) :
        ]
    return requests


def main(seconds: float, connection: int, files: Sequence[int]) -> int:
    """Keep what the memory says for these seconds, instead of the owner of this connection."""
    detach([connection, *files])
    with suppress(UnavailableError, error.ConnectionClosedError, OSError):  # the session is over
        lives = bool(os.environ.get(_LIVES))
        _Takeover(connection, KeeperMemory(files), lives=lives).take().serve(seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]), int(sys.argv[2]), [*map(int, sys.argv[3:])]))
