"""The test's side of the fake realtime server: starts it, plans its faults, asks what it saw.

A fault is a dictionary of what faults.py lists. `plan` is for the next connections,
one each; those after it behave as the options say that the server was started with.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme

from tests.servers.realtime.profiles import PROFILES

_ROOT = Path(__file__).parents[3]


class RealtimeServer:
    """A server of one kind, running within `with`.

    Options beside the faults that hold for every connection: `models` (a list, or name -> what it
    is), `require_key` of a server that needs none, `entra` (the Bearer token that Azure takes),
    `refused_query` ("intent" or "deployment": azure-preview answers it with 400).
    """

    def __init__(
        self, kind: str = "openai", *, tls: bool = False, key: str = "test-key",
        ear: str = "numbers", **options: Any,
    ) -> None:  # fmt: skip
        self.kind, self.key, self.tls = kind, key, tls
        self.port = 0
        self.ca_file = ""
        self._options = {"kind": kind, "key": key, "ear": ear, **options}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> RealtimeServer:
        self._folder = tempfile.TemporaryDirectory(prefix="realtime-")
        if self.tls:
            self._certify(Path(self._folder.name))
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        self.stop()
        if error is not None:
            error.add_note(f"the server's log: {self.log}")
        self._folder.cleanup()

    @property
    def host_port(self) -> str:
        """The host and the port, as in a URL."""
        return f"{'localhost' if self.tls else '127.0.0.1'}:{self.port}"

    @property
    def endpoint(self) -> str:
        """What a user of this kind of server would write as `engine.endpoint`."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.host_port}{PROFILES[self.kind].endpoint}"

    @property
    def url(self) -> str:
        """The WebSocket address, without a query."""
        scheme = "wss" if self.tls else "ws"
        return f"{scheme}://{self.host_port}{PROFILES[self.kind].path}"

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return self._ask({"ask": "connections"})

    @property
    def log(self) -> str:
        """The end of what it printed."""
        path = Path(self._folder.name) / "log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def plan(self, faults: list[dict[str, Any]]) -> None:
        """Let the next connections fail like this, the first like the first. Raises ValueError."""
        self._ask({"plan": faults})

    def report(self) -> dict[str, Any]:
        """Return {"connections": [...]}, each as tests/servers/realtime/record.py describes it."""
        return self._ask({"ask": "report"})

    def kill(self) -> None:
        """Let it die in this moment, and with it what it remembers."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start it again at the same port, with no plan and no memory."""
        self._end(signal.SIGKILL)
        self._start()

    def stop(self) -> None:
        """End it; idempotent."""
        self._end(signal.SIGTERM)

    def _start(self) -> None:
        options = {**self._options, "port": self.port}
        argv = [sys.executable, "-m", "tests.servers.realtime.serve", json.dumps(options)]
        with (Path(self._folder.name) / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv],  # it must not outlive pytest
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                cwd=_ROOT, start_new_session=True,
            )  # fmt: skip
        self.port = self._line()["port"]

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._process is not None, "it is not running"
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._line()
        if "refused" in line:
            raise ValueError(line["refused"])
        return line["answer"]

    def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return json.loads(line)
        raise RuntimeError(f"the fake server died ({self._process.wait()}): {self.log}")

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, number)
        process.wait()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()

    def _certify(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate = authority.issue_cert("localhost", "127.0.0.1", "server.invalid")
        path = folder / "server.pem"
        path.touch(mode=0o600)
        certificate.private_key_and_cert_chain_pem.write_to_path(str(path))
        self._options["certificate"] = str(path)
