"""What the tests of the Wayland clipboard share: programs that copy, read and paste."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rigs.daemon import ROOT
from tests.rigs.line_program import LineProgram
from tests.rigs.sway import Sway
from tests.rigs.x11_windows import SYSTEM_PYTHON, TARGETS, Widget
from tests.waiting import wait_until
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.selection_server import HINT
from tray_dictate.output.wayland.selections import WaylandSelections

_numbers = itertools.count(1)
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
        selections.keep("undelivered words")
    else:
        selections.offer("dictated", Treatment())
    print("done", flush=True)
"""


@contextmanager
def copying(
    sway: Sway, types: dict[str, Path], primary: dict[str, Path] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody has copied this in another program."""
    words = [[f"{name}={path}" for name, path in one.items()] for one in (types, primary or {})]
    argv = [sys.executable, "-m", "tests.rigs.wayland_copying", *words[0], "+", *words[1]]
    name = f"copying-{next(_numbers)}"
    program = sway.processes.start(name, argv, cwd=ROOT)
    sway.processes.wait_for(name, program, lambda: "ready" in sway.processes.tail(name), 20)
    try:
        yield program
    finally:
        sway.processes.end(program)


@contextmanager
def manager(sway: Sway) -> Iterator[subprocess.Popen[bytes]]:
    """A clipboard manager that reads whatever appears, and asks nothing; it has begun."""
    sway.set_clipboard("for the manager")
    name = f"manager-{next(_numbers)}"
    program = sway.processes.start(name, ["wl-paste", "--watch", "cat"])
    sway.processes.wait_for(name, program, lambda: "for the" in sway.processes.tail(name), 20)
    program.log_name = name  # type: ignore[attr-defined]
    try:
        yield program
    finally:
        sway.processes.end(program)


def seen_by(sway: Sway, program: subprocess.Popen[bytes]) -> str:
    """Return all that a manager has read."""
    return sway.processes.tail(program.log_name, 100_000)  # type: ignore[attr-defined]


class OddWindow:
    """A focused window of targets/odd_window.py."""

    def __init__(self, sway: Sway, behaviour: str, backend: str = "wayland") -> None:
        """`backend` "x11": it is on Xwayland, where no input method of Wayland's reaches it."""
        self._sway = sway
        title = f"odd-{next(_numbers)}"
        self._process = sway.processes.start(
            title,
            [SYSTEM_PYTHON, str(TARGETS / "odd_window.py"), title, behaviour],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**sway.env, "GDK_BACKEND": backend},
        )  # fmt: skip
        self._widget = Widget(self._process, lambda: sway.processes.tail(title))
        self.text = self._widget.text
        self.pid = self._process.pid

        def shown() -> bool:
            there = any(one.get("name") == title and one["focused"] for one in sway.tree())
            return there and self._widget.focused()

        wait_until(shown, 15, f"{title} has the focus")

    def __enter__(self) -> OddWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self._sway.processes.end(self._process)

    def pastes(self) -> int:
        """Return how often it was asked to paste."""
        return self._widget.ask("pastes")

    def wait_for(self, text: str) -> None:
        wait_until(lambda: self.text() == text, 20, f"{text!r} in the window")


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
