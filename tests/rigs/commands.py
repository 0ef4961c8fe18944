"""Runs tray-dictate's commands, each in a process of its own.

A new Python imports for 0.3 s of processor time, and the tests run hundreds of commands. So each
is forked from a process that has imported the command line already: `python -m tests.rigs.commands
SOCKET`, which the first command starts. Environments that change how Python itself starts
(PYTHONUTF8 ...) have such a process each, which was started with these variables.
"""

from __future__ import annotations

import atexit
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
import threading
from collections.abc import Mapping
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from typing import NoReturn

from tests.rigs.processes import MARKER

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tray_dictate"]
# what a process that has started can still do as Python itself does when it starts
_LATER = {"PYTHONPATH", "PYTHON_KEYRING_BACKEND", "PYTHONIOENCODING"}
_LOCALE = "LC_ALL", "LC_CTYPE", "LANG"  # what Python goes by where PYTHONUTF8 forbids UTF-8
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
        request = {"words": words, "env": dict(env), "cwd": str(cwd or Path.cwd())}
        code = _ask(_starting(env), request, [file.fileno() for file in files], timeout)
        out.seek(0)
        err.seek(0)
        return CompletedProcess(words, code, out.read(), err.read())


def _starting(env: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return the variables that change how Python starts, with their values."""
    names = {name for name in env if name.startswith("PYTHON") and name not in _LATER}
    if names:
        names.update(name for name in _LOCALE if name in env)
    return frozenset((name, env[name]) for name in names)


def _ask(
    starting: frozenset[tuple[str, str]], request: dict[str, object], files: list[int],
    timeout: float,
) -> int:  # fmt: skip
    _, server = _server(starting)
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
def _server(
    starting: frozenset[tuple[str, str]],
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Return the process that forks, which ends with ours, and a socket to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # MARKER: it outlives the session of a test, which ends all that it marks
    others = "PYTHON", "LC_", "LANG", MARKER
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    chosen = dict(starting) or {"LC_ALL": "C.UTF-8"}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.rigs.commands", str(theirs.fileno())], cwd=ROOT,
            pass_fds=[theirs.fileno()], env=kept | chosen,
        )  # fmt: skip
    return process, ours


def _serve(requests: socket.socket) -> int:
    """Fork a process for each request; return in it, as a command does, its exit code."""
    import tray_dictate.cli  # noqa: PLC0415
    from tray_dictate.__main__ import main  # noqa: PLC0415

    for module in pkgutil.iter_modules(tray_dictate.cli.__path__, "tray_dictate.cli."):
        importlib.import_module(module.name)
    gc.freeze()  # a command that ends does not look through what all of them share: 0.1 s
    shared = set(sys.modules)
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
    for name, value in order["env"].items():
        os.environ[_decoded(name)] = _decoded(value)
    os.chdir(_decoded(order["cwd"]))
    sys.argv = ["tray-dictate", *map(_decoded, order["words"])]
    _open_streams(order["env"].get("PYTHONIOENCODING", ""))
    code = main()
    added = [sys.modules[name] for name in sys.modules.keys() - shared]
    loaders = [getattr(module, "__loader__", None) for module in added]
    if not any(isinstance(loader, ExtensionFileLoader) for loader in loaders):
        _end(code)
    return code


def _end(code: int) -> NoReturn:
    """End as Python does, but do not clear the modules: copying what is shared takes 0.04 s.

    A command with a library of its own, which may crash as it is cleared, ends as any Python.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _decoded(text: str) -> str:
    """Return words as this Python would have read them when it starts: in ASCII, perhaps."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def _open_streams(chosen: str) -> None:
    """Open stdin, stdout and stderr as Python does when it starts, PYTHONIOENCODING as `chosen`."""
    encoding, _, errors = chosen.partition(":")
    if encoding:
        errors = errors or "strict"
    for name, file, mode in (("stdin", 0, "rb"), ("stdout", 1, "wb"), ("stderr", 2, "wb")):
        old = getattr(sys, name)  # of PYTHONUTF8, PYTHONUNBUFFERED ...
        if name == "stderr":
            errors = ""  # it always keeps its own
        unbuffered = name == "stdout" and old.write_through
        new = io.TextIOWrapper(
            open(file, mode, 0 if unbuffered else -1, closefd=False),  # noqa: SIM115
            encoding or old.encoding, errors or old.errors, line_buffering=name == "stderr",
            write_through=unbuffered,
        )  # fmt: skip
        setattr(sys, name, new)


if __name__ == "__main__":
    sys.exit(_serve(socket.socket(fileno=int(sys.argv[1]))))
