"""Text windows of real toolkits and terminals, and what they hold; each display adds its focus."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from tests.rigs.processes import REMEDY, Processes, RigError
from tests.waiting import wait_until

SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's toolkits are installed for
TARGETS = Path(__file__).parent / "targets"
# raw: every byte as it came; nothing that is typed can stop the program
RECORDER = 'stty raw -echo -icrnl; exec cat > "$0"'
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
    """A terminal whose program writes down, raw, whatever it is sent."""

    def __init__(self, received: Path, has_focus: Callable[[], bool]) -> None:
        self._received = received
        self._start = 0
        self.focused = has_focus

    def text(self) -> str:
        raw = self._received.read_bytes()[self._start :]
        return raw.decode(errors="replace").replace("\r", "\n")

    def clear(self) -> None:
        self._start = self._received.stat().st_size


class TextWindow(ABC):
    """A focused window that takes text; `with` closes it.

    A subclass opens it by one of the two methods, and then waits for its focus.
    """

    PATIENCE: ClassVar[float] = 20  # seconds that `wait_for` waits if it is told no other number
    START: ClassVar[float] = 15  # seconds that a program may take to be there
    _process: subprocess.Popen[bytes]
    _source: Source

    def __init__(self, kind: str, processes: Processes, env: dict[str, str]) -> None:
        self.kind = kind
        self.title = f"{kind}-window-{next(_numbers)}"
        self._processes = processes
        self._env = env

    def __enter__(self) -> Self:
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
        return [Key(*event) for event in self._ask("keys")]

    def pastes(self) -> int:
        """Return how often it was asked to paste; the odd windows only."""
        return self._ask("pastes")

    def wait_for(self, wanted: str | Callable[[str], bool], timeout: float | None = None) -> str:
        """Wait until it holds this text, or what the predicate accepts; return what it holds."""
        accepts = wanted if callable(wanted) else lambda text: text == wanted
        seconds = self.PATIENCE if timeout is None else timeout
        held = [""]

        def accepted() -> bool:
            held[0] = self.text()
            return accepts(held[0])

        try:
            wait_until(accepted, seconds, "the text")
        except AssertionError:
            raise AssertionError(
                f"The {self.kind} window holds {held[0]!r} after {seconds:g} s, "
                f"not {'what was asked for' if callable(wanted) else repr(wanted)}."
            ) from None
        return held[0]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it do nothing meanwhile, as a busy program."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Close it; idempotent."""
        self._processes.end(self._process)

    @abstractmethod
    def _has_focus(self) -> bool:
        """Tell whether the display gives it the keys."""

    def _open_terminal(self, argv: Sequence[str], received: Path) -> None:
        """Start a terminal that writes what it is sent to a file."""
        argv = [*argv, "sh", "-c", RECORDER, str(received)]
        self._process = self._processes.start(self.title, argv, env=self._env)
        self._source = Terminal(received, self._has_focus)
        self._processes.wait_for(self.title, self._process, received.exists, self.START)

    def _open_widget(self, program: str, *words: str) -> None:
        """Start one of the programs in targets/."""
        self._process = self._processes.start(
            self.title,
            [SYSTEM_PYTHON, str(TARGETS / program), self.title, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._env,
        )
        self._source = Widget(self._process, self._log)
        self._source.text()

    def _log(self) -> str:
        return self._processes.tail(self.title)

    def _ask(self, question: str) -> Any:
        assert isinstance(self._source, Widget), f"a {self.kind} window cannot say its {question}"
        return self._source.ask(question)
