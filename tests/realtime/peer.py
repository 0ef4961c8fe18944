"""A realtime server that is not ours, as a process: tests/realtime/mlx_peer.py in its environment.

Facts about it, of which tests/realtime/test_peer.py is the proof, stand in that file.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from tests.desktop.processes import MARKER, Processes, RigError

NAME = "peer"
SCRIPT = Path(__file__).with_name("mlx_peer.py")
PYTHON = Path(os.environ.get("TRAY_DICTATE_PEER_VENV", Path(sys.prefix) / "peer")) / "bin/python"
START = 60  # s; 3 on an idle machine
OFFLINE = {"HF_HUB_OFFLINE": "1"}  # it must do with what pip installed


class Peer:
    """The server, running within `with`; RigError with its log if it does not."""

    live: ClassVar[list[Peer]] = []

    def __init__(self, *, stream: bool = False) -> None:
        self._options = ["--stream"] if stream else []

    def __enter__(self) -> Peer:
        if not PYTHON.exists():
            raise RigError(f"{PYTHON} is missing: install_scripts/test.sh installs it.")
        with contextlib.ExitStack() as stack:
            logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="peer-")))
            env = {**os.environ, **OFFLINE, MARKER: f"peer-{uuid.uuid4().hex[:12]}"}
            env.pop("PYTHONPATH", None)
            self._processes = Processes(logs, env)
            stack.callback(self._processes.end_all)
            command = [str(PYTHON), str(SCRIPT), *self._options]
            self._process = self._processes.start(NAME, command, cwd=logs)
            self._processes.wait_for(NAME, self._process, self._port, START)
            self.endpoint = f"ws://127.0.0.1:{self._port()}"  # as a user writes `engine.endpoint`
            self.live.append(self)
            stack.callback(self.live.remove, self)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if error is not None:
            error.add_note(f"the peer's log: {self.log}")
        self._stack.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """The end of what it printed."""
        return self._processes.tail(NAME)

    def kill(self) -> None:
        """End it at once, as a crash would: nothing is said to its clients."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _port(self) -> int:
        for line in self._processes.log_path(NAME).read_text(errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                if isinstance(said := json.loads(line), dict):
                    return said["port"]
        return 0
