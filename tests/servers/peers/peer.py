"""A realtime server that is not ours, as a process: mlx_peer.py in its environment.

Facts about it, of which test_peer.py is the proof, stand in that file.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.servers.peers.foreign import ForeignServer

SCRIPT = Path(__file__).with_name("mlx_peer.py")
OFFLINE = {"HF_HUB_OFFLINE": "1"}  # it must do with what pip installed


class Peer(ForeignServer):
    """mlx-audio's server; `stream`: it sends each transcript in pieces."""

    live: ClassVar[list[Peer]] = []
    name = "peer"
    program = (
        Path(os.environ.get("TRAY_DICTATE_PEER_VENV", Path(sys.prefix) / "peer")) / "bin/python"
    )
    start = 60  # s; 3 on an idle machine

    def __init__(self, *, stream: bool = False) -> None:
        self._options = ["--stream"] if stream else []

    def __enter__(self) -> Self:
        super().__enter__()
        self.live.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        self.live.remove(self)
        super().__exit__(kind, error, traceback)

    @property
    def endpoint(self) -> str:
        return f"ws://127.0.0.1:{self._port()}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """End it at once, as a crash would: nothing is said to its clients."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _arguments(self, folder: Path) -> list[str]:
        return [str(SCRIPT), *self._options]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **OFFLINE}

    def _answers(self) -> bool:
        return self._port() != 0

    def _port(self) -> int:
        for line in self._processes.log_path(self.name).read_text(errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                if isinstance(said := json.loads(line), dict):
                    return said["port"]
        return 0
