"""The test's side of the fake realtime server: starts it, plans its faults, asks what it saw.

A fault is a dictionary of what faults.py lists. `plan` is for the next connections,
one each; those after it behave as the options say that the server was started with.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme

from tests.rigs.processes import MARKER
from tests.servers.realtime.profiles import PROFILES

# one process imports the SDK, which takes 1.5 s, and forks the servers
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.servers.realtime.serve"])


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
        self._process: ForkServerProcess | None = None
        self._orders: Connection | None = None

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
        assert self._process.pid is not None
        return self._process.pid

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return self._ask({"ask": "connections"})

    @property
    def log(self) -> str:
        """The end of what it printed."""
        path = self._log_path
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    @property
    def _log_path(self) -> Path:
        return Path(self._folder.name) / "log"

    def plan(self, faults: list[dict[str, Any]]) -> None:
        """Let the next connections fail like this, the first like the first. Raises ValueError."""
        self._ask({"plan": faults})

    def report(self) -> dict[str, Any]:
        """Return {"connections": [...]}, each as tests/servers/realtime/record.py describes it."""
        return self._ask({"ask": "report"})

    def kill(self) -> None:
        """Let it die in this moment, and with it what it remembers."""
        self._end(at_once=True)

    def restart(self) -> None:
        """Start it again at the same port, with no plan and no memory."""
        self._end(at_once=True)
        self._start()

    def stop(self) -> None:
        """End it; idempotent."""
        self._end()

    def _start(self) -> None:
        self._orders, theirs = _FORKS.Pipe()
        options = {**self._options, "port": self.port}
        self._process = _FORKS.Process(
            target=_serve, args=(json.dumps(options), theirs, self._log_path), daemon=True
        )
        # the process that forks them outlives the session of a test, which ends all that it marks
        mark = os.environ.pop(MARKER, None)
        try:
            with theirs:
                self._process.start()
        finally:
            if mark is not None:
                os.environ[MARKER] = mark
        self.port = self._answer()["port"]

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._orders is not None, "it is not running"
        self._orders.send(json.dumps(order))
        answer = self._answer()
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return answer["answer"]

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._orders is not None
        try:
            return json.loads(self._orders.recv())
        except (EOFError, ConnectionResetError):
            self._process.join()
            died = f"the fake server died ({self._process.exitcode}): {self.log}"
            raise RuntimeError(died) from None

    def _end(self, *, at_once: bool = False) -> None:
        process, self._process = self._process, None
        orders, self._orders = self._orders, None
        if process is None or orders is None:
            return
        if process.pid is not None:  # it has been started
            if at_once:
                process.kill()
            else:
                process.terminate()
            process.join()
            process.close()
        orders.close()

    def _certify(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate = authority.issue_cert("localhost", "127.0.0.1", "server.invalid")
        path = folder / "server.pem"
        path.touch(mode=0o600)
        certificate.private_key_and_cert_chain_pem.write_to_path(str(path))
        self._options["certificate"] = str(path)


def _serve(options: str, orders: Connection, log: Path) -> None:
    """Be the server, in a process of its own."""
    from tests.servers.realtime import serve  # noqa: PLC0415 - only its process needs the SDK

    os.setsid()  # Ctrl+C is for the tests
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    serve.run(json.loads(options), orders)
