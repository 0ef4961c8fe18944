"""Starts keepers: processes that serve the user's clipboard after the daemon has ended.

A keeper runs one of our modules, independent of the working directory. It gets nothing from the
daemon but the contents to serve: in anonymous memory, never on a command line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from tray_dictate.system.programs import own_python

# seconds for which it serves contents whose own program has ended: they may be a password, which
# that program would have cleared
KEPT = 600.0

Packed = Mapping[int, Mapping[str, bytes]]  # by the selection or source, by the format

# imports us from where we were loaded
_BEGIN = """\
import runpy, sys
sys.path.append(sys.argv.pop())
runpy.run_module(sys.argv.pop(), run_name="__main__")
"""
# needed by Python, and to find the session; none of them is an API key
_NEEDED = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR")


def command(module: str, *words: str) -> list[str]:
    """Return the command that runs one of our modules."""
    return own_python.script(_BEGIN, *words, module, str(Path(__file__).parents[2]))


def environment(*more: str) -> dict[str, str]:
    """Return the variables that a keeper needs of our environment, and `more` of it."""
    return {name: os.environ[name] for name in (*_NEEDED, *more) if name in os.environ}


class Successor:
    """A shell that sleeps until we have ended, by a kill as well, and then runs a script's rest.

    It sleeps in a `read` from a pipe whose other end we hold: it costs 0.2 MB, a keeper 18.
    """

    def __init__(
        self, script: str, *words: str, files: Iterable[int], env: Mapping[str, str]
    ) -> None:
        """The script gets `words` as $0, $1 ... and inherits `files`. Raises OSError."""
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            ["sh", "-c", f"trap '' HUP INT TERM; {script}", *words],  # a session's end is too early
            env=env, cwd="/", start_new_session=True, pass_fds=[*files],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def write(self, line: bytes) -> None:
        """Have the shell read a line, which ends with a new line. Raises OSError."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def begin(self) -> bool:
        """Have the rest of the script run before our end; return whether the shell could."""
        process, self._process = self._process, None
        if process is None:
            return False
        process.communicate(b"yes\n")
        return process.returncode == 0

    def end(self) -> None:
        """End the shell, which runs nothing then; idempotent."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def detach(files: Sequence[int]) -> None:
    """Become a program of its own: close all files but these, and end when asked to."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):  # ignored until here
        signal.signal(number, signal.SIG_DFL)
    for file in [int(name) for name in os.listdir("/proc/self/fd")]:  # noqa: PTH208
        if file > 2 and file not in files:
            with suppress(OSError):
                os.close(file)


def pack(file: IO[bytes], contents: Packed) -> None:
    """Write contents to a file, each once: one text has many formats."""
    each = dict.fromkeys(data for formats in contents.values() for data in formats.values())
    number = {data: at for at, data in enumerate(each)}
    named = {
        key: {name: number[data] for name, data in formats.items()}
        for key, formats in contents.items()
    }
    file.write(json.dumps([named, [len(data) for data in each]]).encode() + b"\n")
    file.writelines(each)
    file.flush()


def unpack(file: IO[bytes]) -> dict[int, dict[str, bytes]]:
    """Return what `pack` has written."""
    named, sizes = json.loads(file.readline())
    each = [file.read(size) for size in sizes]
    return {
        int(key): {name: each[number] for name, number in formats.items()}
        for key, formats in named.items()
    }
