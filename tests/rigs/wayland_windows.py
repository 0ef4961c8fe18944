"""Real text windows under sway: a terminal, three toolkits, and one through Xwayland."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from tests.rigs import x11_windows as windows
from tests.rigs.processes import Processes
from tests.rigs.x11_windows import SYSTEM_PYTHON, TARGETS, Source, Terminal, Widget
from tests.waiting import wait_until

Kind = Literal["foot", "gtk", "gtk4", "qt", "xwayland"]
KINDS: tuple[Kind, ...] = ("foot", "gtk", "gtk4", "qt", "xwayland")
PROGRAM = {"gtk": "gtk", "gtk4": "gtk4", "qt": "qt", "xwayland": "gtk"}
BACKEND = {
    "foot": {},
    "gtk": {"GDK_BACKEND": "wayland"},
    "gtk4": {"GDK_BACKEND": "wayland", "GSK_RENDERER": "cairo"},
    "qt": {"QT_QPA_PLATFORM": "wayland"},
    "xwayland": {"GDK_BACKEND": "x11"},
}
_numbers = itertools.count(1)


class TextWindow(windows.TextWindow):
    """A focused window that takes text; `with` closes it."""

    def __init__(self, kind: Kind, processes: Processes, env: dict[str, str], tmp: Path) -> None:
        self.kind = kind
        self.title = f"{kind}-window-{next(_numbers)}"
        self._processes = processes
        self._env = env
        own = {**env, **BACKEND[kind]}
        log = self.title
        if kind == "foot":
            received = tmp / self.title
            # raw: every byte as it came; nothing that is typed can stop the program
            program = 'stty raw -echo -icrnl; exec cat > "$0"'
            font = "font=DejaVuSansMono:size=10"
            argv = ["foot", "-o", font, "-T", self.title, "-o", "locked-title=yes"]
            self._process = processes.start(log, [*argv, "sh", "-c", program, str(received)])
            self._source: Source = Terminal(received, self._is_focused)
            processes.wait_for(log, self._process, received.exists, 15)
        else:
            self._process = processes.start(
                log,
                [SYSTEM_PYTHON, str(TARGETS / f"{PROGRAM[kind]}_window.py"), self.title],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=own,
            )
            self._source = Widget(self._process, lambda: processes.tail(log))
            self._source.text()
        self.id = wait_until(self._find, 15, f"the {kind} window is mapped")
        self.focus()

    def node(self) -> dict[str, Any]:
        """Return what sway says of it: focused, app_id, rect ...; empty before it is mapped."""
        found = (node for node in nodes(self._tree()) if node.get("name") == self.title)
        return next(found, {})

    def focus(self) -> None:
        """Give it the keyboard, and wait until it has it."""

        def focused() -> bool:
            if not self._is_focused():
                self._swaymsg(f"[con_id={self.id}] focus")
            return self._is_focused() and self._source.focused()

        wait_until(focused, 15, f"the {self.kind} window has the focus")

    def is_focused(self) -> bool:
        """Tell whether it has the keyboard."""
        return self._is_focused()

    def close(self) -> None:
        """Close it, and wait until sway has none of it; idempotent."""
        super().close()
        wait_until(lambda: not self.node(), 10, f"the {self.kind} window is gone")

    def wait_for(self, wanted: str | Callable[[str], bool], timeout: float = 20) -> str:
        """Wait until it holds this text, or what the predicate accepts; return what it holds."""
        return super().wait_for(wanted, timeout)

    def _find(self) -> str:
        return str(self.node().get("id", ""))

    def _is_focused(self) -> bool:
        return bool(self.node().get("focused"))

    def _tree(self) -> dict[str, Any]:
        return json.loads(self._swaymsg("-t", "get_tree"))

    def _swaymsg(self, *words: str) -> str:
        return subprocess.run(
            ["swaymsg", "-r", *words], env=self._env, capture_output=True, text=True, timeout=10,
            check=False,
        ).stdout  # fmt: skip


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return every node of sway's tree."""
    yield tree
    for child in (*tree["nodes"], *tree["floating_nodes"]):
        yield from nodes(child)
