"""A process that keeps the user's clipboard alive when the daemon has ended; as wl-copy does.

What a selection holds ends with its owner. So where we hold what the user has copied, or text that
they are still to paste, this process inherits our very connection to the compositor, on which
nothing changes: no copy is lost in between, and no clipboard manager is told anew. It ends once
the user has copied something else, marked something else, or the session is over.
"""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tray_dictate import own_python
from tray_dictate.output.wayland_readers import Readers, boot_time
from tray_dictate.output.wayland_save import Contents
from tray_dictate.output.wayland_serve import Server, Serving
from tray_dictate.output.wayland_wire import Arguments, Connection, WaylandError

log = logging.getLogger(__name__)

START = 5.0  # seconds for the process to begin: far more than it takes

# from where we were loaded, whatever the working directory is and has
_BEGIN = f"""\
import runpy, sys
sys.path.append(sys.argv.pop())
runpy.run_module("{__name__}", run_name="__main__")
"""
_DESTROY = 1  # request to a source and to an offer
# by Python, and to see whose it is: no key of the user's
_NEEDED = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR")


def hand_on(
    connection: Connection, device: int, held: Mapping[int, Contents], belated: float
) -> None:
    """Have a process of its own serve what is held, by its source, as a Server does; blocks.

    From here on the connection is that process's.
    """
    file = connection.fileno()
    try:
        _start([str(file), str(device), str(belated)], file, held)
    except (OSError, subprocess.SubprocessError) as reason:
        why = type(reason).__name__  # what it says is the whole command
        log.warning("the clipboard could not be handed on, and is empty now: %s", why)


def _start(arguments: list[str], connection: int, held: Mapping[int, Contents]) -> None:
    with os.fdopen(os.memfd_create("clipboard"), "r+b") as memory:  # never on a command line
        each = dict.fromkeys(data for contents in held.values() for data in contents.values())
        number = {data: at for at, data in enumerate(each)}  # one text has many types
        named = {
            source: {name: number[data] for name, data in contents.items()}
            for source, contents in held.items()
        }
        memory.write(json.dumps([named, [len(data) for data in each]]).encode() + b"\n")
        memory.writelines(each)
        memory.seek(0)
        subprocess.run(
            own_python.script(_BEGIN, *arguments, str(Path(__file__).parents[2])),
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
            stdin=memory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[connection], start_new_session=True, check=True, timeout=START,
        )  # fmt: skip


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

    def serve(self) -> None:
        """Return when nothing is ours any more. Raises WaylandError once the session is over."""
        while self._held or self._server.files:
            writing = self._server.files
            patience = 1.0 if writing else None
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
        if opcode == 0:  # what others offer is nothing to us
            self._connection.request(event.uint(), _DESTROY)
        elif opcode == 2:  # finished; 1 and 3 tell which offer is in force
            raise WaylandError("the seat is gone")


def _inherited() -> dict[int, Contents]:
    with os.fdopen(0, "rb", closefd=False) as memory:
        named, sizes = json.loads(memory.readline())
        each = [memory.read(size) for size in sizes]
    os.dup2(1, 0)  # what is lost is to be free again
    return {
        int(source): {name: each[number] for name, number in types.items()}
        for source, types in named.items()
    }


def main(connection: int, device: int, belated: float) -> int:
    """Serve what stdin holds; who has started this waits only until it does."""
    keeper = _Keeper(Connection.inherited(connection), device, _inherited(), belated)
    if os.fork():
        os._exit(0)
    os.chdir("/")  # whatever is to be unmounted
    with suppress(WaylandError):  # the session is over
        keeper.serve()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
