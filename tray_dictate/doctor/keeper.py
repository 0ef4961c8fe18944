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
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from Xlib import X, error

from tray_dictate.doctor.clipboard import Reader
from tray_dictate.output.refused import UnsavedError
from tray_dictate.output.x11_serve import Held, Server, text_contents

SAMPLE = "tray_dictate: the doctor's own clipboard"


class _Keeper:
    """Serves selections until somebody else owns all of them."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._held: list[Held] = []

    def take(self, names: list[str]) -> None:
        """Own these selections with what they hold now, or the clipboard with our own sample."""
        display, window = self._reader.display, self._reader.window
        if names == ["SAMPLE"]:
            contents = {"CLIPBOARD": text_contents(display, SAMPLE, secret=True)}
        else:
            contents = {name: self._reader.contents(name) for name in names}
        stamp = self._reader.stamp()  # from here on no event is dropped
        for name, held in contents.items():
            if held:
                atom = display.intern_atom(name)
                window.set_selection_owner(atom, stamp)
                self._held.append(Held(atom, held, stamp, taken_at=time.monotonic()))

    def serve(self, ready: Callable[[], None]) -> None:
        """Return when nothing is ours any more."""
        server = Server(self._reader.display, tuple(self._held))
        self._reader.display.sync()
        ready()
        while any(held.contents is not None for held in self._held):
            self._handle(server, self._reader.display.next_event())

    def _handle(self, server: Server, event: Any) -> None:
        if event.type != X.SelectionClear:
            server.handle(event, None)
            return
        for held in self._held:
            if held.atom == event.atom:
                held.lose()


def _go_on_alone() -> None:
    """End the process that the doctor waits for; its child has the connection, and serves."""
    if os.fork():
        os._exit(0)


def main(names: list[str]) -> int:
    """Keep the selections of these names; SAMPLE: the clipboard, with our own text."""
    keeper = _Keeper()
    with suppress(error.ConnectionClosedError, OSError):  # the session is over
        try:
            keeper.take(names)
        except UnsavedError as reason:
            sys.stderr.write(f"{reason}\n")
            return 1
        keeper.serve(_go_on_alone)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
