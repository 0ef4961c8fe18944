"""A process that keeps the contents of the clipboard after the doctor has ended, as xclip does.

An X11 selection ends with its owner. To paste, the output takes over the clipboard and then
restores its contents, which would end with the output. So this process reads them in every format,
becomes the owner, and ends as soon as something else is copied.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from Xlib import error

from tray_dictate.doctor.delivery.clipboard import SAMPLE, Reader
from tray_dictate.output.base import UnsavedError
from tray_dictate.output.x11.keeper import Keeper
from tray_dictate.output.x11.selection_server import OwnedSelection, text_contents

_TEXT = "tray_dictate: sample text of the self-test"


def _take(reader: Reader, names: list[str]) -> list[OwnedSelection]:
    """Take over these selections with their contents; for SAMPLE, the clipboard with a sample."""
    display, window = reader.display, reader.window
    if names == [SAMPLE]:
        contents = {"CLIPBOARD": text_contents(display, _TEXT, secret=False)}
    else:
        contents = {name: reader.contents(name) for name in names}
    stamp = reader.stamp()  # from now on, no event is dropped
    taken = list[OwnedSelection]()
    for name, held in contents.items():
        if held:
            atom = display.intern_atom(name)
            window.set_selection_owner(atom, stamp)
            taken.append(OwnedSelection(atom, held, stamp, stamp, time.monotonic()))
    display.sync()
    return taken


def _detach() -> None:
    """End the process that the doctor waits for; its child continues on the same connection."""
    if os.fork():
        os._exit(0)


def main(names: list[str]) -> int:
    """Keep the named selections until others own them; SAMPLE names a sample text."""
    with suppress(error.ConnectionClosedError, OSError):  # the session is over
        reader = Reader()
        try:
            keeper = Keeper(reader.display, _take(reader, names))
        except UnsavedError as reason:
            sys.stderr.write(f"{reason}\n")
            return 1
        _detach()
        keeper.serve()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
