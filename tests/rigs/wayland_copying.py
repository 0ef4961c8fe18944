"""A program in which somebody has copied something in several types: it owns them and serves them.

python -m tests.rigs.wayland_copying TYPE=PATH ... + TYPE=PATH ..., the latter being PRIMARY.
Prints "ready" when it owns them, and ends when somebody else owns the clipboard.
"""

from __future__ import annotations

import os
import sys
import threading
from functools import partial
from pathlib import Path

from tray_dictate.output.wayland.data_control import CLIPBOARD, PRIMARY, DataControl
from tray_dictate.system.wayland import Connection


def main() -> None:
    at = sys.argv.index("+")
    connection = Connection()
    control = DataControl(connection)
    for kind, words in ((CLIPBOARD, sys.argv[1:at]), (PRIMARY, sys.argv[at + 1 :])):
        types = dict(word.rsplit("=", 1) for word in words)
        if types:
            control.own(kind, types, partial(serve, types), partial(lost, kind))
    connection.roundtrip()
    print("ready", flush=True)
    while True:
        connection.dispatch(60)


def serve(types: dict[str, str], name: str, file: int) -> None:
    def write() -> None:
        with os.fdopen(file, "wb") as reader:
            reader.write(Path(types[name]).read_bytes())

    threading.Thread(target=write).start()


def lost(kind: str) -> None:
    if kind == CLIPBOARD:
        os._exit(0)  # as a program that is closed after a copy elsewhere


if __name__ == "__main__":
    main()
