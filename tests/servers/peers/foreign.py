"""A server that is not ours, as a process of an environment of its own."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.rigs.processes import MARKER, Processes, RigError


class ForeignServer(ABC):
    """The server, running within `with`; RigError with its log if it does not."""

    name: ClassVar[str]
    program: ClassVar[Path]  # install_scripts/test.sh installs it
    start: ClassVar[float]  # s it may take until it answers

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Its address, as a user writes `engine.endpoint`."""

    @abstractmethod
    def _arguments(self, folder: Path) -> list[str]:
        """Return what the program is started with; `folder` is its own while it runs."""

    @abstractmethod
    def _answers(self) -> bool:
        """Return whether it can be asked by now."""

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    def __enter__(self) -> Self:
        if not self.program.exists():
            raise RigError(f"{self.program} is missing: install_scripts/test.sh installs it.")
        with contextlib.ExitStack() as stack:
            prefix = f"{self.name}-"
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix)))
            env = {**self._environment(), MARKER: f"{prefix}{uuid.uuid4().hex[:12]}"}
            env.pop("PYTHONPATH", None)
            self._processes = Processes(folder, env)
            stack.callback(self._processes.end_all)
            command = [str(self.program), *self._arguments(folder)]
            self._process = self._processes.start(self.name, command, cwd=folder)
            self._processes.wait_for(self.name, self._process, self._answers, self.start)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if error is not None:
            error.add_note(f"the log of {self.name}: {self.log}")
        self._stack.close()

    @property
    def log(self) -> str:
        """The end of what it printed."""
        return self._processes.tail(self.name)
