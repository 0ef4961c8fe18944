"""A clipboard manager: reads each new text as soon as it appears; prints what it read, as repr.

With "polite" it leaves alone what says that it is secret; as a "keeper" it takes over, when asked,
the text of a program that ends; as a "restorer" it is polite, and brings the last text back when
its owner dies.
"""

from __future__ import annotations

import sys
from typing import Any

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xfixes
from Xlib.protocol.event import SelectionNotify


class Watcher:
    def __init__(self) -> None:
        self.display = Display()
        self.display.xfixes_query_version()
        root = self.display.screen().root
        self.window: Any = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self.clipboard = self.display.intern_atom("CLIPBOARD")
        mask = (
            xfixes.XFixesSetSelectionOwnerNotifyMask
            | xfixes.XFixesSelectionClientCloseNotifyMask
            | xfixes.XFixesSelectionWindowDestroyNotifyMask
        )
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

    def keep(self) -> None:
        """Own CLIPBOARD_MANAGER; at SAVE_TARGETS take the text, and serve it from then on."""
        manager = self.display.intern_atom("CLIPBOARD_MANAGER")
        self.window.set_selection_owner(manager, X.CurrentTime)
        self.display.sync()
        print("keeping", flush=True)
        text = b""
        while True:
            event = self.display.next_event()
            if event.type != X.SelectionRequest:
                continue
            if event.selection == manager:
                text = self.convert("UTF8_STRING")
                self.window.set_selection_owner(self.clipboard, X.CurrentTime)
            self.serve(event, text)

    def serve(self, event: Any, text: bytes) -> None:
        if event.selection == self.clipboard:
            event.requestor.change_property(event.property, event.target, 8, text)
        event.requestor.send_event(
            SelectionNotify(
                time=event.time, requestor=event.requestor, selection=event.selection,
                target=event.target, property=event.property,
            )
        )  # fmt: skip
        self.display.flush()

    def run(self, *, polite: bool, restores: bool) -> None:
        last = b""
        while True:
            event = self.display.next_event()
            if event.type == X.SelectionRequest:
                self.serve(event, last)
            change = (event.type, getattr(event, "sub_code", None))
            kinds = self.display.extension_event
            died = (kinds.SelectionWindowDestroyNotify, kinds.SelectionClientCloseNotify)
            if restores and change in died:
                self.window.set_selection_owner(self.clipboard, X.CurrentTime)
            if change != kinds.SetSelectionOwnerNotify or event.owner in (0, self.window):
                continue
            targets = self.convert("TARGETS")
            hint = self.display.intern_atom("x-kde-passwordManagerHint")
            if targets is None or (polite and hint in targets):
                continue
            last = self.convert("UTF8_STRING")
            print(repr(last), flush=True)


if __name__ == "__main__":
    if "keeper" in sys.argv:
        Watcher().keep()
    restores = "restorer" in sys.argv
    Watcher().run(polite=restores or "polite" in sys.argv, restores=restores)
