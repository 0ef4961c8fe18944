"""A program of ours in a process of its own, that is spoken to by lines and answers by lines."""

from __future__ import annotations

import subprocess
import sys
from typing import Self

from tests.rigs.daemon import ROOT


class LineProgram:
    """Python source as a process with this environment; `with` kills it."""

    def __init__(self, source: str, env: dict[str, str], *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", source, *words], cwd=ROOT, env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    def says(self) -> str:
        """Return its next line."""
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def answers(self, line: str = "") -> str:
        """Say a line to it, and return the one that it answers."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.says()

    def kill(self) -> None:
        """End it at once, and wait for that."""
        with self._process:
            self._process.kill()


class Looked(LineProgram):
    """One that has pasted once, and tells how many of its objects have a secret."""

    def __init__(self, source: str, env: dict[str, str]) -> None:
        super().__init__(source, env)
        self.did = self.says()

    def living(self) -> int:
        return int(self.answers())
