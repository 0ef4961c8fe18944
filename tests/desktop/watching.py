"""A clipboard manager: reads each new text as soon as it appears; prints what it read, as repr.

With "polite" it leaves alone what says that it is secret.
"""

from __future__ import annotations

import sys
from typing import Any

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xfixes


class Watcher:
    def __init__(self) -> None:
        self.display = Display()
        self.display.xfixes_query_version()
        root = self.display.screen().root
        self.window: Any = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self.clipboard = self.display.intern_atom("CLIPBOARD")
        mask = xfixes.XFixesSetSelectionOwnerNotifyMask
        self.display.xfixes_select_selection_input(self.window, self.clipboard, mask)
        print("watching", flush=True)

    def convert(self, target: str) -> Any:
        atom = self.display.intern_atom("_READ")
        self.window.convert_selection(
            self.clipboard, self.display.intern_atom(target), atom, X.CurrentTime
        )
        self.display.flush()
        while True:
            event = self.display.next_event()
            if event.type == X.SelectionNotify:
                break
        if event.property == X.NONE:
            return None
        return self.window.get_full_property(atom, X.AnyPropertyType).value

    def run(self, polite: bool) -> None:
        while True:
            event = self.display.next_event()
            if (
                event.type,
                getattr(event, "sub_code", None),
            ) != self.display.extension_event.SetSelectionOwnerNotify:
                continue
            targets = self.convert("TARGETS")
            hint = self.display.intern_atom("x-kde-passwordManagerHint")
            if targets is None or (polite and hint in targets):
                continue
            print(repr(self.convert("UTF8_STRING")), flush=True)


if __name__ == "__main__":
    Watcher().run(polite="polite" in sys.argv)
