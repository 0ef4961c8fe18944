"""Real text windows of five toolkits and a browser, and what they hold."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from tests.rigs.browser import Browser
from tests.rigs.processes import REMEDY, Processes, RigError
from tests.waiting import wait_until

Kind = Literal["xterm", "tk", "gtk", "gtk4", "qt", "chromium"]
KINDS: tuple[Kind, ...] = ("xterm", "tk", "gtk", "gtk4", "qt", "chromium")
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's toolkits are installed for
TARGETS = Path(__file__).parent / "targets"
_numbers = itertools.count(1)


class Key(NamedTuple):
    """One key event as the Tk window saw it; `synthetic` means sent by XSendEvent."""

    time: float
    down: bool
    keysym: str
    state: int
    char: str
    synthetic: bool


class Source(Protocol):
    """How one kind of window tells what it holds."""

    def text(self) -> str: ...
    def clear(self) -> None: ...
    def focused(self) -> bool: ...


class Widget:
    """A window that answers questions through its pipes."""

    def __init__(self, process: subprocess.Popen[bytes], log: Callable[[], str]) -> None:
        self._process = process
        self._log = log

    def text(self) -> str:
        return self.ask("text")

    def clear(self) -> None:
        self.ask("clear")

    def focused(self) -> bool:
        return self.ask("focused") or (self.ask("grab") and self.ask("focused"))

    def ask(self, question: str) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        answer = b""
        try:
            self._process.stdin.write(question.encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            pass  # said below, with its last words
        if not answer:
            raise RigError(f"The text window died: {self._log()}\n{REMEDY}")
        return json.loads(answer)


class Terminal:
    """An xterm whose program writes down, raw, whatever the terminal sends it."""

    def __init__(self, received: Path, has_focus: Callable[[], bool]) -> None:
        self._received = received
        self._start = 0
        self.focused = has_focus

    def text(self) -> str:
        raw = self._received.read_bytes()[self._start :]
        return raw.decode(errors="replace").replace("\r", "\n")

    def clear(self) -> None:
        self._start = self._received.stat().st_size


class TextWindow:
    """A focused window that takes text; `with` closes it."""

    def __init__(self, kind: Kind, processes: Processes, env: dict[str, str], tmp: Path) -> None:
        self.kind = kind
        self.title = f"{kind}-window-{next(_numbers)}"
        self._processes = processes
        self._env = env
        log = self.title
        if kind == "xterm":
            received = tmp / self.title
            # raw: every byte as it came; nothing that is typed can stop the program
            program = 'stty raw -echo -icrnl; exec cat > "$0"'
            argv = ["xterm", "-u8", "-T", self.title, "-e", "sh", "-c", program, str(received)]
            self._process = processes.start(log, argv)
            self._source: Source = Terminal(received, self._has_input_focus)
            processes.wait_for(log, self._process, received.exists, 15)
        elif kind == "chromium":
            browser = Browser(tmp / self.title, self.title)
            self._process = processes.start(log, browser.argv)
            self._source = browser
            browser.open(lambda: processes.tail(log))
        else:
            self._process = processes.start(
                log,
                [SYSTEM_PYTHON, str(TARGETS / f"{kind}_window.py"), self.title],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self._source = Widget(self._process, lambda: processes.tail(log))
            self._source.text()
        self.id = wait_until(self._find, 15, f"the {kind} window is mapped")
        self.focus()

    def __enter__(self) -> TextWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process that shows the window."""
        return self._process.pid

    def text(self) -> str:
        """Return what the window holds now."""
        return self._source.text()

    def clear(self) -> None:
        """Empty it (its key log too)."""
        self._source.clear()

    def key_events(self) -> list[Key]:
        """Return every key event since it was cleared; the Tk window only."""
        assert isinstance(self._source, Widget), "only the Tk window logs keys"
        return [Key(*event) for event in self._source.ask("keys")]

    def focus(self) -> None:
        """Give it the keyboard, and wait until it has it."""

        def brought() -> bool:
            if self._xdotool("getactivewindow").strip() != self.id:
                self._xdotool("windowactivate", self.id)
            return self.is_focused()

        wait_until(brought, 15, f"the {self.kind} window has the focus")

    def is_focused(self) -> bool:
        """Tell whether it has the keyboard."""
        return self._source.focused()

    def wait_for(self, wanted: str | Callable[[str], bool], timeout: float = 10) -> str:
        """Wait until it holds this text, or what the predicate accepts; return what it holds."""
        accepts = wanted if callable(wanted) else lambda text: text == wanted
        try:
            wait_until(lambda: accepts(self.text()), timeout, "the text")
        except AssertionError:
            text = self.text()
            if accepts(text):
                return text
            raise AssertionError(
                f"The {self.kind} window holds {text!r} after {timeout:g} s, "
                f"not {'what was asked for' if callable(wanted) else repr(wanted)}."
            ) from None
        return self.text()

    def close(self) -> None:
        """Close it; idempotent."""
        if isinstance(self._source, Browser):
            self._source.close()
        self._processes.end(self._process)

    def _find(self) -> str:
        found = self._xdotool("search", "--onlyvisible", "--name", f"^{self.title}$").split()
        return found[0] if found else ""

    def _has_input_focus(self) -> bool:
        return self._xdotool("getwindowfocus").strip() == self.id

    def _xdotool(self, *words: str) -> str:
        return subprocess.run(
            ["xdotool", *words], env=self._env, capture_output=True, text=True, timeout=10,
            check=False,
        ).stdout  # fmt: skip
