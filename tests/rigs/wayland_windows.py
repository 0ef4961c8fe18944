"""Text windows under sway: a terminal, three toolkits, two through Xwayland, and odd ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from tests.rigs import windows
from tests.rigs.processes import Processes
from tests.waiting import wait_until

Kind = Literal["foot", "gtk", "gtk4", "qt", "xwayland"]
KINDS: tuple[Kind, ...] = ("foot", "gtk", "gtk4", "qt", "xwayland")
# "odd" ones deal with a paste in their own way, which is the word that they are started with
PROGRAM = {"gtk": "gtk", "gtk4": "gtk4", "qt": "qt", "xwayland": "gtk",
           "odd": "odd_gtk", "odd_xwayland": "odd_gtk"}  # fmt: skip
BACKEND = {
    "foot": {},
    "gtk": {"GDK_BACKEND": "wayland"},
    "gtk4": {"GDK_BACKEND": "wayland", "GSK_RENDERER": "cairo"},
    "qt": {"QT_QPA_PLATFORM": "wayland"},
    "xwayland": {"GDK_BACKEND": "x11"},
    "odd": {"GDK_BACKEND": "wayland"},
    "odd_xwayland": {"GDK_BACKEND": "x11"},  # no input method of Wayland's reaches it
}


class TextWindow(windows.TextWindow):
    """A window found and focused through sway; `id` is its node's."""

    def __init__(
        self, kind: str, processes: Processes, env: dict[str, str], tmp: Path, *words: str
    ) -> None:
        """`kind` is one of BACKEND's; a program of targets/ gets the words."""
        super().__init__(kind, processes, {**env, **BACKEND[kind]})
        if kind == "foot":
            font = "font=DejaVuSansMono:size=10"
            argv = ["foot", "-o", font, "-T", self.title, "-o", "locked-title=yes"]
            self._open_terminal(argv, tmp / self.title)
        else:
            self._open_widget(f"{PROGRAM[kind]}_window.py", *words)
        self.id = wait_until(self._find, self.START, f"the {kind} window is mapped")
        self.focus()

    def node(self) -> dict[str, Any]:
        """Return what sway says of it: focused, app_id, rect ...; empty before it is mapped."""
        found = (node for node in nodes(self._tree()) if node.get("name") == self.title)
        return next(found, {})

    def focus(self) -> None:
        """Give it the keyboard, and wait until it has it."""

        def focused() -> bool:
            if not self.is_focused():
                self._swaymsg(f"[con_id={self.id}] focus")
            return self.is_focused() and self._source.focused()

        wait_until(focused, self.START, f"the {self.kind} window has the focus")

    def is_focused(self) -> bool:
        """Tell whether it has the keyboard."""
        return self._has_focus()

    def close(self) -> None:
        """Close it, and wait until sway has none of it; idempotent."""
        super().close()
        wait_until(lambda: not self.node(), 10, f"the {self.kind} window is gone")

    def _find(self) -> str:
        return str(self.node().get("id", ""))

    def _has_focus(self) -> bool:
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
