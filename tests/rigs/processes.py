"""The programs that a test started: each its own group, all ended by pid, whatever happens.

Every one carries MARKER in its environment, and so does whatever it starts in turn (a service that
D-Bus activates, an xclip that stays to serve the clipboard): that is how the strays are found.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

MARKER = "RIG_ID"
_numbers = itertools.count(1)
REMEDY = "install_scripts/test.sh installs what the tests need."


class RigError(Exception):
    """The desktop for the tests could not be had: an error, never a skip."""


def listens(path: Path | str) -> bool:
    """Tell whether a program takes connections at this socket: its file is there a little before.

    An abstract one's path begins with a NUL.
    """
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(path)) == 0


def marked(mark: str) -> list[int]:
    """Return the pids of the live processes that carry this mark, other than our own."""
    wanted = f"{MARKER}={mark}".encode()
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):  # gone meanwhile, or another user's
            if wanted in environ_of(entry).split(b"\0"):
                found.append(int(entry.name))
    return found


def environ_of(process: Path) -> bytes:
    """Return a process's environment; in the middle of an exec it has none yet."""
    end = time.monotonic() + 1
    while not (found := (process / "environ").read_bytes()) and time.monotonic() < end:
        (process / "exe").readlink()  # OSError: a kernel's thread or a zombie never has one
        time.sleep(0.001)
    return found


def name_of(pid: int) -> str:
    """Return "pid command line", as good as it can still be had."""
    with suppress(OSError):
        return f"{pid} " + Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    return str(pid)


class Processes:
    """Starts programs in one environment and ends exactly those."""

    def __init__(self, logs: Path, env: dict[str, str]) -> None:
        self._logs = logs
        self._env = env
        self._mine: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program; what it prints goes to its log unless `options` say otherwise."""
        # should pytest itself be killed, its programs must not outlive it
        argv = ["setpriv", "--pdeathsig", "TERM", *argv]
        options = {"env": self._env, "stdin": subprocess.DEVNULL, **options}
        with self.log_path(name).open("ab") as log:
            options.setdefault("stdout", log)
            process = subprocess.Popen(argv, stderr=log, start_new_session=True, **options)
        self._mine.append((name, process))
        return process

    def log_path(self, name: str) -> Path:
        """Return where the program of that name writes."""
        return self._logs / f"{name}.log"

    def wait_for(
        self, name: str, process: subprocess.Popen[bytes], ready: Callable[[], Any], timeout: float
    ) -> None:
        """Wait until `ready`; RigError with the program's log if it dies or takes too long."""
        end = time.monotonic() + timeout
        while not ready():
            if process.poll() is not None:
                raise RigError(f"{name} died ({process.returncode}): {self.tail(name)}")
            if time.monotonic() > end:
                raise RigError(f"{name} was not ready in {timeout:g} s: {self.tail(name)}")
            time.sleep(0.01)

    def tail(self, name: str, size: int = 2000) -> str:
        """Return the end of a program's log."""
        with suppress(OSError):
            return self.log_path(name).read_text(errors="replace")[-size:]
        return ""

    def tails(self) -> dict[str, str]:
        """Return the end of every log that holds anything."""
        names = dict.fromkeys(path.stem for path in sorted(self._logs.iterdir()))
        return {name: tail for name in names if (tail := self.tail(name))}

    def end(self, process: subprocess.Popen[bytes], timeout: float = 3) -> None:
        """End one program and its group: TERM, then KILL; its pipes are closed."""
        self._signal(process, signal.SIGTERM)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._signal(process, signal.SIGKILL)
            process.wait(timeout)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):  # what was still buffered for it
                    pipe.close()
        self._mine = [entry for entry in self._mine if entry[1] is not process]

    def end_all(self) -> None:
        """End everything, the youngest first, then whatever they left behind."""
        for _, process in reversed(self._mine):  # all are told before any is awaited
            self._signal(process, signal.SIGTERM)
        for _, process in reversed(list(self._mine)):
            self.end(process)
        sweep(self._env[MARKER])

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        if process.poll() is None:  # not reaped, so the number is still this program's
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)


class Program:
    """A program that says in its log when it is ready; `with` ends it."""

    def __init__(
        self, processes: Processes, name: str, argv: Sequence[str], ready: str, **options: Any
    ) -> None:
        self._processes = processes
        self._log = f"{name}-{next(_numbers)}"
        self.process = processes.start(self._log, argv, **options)
        processes.wait_for(self._log, self.process, lambda: ready in self.printed(), 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.end(self.process)

    @property
    def pid(self) -> int:
        return self.process.pid

    def printed(self) -> str:
        """Return all that it has printed."""
        return self._processes.tail(self._log, 100_000)


def sweep(mark: str) -> None:
    """End whatever carries this mark: TERM, then KILL after 2 s."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in marked(mark):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        end = time.monotonic() + 2
        while marked(mark) and time.monotonic() < end:
            time.sleep(0.01)
