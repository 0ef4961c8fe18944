"""Text windows on X11: a terminal, toolkits, a browser, and some that deal oddly with a paste."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

from tests.rigs import windows
from tests.rigs.browser import Browser
from tests.rigs.processes import Processes
from tests.waiting import wait_until

Kind = Literal["xterm", "tk", "gtk", "gtk4", "qt", "chromium"]
KINDS: tuple[Kind, ...] = ("xterm", "tk", "gtk", "gtk4", "qt", "chromium")


class TextWindow(windows.TextWindow):
    """A window found and focused by xdotool; `id` is X11's."""

    PATIENCE = 10

    def __init__(
        self, kind: str, processes: Processes, env: dict[str, str], tmp: Path, *words: str
    ) -> None:
        """`kind` is one of KINDS, or of targets/KIND_window.py, which gets the words."""
        super().__init__(kind, processes, env)
        if kind == "xterm":
            self._open_terminal(["xterm", "-u8", "-T", self.title, "-e"], tmp / self.title)
        elif kind == "chromium":
            browser = Browser(tmp / self.title, self.title)
            self._process = processes.start(self.title, browser.argv)
            self._source = browser
            browser.open(self._log)
        else:
            self._open_widget(f"{kind}_window.py", *words)
        self.id = wait_until(self._find, self.START, f"the {kind} window is mapped")
        self.focus()

    def focus(self) -> None:
        """Give it the keyboard, and wait until it has it."""

        def brought() -> bool:
            if self._xdotool("getactivewindow").strip() != self.id:
                self._xdotool("windowactivate", self.id)
            return self.is_focused()

        wait_until(brought, self.START, f"the {self.kind} window has the focus")

    def is_focused(self) -> bool:
        """Tell whether it has the keyboard."""
        return self._source.focused()

    def close(self) -> None:
        """Close it; idempotent."""
        if isinstance(self._source, Browser):
            self._source.close()
        super().close()

    def _find(self) -> str:
        found = self._xdotool("search", "--onlyvisible", "--name", f"^{self.title}$").split()
        return found[0] if found else ""

    def _has_focus(self) -> bool:
        return self._xdotool("getwindowfocus").strip() == self.id

    def _xdotool(self, *words: str) -> str:
        return subprocess.run(
            ["xdotool", *words], env=self._env, capture_output=True, text=True, timeout=10,
            check=False,
        ).stdout  # fmt: skip
