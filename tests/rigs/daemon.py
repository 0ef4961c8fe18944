"""The daemon as a user starts it: a process of its own, ended by SIGTERM."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.rigs.processes import MARKER, Processes, marked, name_of, sweep
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
READY = "ready: "  # the daemon logs a line with this when it can take a dictation


class Daemon:
    """A running daemon; `with` ends it and asserts a clean end."""

    def __init__(
        self,
        processes: Processes,
        env: dict[str, str],
        argv: list[str],
        module: str = "tray_dictate",
    ) -> None:
        self._processes = processes
        # a mark of its own within the desktop's: what it started must end with it
        self._mark = f"{env[MARKER]}-{uuid.uuid4().hex[:8]}"
        self._name = f"daemon-{self._mark}"
        self.log_path = processes.log_path(self._name)
        self.process: subprocess.Popen[bytes] = processes.start(
            self._name,
            [sys.executable, "-m", module, *argv],
            env={**env, MARKER: self._mark, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            cwd=env["HOME"],
        )

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if failure:  # its end is not the news; the log goes into the report
            self._processes.end(self.process)
            sweep(self._mark)
        else:
            self.stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        """Return everything that it has written."""
        return self.log_path.read_text(errors="replace")

    def wait_log(self, wanted: str | Callable[[str], bool], timeout: float = 10) -> str:
        """Wait for a line with this text (or that the predicate accepts) and return it."""
        accepts = wanted if callable(wanted) else lambda line: wanted in line

        def found() -> str | None:
            assert self.process.poll() is None, f"the daemon ended: {self.log()}"
            return next((line for line in self.log().splitlines() if accepts(line)), None)

        try:
            return wait_until(found, timeout, f"{wanted!r} in the daemon's log") or ""
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.log()[-2000:]}") from None

    def stop(self, code: int = 0, timeout: float = 10) -> None:
        """End it by SIGTERM: it must exit with `code` in time and leave nothing running."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            ended = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"SIGTERM did not end it in {timeout:g} s:\n{self.log()}"
            ) from None
        finally:
            self._processes.end(self.process)
            left = [name_of(pid) for pid in marked(self._mark)]
            sweep(self._mark)
        assert ended == code, f"the daemon exited with {ended}:\n{self.log()[-2000:]}"
        assert not left, f"the daemon left running: {left}"


def arguments(words: tuple[str, ...], settings: dict[str, Any]) -> list[str]:
    """Return `run`'s arguments; hotkey__keys="f9" becomes --set hotkey.keys="f9"."""
    pairs = [f"{name.replace('__', '.')}={json.dumps(value)}" for name, value in settings.items()]
    return ["run", *(word for pair in pairs for word in ("--set", pair)), *words]
