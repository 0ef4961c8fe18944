"""What the tests of the Wayland clipboard share: programs that copy, read and paste."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.rigs.daemon import ROOT
from tests.rigs.line_program import LineProgram
from tests.rigs.processes import Program
from tests.rigs.sway import Sway
from tests.waiting import wait_until
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.selection_server import HINT
from tray_dictate.output.wayland.selections import WaylandSelections

PASTING = """
import sys
from tests.rigs.wayland_clipboard import use
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.selections import WaylandSelections

selections = WaylandSelections(kept=float(sys.argv[1]))
for _ in range(3):
    use(selections)
print("pasted", flush=True)
for line in sys.stdin:
    if line == "keep\\n":
        selections.copy_to_clipboard("undelivered words")
    else:
        selections.offer("dictated", Treatment())
    print("done", flush=True)
"""


def copying(sway: Sway, types: dict[str, Path], primary: dict[str, Path] | None = None) -> Program:
    """Have somebody copy this in another program."""
    words = [[f"{name}={path}" for name, path in one.items()] for one in (types, primary or {})]
    argv = [sys.executable, "-m", "tests.rigs.wayland_copying", *words[0], "+", *words[1]]
    return Program(sway.processes, "copying", argv, "ready", cwd=ROOT)


def clipboard_manager(sway: Sway) -> Program:
    """Start a clipboard manager that prints whatever appears, and asks nothing; it has begun."""
    sway.set_clipboard("for the manager")
    return Program(sway.processes, "manager", ["wl-paste", "--watch", "cat"], "for the")


def given_back(sway: Sway) -> None:
    """Wait until no dictated text is on either selection; its types are asked for, not read."""

    def gone() -> bool:
        return not any(HINT in sway.clipboard_types(primary=one) for one in (False, True))

    wait_until(gone, 20, "what was there before the paste")


def stays_for(seconds: float, holds, what: str) -> None:
    """Fail as soon as it does not hold any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert holds(), what
        time.sleep(0.05)


class PastingProgram(LineProgram):
    """A process that has pasted; `with` kills it."""

    def __init__(self, sway: Sway, seconds: float = 100) -> None:
        super().__init__(PASTING, {**sway.env, "SECRET_API_KEY": "a key"}, str(seconds))
        assert self.says() == "pasted"

    def do(self, what: str) -> None:
        assert self.answers(what) == "done"


def use(selections: WaylandSelections) -> None:
    """Own the clipboard once, as a paste does."""
    offer = selections.offer("dictated", Treatment())
    assert offer
    selections.withdraw(offer)
