"""Applies the user's regular expressions in bounded time.

Expressions that are certainly quick are applied here. The others go to a child process, which is
started for the first of them, and killed if it does not answer in time: nothing else stops Python's
engine, and while it runs no other thread can. An expression that was too slow is skipped until the
settings change, and reported once.

Every call may block for a second: never call it on the loop. From any thread.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tray_dictate.core.signals import Signal
from tray_dictate.core.text.expressions import is_quick
from tray_dictate.system.programs import own_python

log = logging.getLogger(__name__)

LIMIT = 0.25  # seconds for one expression; a sensible one takes a hundredth of it
PATIENCE = 1.0  # seconds for all slow expressions of one text
LARGEST = 100_000  # characters of an expression's result
_MUCH = 100_000_000  # characters, in theory: real results are hardly ever a hundredth of that
_START = 10.0  # seconds: a machine that has just been started is slow
_CHILD = Path(__file__).with_name("expression_child.py")
_NEEDED = ("SYSTEMROOT",)  # of the environment: the process gets no keys
_HIDDEN = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class _LateError(Exception):
    """No answer in time."""


class _GoneError(Exception):
    """The process has ended by itself."""


class Expressions:
    """Applies regular expressions, and knows which of them to skip."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._skipped: set[tuple[str, str]] = set()
        self.skipped = Signal[str]()  # with a message for the user, emitted on any thread

    def again(self) -> None:
        """Try skipped expressions again: the settings, or the machine's load, have changed."""
        self._skipped.clear()

    def found(self, place: str, pattern: str, text: str) -> bool:
        """Return whether a pattern is found in a text; False where that takes too long.

        `place` is the setting with the pattern.
        """
        if is_quick(pattern, len(text)):
            return re.search(pattern, text) is not None
        return self._ask(place, pattern, None, text) is True

    def sub(self, place: str, patterns: Mapping[str, str], text: str) -> str:
        """Return the text with the substitutions made in their order, except slow ones."""
        spent = 0.0
        for pattern, value in patterns.items():
            if is_quick(pattern, len(text)) and _is_small(value, text):
                text = re.sub(pattern, value, text)
                continue
            if spent > PATIENCE:
                self._report(
                    f"{place}: some expressions were skipped for one text: they take too long."
                )
                return text
            began = time.monotonic()
            answer = self._ask(place, pattern, value, text)
            if isinstance(answer, str):
                text = answer
            else:
                spent += time.monotonic() - began
        return text

    def close(self) -> None:
        """End the process; another is started when it is needed."""
        with self._asking:
            self._end()

    def _ask(self, place: str, pattern: str, value: str | None, text: str) -> Any:
        """Return the child's answer; None if the expression is skipped."""
        if (place, pattern) in self._skipped:
            return None
        reason = f"it produces more than {LARGEST} characters"
        try:
            with self._asking:
                answer = self._answer([pattern, value, text, LARGEST])
        except _LateError:
            answer, reason = None, f"it takes longer than {LIMIT} s"
        except _GoneError:
            answer, reason = None, "the process that applies it crashed"
        except OSError as failure:
            log.warning("expressions cannot be applied: %s", failure)
            return None
        if answer is None:
            self._skip(place, pattern, reason)
        return answer

    def _skip(self, place: str, pattern: str, reason: str) -> None:
        if (place, pattern) not in self._skipped:
            self._skipped.add((place, pattern))
            self._report(f"{place}: the expression {pattern!r} is skipped: {reason}. Simplify it.")

    def _report(self, message: str) -> None:
        if self.skipped.has_subscribers:
            self.skipped.emit(message)
        else:
            log.warning("%s", message)

    def _answer(self, question: list[Any]) -> Any:
        """Return the process's answer. Raises _LateError, _GoneError, or OSError."""
        if self._process:
            try:
                return self._exchange(self._process, question)
            except _GoneError:  # another program has killed it
                pass
        self._process = _started()
        return self._exchange(self._process, question)

    def _exchange(self, process: subprocess.Popen[bytes], question: list[Any]) -> Any:
        """Ask and return the answer; without one, end the process."""
        try:
            _write(process, question)
            return _read(process, LIMIT)
        except (_LateError, _GoneError):
            self._end()
            raise

    def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            _kill(process)


def _is_small(value: str, text: str) -> bool:
    """Return whether the result is small: a group may hold the whole text at each character."""
    return len(value) * (len(text) + 1) ** 2 <= _MUCH


def _started() -> subprocess.Popen[bytes]:
    """Start a process. Raises OSError."""
    process = subprocess.Popen(
        own_python.program(str(_CHILD)),
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        creationflags=_HIDDEN,
    )  # fmt: skip
    try:
        _read(process, _START)
    except (_LateError, _GoneError):
        _kill(process)
        raise OSError("their process did not start") from None
    return process


def _write(process: subprocess.Popen[bytes], question: list[Any]) -> None:
    assert process.stdin
    try:
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()
    except OSError:
        raise _GoneError from None


def _read(process: subprocess.Popen[bytes], limit: float) -> Any:
    """Return the next answer; kill the process where none comes within `limit` seconds."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    killer = threading.Timer(limit, kill)
    killer.start()
    try:
        assert process.stdout
        line = process.stdout.readline()
    finally:
        killer.cancel()
    if not line.endswith(b"\n"):
        raise _LateError if late.is_set() else _GoneError
    return json.loads(line)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # of what it did not read
            assert pipe
            pipe.close()
    process.wait()


EXPRESSIONS = Expressions()  # shared, so that there is at most one child process
atexit.register(EXPRESSIONS.close)
