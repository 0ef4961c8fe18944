"""A program in which somebody has copied something in several types: it owns them and serves them.

python -m tests.rigs.wayland_copying TYPE=PATH ... + TYPE=PATH ..., the latter being PRIMARY.
Prints "ready" when it owns them, and ends when somebody else owns the clipboard.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from tray_dictate.output.wayland.data_control import CLIPBOARD, PRIMARY, DataControl
from tray_dictate.system.desktop.wayland import Connection


def main() -> None:
    at = sys.argv.index("+")
    connection = Connection()
    control = DataControl(connection)
    for kind, words in ((CLIPBOARD, sys.argv[1:at]), (PRIMARY, sys.argv[at + 1 :])):
        types = dict(word.rsplit("=", 1) for word in words)
        if types:
            control.own(kind, types, Copy(kind, types))
    connection.roundtrip()
    print("ready", flush=True)
    while True:
        connection.dispatch(60)


class Copy:
    """What was copied to one selection."""

    def __init__(self, kind: str, types: dict[str, str]) -> None:
        self._kind, self._types = kind, types

    def read(self, name: str, file: int) -> None:
        def write() -> None:
            with os.fdopen(file, "wb") as reader:
                reader.write(Path(self._types[name]).read_bytes())

        threading.Thread(target=write).start()

    def lost(self) -> None:
        if self._kind == CLIPBOARD:
            os._exit(0)  # as a program that is closed after a copy elsewhere


if __name__ == "__main__":
    main()
