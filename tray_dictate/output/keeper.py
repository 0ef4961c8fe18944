"""What both keepers share: processes that serve the user's clipboard when the daemon has ended.

Each runs a module of ours, whatever the working directory is and has, and has nothing of the
daemon's but what it is to serve: through memory without a name, never on a command line.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from tray_dictate.system import own_python

# seconds for which it serves what no living program answers for any more: a password, perhaps,
# whose own program would have cleared it
KEPT = 600.0

Packed = Mapping[int, Mapping[str, bytes]]  # by the selection or source, by the format

# from where we were loaded, whatever the working directory is and has
_BEGIN = """\
import runpy, sys
sys.path.append(sys.argv.pop())
runpy.run_module(sys.argv.pop(), run_name="__main__")
"""
# by Python, and to see whose it is: no key of the user's
_NEEDED = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR")


def command(module: str, *words: str) -> list[str]:
    """Return the command that runs one of our modules."""
    return own_python.script(_BEGIN, *words, module, str(Path(__file__).parents[2]))


def environment(*more: str) -> dict[str, str]:
    """Return what a keeper needs of our environment, and these variables."""
    return {name: os.environ[name] for name in (*_NEEDED, *more) if name in os.environ}


def begin_anew(files: Sequence[int]) -> None:
    """Be a program of its own: hold no files but these of the daemon's, and end when asked to."""
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
