"""Runs tray-dictate's commands, each in a process of its own.

A new Python imports for 0.3 s of processor time, and the tests run hundreds of commands. So each
is forked from a process that has imported the command line already: `python -m tests.rigs.commands
SOCKET`, which the first command starts. A command whose environment changes how Python itself
starts (PYTHONUTF8 ...) gets a new Python.
"""

from __future__ import annotations

import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

from tests.rigs.processes import MARKER

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tray_dictate"]
# what a process that has started can still do as Python itself does when it starts
_LATER = {"PYTHONPATH", "PYTHON_KEYRING_BACKEND", "PYTHONIOENCODING"}
_LARGEST = 2**20  # bytes of a request: words and environment


def run(
    words: list[str],
    env: Mapping[str, str],
    *,
    cwd: Path | str | None = None,
    typed: bytes = b"",
    stdin: io.IOBase | None = None,
    stdout: io.IOBase | None = None,
    timeout: float = 90,
) -> CompletedProcess[bytes]:
    """Run a command to its end, with `typed` or a file at its stdin.

    Raises TimeoutExpired after so many seconds; the command is killed.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, \
            tempfile.TemporaryFile() as err:  # fmt: skip
        given.write(typed)
        given.seek(0)
        files = stdin or given, stdout or out, err
        if any(name.startswith("PYTHON") and name not in _LATER for name in env):
            code = subprocess.run(
                [*PROGRAM, *words], stdin=files[0], stdout=files[1], stderr=err, env=env, cwd=cwd,
                check=False, timeout=timeout,
            ).returncode  # fmt: skip
        else:
            request = {"words": words, "env": dict(env), "cwd": str(cwd or Path.cwd())}
            code = _ask(request, [file.fileno() for file in files], timeout)
        out.seek(0)
        err.seek(0)
        return CompletedProcess(words, code, out.read(), err.read())


def _ask(request: dict[str, object], files: list[int], timeout: float) -> int:
    _, server = _server()
    answer, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with answer:
        with theirs:
            socket.send_fds(server, [json.dumps(request).encode()], [*files, theirs.fileno()])
        pid = int(answer.recv(64))
        answer.settimeout(timeout)
        try:
            return int(answer.recv(64))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise TimeoutExpired(str(request["words"]), timeout) from None


@functools.cache
def _server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Return the process that forks, which ends with ours, and a socket to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.rigs.commands", str(theirs.fileno())], cwd=ROOT,
            pass_fds=[theirs.fileno()],
            # it outlives the session of a test, which ends all that it marks
            env={name: value for name, value in os.environ.items() if name != MARKER},
        )  # fmt: skip
    return process, ours


def _serve(requests: socket.socket) -> int:
    """Fork a process for each request; return in it, as a command does, its exit code."""
    import tray_dictate.cli  # noqa: PLC0415
    from tray_dictate.__main__ import main  # noqa: PLC0415

    for module in pkgutil.iter_modules(tray_dictate.cli.__path__, "tray_dictate.cli."):
        importlib.import_module(module.name)
    gc.freeze()  # a command that ends does not look through what all of them share: 0.1 s
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those who wait for a command are not awaited
    while True:
        request, files, _, _ = socket.recv_fds(requests, _LARGEST, 4)
        if not request:
            return 0  # the tests are over
        if not os.fork():
            break
        for file in files:
            os.close(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    requests.close()
    with socket.socket(fileno=files.pop()) as answer:
        if pid := os.fork():
            answer.send(str(pid).encode())
            _, status = os.waitpid(pid, 0)
            answer.send(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
    order = json.loads(request)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.argv = ["tray-dictate", *order["words"]]
    # as Python reads PYTHONIOENCODING: stderr never takes its error handler
    encoding, _, errors = order["env"].get("PYTHONIOENCODING", "").partition(":")
    encoding = encoding or "utf-8"
    sys.stdin = open(0, encoding=encoding, errors=errors or "surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding=encoding, errors=errors or "strict", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding, "backslashreplace", closefd=False)  # noqa: SIM115
    return main()


if __name__ == "__main__":
    sys.exit(_serve(socket.socket(fileno=int(sys.argv[1]))))
