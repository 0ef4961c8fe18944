"""Programs that copy, watch and paste on X11, and who owns a selection."""

from __future__ import annotations

import sys
from pathlib import Path

from Xlib import X

from tests.rigs.line_program import LineProgram
from tests.rigs.processes import Program
from tests.rigs.session import Session
from tests.rigs.windows import SYSTEM_PYTHON, TARGETS
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected
from tray_dictate.output.rules import Treatment
from tray_dictate.output.x11.selections import X11Selections
from tray_dictate.system.desktop.x11 import Focus

MANAGER = Path(__file__).with_name("clipboard_manager.py")
ELSEWHERE = Focus("0x1", frozenset({1}), ("x", "X"))
PASTING = """
import sys
from tests.rigs.x11_clipboard import ELSEWHERE, paste
from tray_dictate.output.rules import Treatment
from tray_dictate.output.x11.selections import X11Selections

selections = X11Selections()
selections.survive(seconds=float(sys.argv[2]))
if sys.argv[1] == "within":
    offer = selections.offer("dictated", ELSEWHERE, Treatment())
    offer.pressed = True
else:
    paste(selections)
print("pasted", flush=True)
sys.stdin.read()
selections.close()
print("closed", flush=True)
"""


def copying(desktop: Desktop, formats: dict[str, Path], *options: str) -> Program:
    """Have somebody copy this in another program: "slow" or "frozen" if the options say so."""
    words = [f"{name}={path}" for name, path in formats.items()]
    argv = [SYSTEM_PYTHON, str(TARGETS / "copying.py"), *words, *options]
    return Program(desktop.processes, "copying", argv, "ready")


def clipboard_manager(session: Session, *options: str) -> Program:
    """Start a clipboard manager, which prints each text that it has seen."""
    argv = [sys.executable, "-u", str(MANAGER), *options]
    return Program(session.processes, "manager", argv, "watching")


def disown(desktop: Desktop) -> None:
    """Take both selections and leave: an owner that ends leaves none."""
    with connected(desktop) as display:
        window = display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        for name in ("CLIPBOARD", "PRIMARY"):
            window.set_selection_owner(display.intern_atom(name), X.CurrentTime)
        display.sync()


def nobody_owns(desktop: Desktop, selection: str) -> bool:
    with connected(desktop) as display:
        owner = display.get_selection_owner(display.intern_atom(selection))
        return owner == X.NONE


def paste(selections: X11Selections) -> None:
    """Own the clipboard once, and give it back."""
    offer = selections.offer("dictated", ELSEWHERE, Treatment())
    assert offer
    selections.withdraw(offer)


class PastingProgram(LineProgram):
    """A process that has pasted, within a paste or after it, and ends as it is told."""

    def __init__(self, desktop: Desktop, when: str = "after", seconds: float = 100) -> None:
        super().__init__(PASTING, {**desktop.env, "SECRET_API_KEY": "a key"}, when, str(seconds))
        assert self.says() == "pasted"

    def end(self, how: str) -> None:
        if how == "kill":
            self.kill()
            return
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()
            assert self.says() == "closed"
