"""A process that keeps the user's clipboard alive when the daemon has ended; as wl-copy does.

A selection ends with its owner's connection. So where we hold what the user has copied, or text
that they are still to paste, the keeper inherits our very connection to the compositor, on which
nothing changes: no copy is lost in between, and no clipboard manager hears of a new owner. Where we
are killed it is started by a shell that holds the connection meanwhile (`prepare_keeper`).

It ends once the user has copied something else and marked something else, or the session is over;
and at the latest after a while: whether the program still runs from which the contents were copied,
and which would have cleared them by now, cannot be seen here.
"""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from tray_dictate.output import keeper
from tray_dictate.output.wayland.data_control import Contents
from tray_dictate.output.wayland.readers import Readers, boot_time
from tray_dictate.output.wayland.selection_server import Server, Serving
from tray_dictate.system.desktop.wayland import Arguments, Connection, WaylandError

log = logging.getLogger(__name__)

START = 5.0  # seconds for the process to begin: far more than it takes

# the command opens the memory again, at its beginning
_INHERIT = 'read -r _; exec "$@" < "$0"'

_DESTROY = 1  # request to a source and to an offer


def hand_over(
    connection: Connection,
    device: int,
    held: Mapping[int, Contents],
    *,
    belated: float,
    seconds: float,
) -> None:
    """Have a keeper serve `held`, by its sources, as a Server does; blocks until it does.

    It serves for these seconds at the longest. From here on the connection is the keeper's.
    """
    file = connection.fileno()
    words = [str(file), str(device), str(belated), str(seconds)]
    try:
        with _memory(held) as memory:
            subprocess.run(
                keeper.command(__name__, *words),
                env=keeper.environment(),
                stdin=memory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[file], start_new_session=True, check=True, timeout=START,
            )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as reason:
        why = type(reason).__name__  # its message is the whole command
        log.warning("the clipboard could not be handed on, and is empty now: %s", why)


def prepare_keeper(
    connection: Connection,
    device: int,
    held: Mapping[int, Contents],
    *,
    belated: float,
    seconds: float,
) -> keeper.Successor | None:
    """Have a keeper started where we are killed, as by `hand_over`; None where it cannot be."""
    file = connection.fileno()
    words = [str(file), str(device), str(belated), str(seconds)]
    try:
        with _memory(held) as memory:
            there = f"/proc/self/fd/{memory.fileno()}"
            return keeper.Successor(
                _INHERIT, there, *keeper.command(__name__, *words),
                files=[file, memory.fileno()], env=keeper.environment(),
            )  # fmt: skip
    except OSError as reason:
        log.info("nothing keeps the clipboard when we are killed: %s", reason.strerror)
        return None


def _memory(held: Mapping[int, Contents]) -> IO[bytes]:
    """Return a file without a name that contains `held`."""
    memory = os.fdopen(os.memfd_create("clipboard"), "r+b")
    try:
        keeper.pack(memory, held)
        memory.seek(0)
    except BaseException:
        memory.close()
        raise
    return memory


class _Keeper:
    """Serves sources until the last of them is lost."""

    def __init__(
        self, connection: Connection, device: int, held: Mapping[int, Contents], belated: float
    ) -> None:
        self._connection = connection
        self._server = Server(Readers(connection.fileno()), belated)
        self._held: dict[int, Serving] = {}
        connection.adopt(device, self._on_device)
        for source, contents in held.items():
            self._adopt(source, contents)

    def serve(self, until: float) -> None:
        """Return when nothing is ours any more, or at a time of the monotonic clock.

        Raises WaylandError once the session is over.
        """
        while self._held or self._server.files:
            left = until - time.monotonic()
            if left <= 0:
                return  # with our connection, what we hold ends
            writing = self._server.files
            patience = min(left, 1.0) if writing else left
            readable, writable, _ = select.select([self._connection], writing, [], patience)
            for one in writable:
                self._server.go_on(one)
            self._server.drop_stale()
            if readable:
                self._connection.dispatch()

    def _adopt(self, source: int, contents: Contents) -> None:
        serving = Serving("", contents, None, time.monotonic(), boot_time())
        self._held[source] = serving

        def said(opcode: int, event: Arguments) -> None:
            if opcode == 0:
                wanted = event.text()
                self._server.answer(serving, wanted, event.file())
            elif self._held.pop(source, None):  # KWin 5.27 says it twice
                self._connection.request(source, _DESTROY)

        self._connection.adopt(source, said)

    def _on_device(self, opcode: int, event: Arguments) -> None:
        if opcode == 0:  # an offer of another program's
            self._connection.request(event.uint(), _DESTROY)
        elif opcode == 2:  # finished; 1 and 3 say which offer is valid
            raise WaylandError("the seat is gone")


def _inherited() -> dict[int, Contents]:
    with os.fdopen(0, "rb", closefd=False) as memory:
        held = keeper.unpack(memory)
    os.dup2(1, 0)  # frees the memory
    return held


def main(connection: int, device: int, belated: float, seconds: float) -> int:
    """Serve what stdin holds, in a child: the process that started us waits for the parent only."""
    held = _inherited()
    keeper.detach([connection])
    kept = _Keeper(Connection.inherited(connection), device, held, belated)
    if os.fork():
        os._exit(0)
    os.chdir("/")  # a working directory could not be unmounted
    with suppress(WaylandError):  # the session is over
        kept.serve(time.monotonic() + seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2]), *map(float, sys.argv[3:5])))
