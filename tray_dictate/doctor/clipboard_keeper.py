"""A process that keeps the clipboard alive when the doctor has ended; as xclip does.

What a selection holds ends with its owner. Our output has taken the clipboard over to paste, and
gives back what was there, but only for as long as it lives. So this process reads it from the
output, in every format, owns it in its stead, and ends as soon as something else is copied.
"""

# pyright: basic
# python-xlib carries no types.

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from Xlib import error

from tray_dictate.doctor.clipboard import Reader
from tray_dictate.output.base import UnsavedError
from tray_dictate.output.x11.keeper import Keeper
from tray_dictate.output.x11.selection_server import OwnedSelection, text_contents

SAMPLE = "tray_dictate: the doctor's own clipboard"


def _take(reader: Reader, names: list[str]) -> list[OwnedSelection]:
    """Own these selections with what they hold now, or the clipboard with our own sample."""
    display, window = reader.display, reader.window
    if names == ["SAMPLE"]:
        contents = {"CLIPBOARD": text_contents(display, SAMPLE, secret=False)}
    else:
        contents = {name: reader.contents(name) for name in names}
    stamp = reader.stamp()  # from here on no event is dropped
    taken = list[OwnedSelection]()
    for name, held in contents.items():
        if held:
            atom = display.intern_atom(name)
            window.set_selection_owner(atom, stamp)
            taken.append(OwnedSelection(atom, held, stamp, stamp, time.monotonic()))
    display.sync()
    return taken


def _go_on_alone() -> None:
    """End the process that the doctor waits for; its child has the connection, and serves."""
    if os.fork():
        os._exit(0)


def main(names: list[str]) -> int:
    """Keep the selections of these names; SAMPLE: the clipboard, with our own text."""
    with suppress(error.ConnectionClosedError, OSError):  # the session is over
        reader = Reader()
        try:
            keeper = Keeper(reader.display, _take(reader, names))
        except UnsavedError as reason:
            sys.stderr.write(f"{reason}\n")
            return 1
        _go_on_alone()
        keeper.serve()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
