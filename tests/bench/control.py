"""What a shortcut of the desktop costs: `tray-dictate toggle`, from its start to the new status.

    python -m tests.bench.control [--runs N]

A whole daemon serves (on a desktop of its own), a follower on its socket takes the time of every
change of status. Run are the script that the installer puts into the PATH, `python -m
tray_dictate`, and, to compare, a Python that does nothing. Before each toggle the daemon is idle,
and the time between two is longer than a repeated key's.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import venv
from pathlib import Path

from tests.rigs.daemon import ROOT
from tests.rigs.x11 import Desktop

BAR = 40  # ms, p50


def installed(folder: Path) -> str:
    """Install the wheel's console script as pip does; return its path."""
    venv.create(folder, with_pip=False, system_site_packages=False)
    python = folder / "bin" / "python"
    there = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    # its dependencies are those of the environment that runs this
    (there / "all.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps",
         "--disable-pip-version-check", str(ROOT)],
        check=True,
    )  # fmt: skip
    return str(folder / "bin" / "tray-dictate")


class Follower:
    """Knows when the status last changed, and to what."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.sendall(b'{"version": 1, "command": "follow", "args": {}}\n')
        self._changed = threading.Condition()
        self.at, self.line = 0.0, b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                at = time.perf_counter()
                with self._changed:
                    self.at, self.line = at, line
                    self._changed.notify_all()

    def wait(self, *wanted: str, since: float = 0.0) -> float:
        """Return when the status became one of these."""

        def is_it() -> bool:
            return self.at > since and any(
                f'"{word}"'.encode() in self.line[:40] for word in wanted
            )

        with self._changed:
            assert self._changed.wait_for(is_it, 30), f"{wanted} not within 30 s: {self.line!r}"
            return self.at


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {statistics.median(ordered):5.1f}   p95 {p95:5.1f}   least {ordered[0]:5.1f}"


def run(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Return when it was started and when it had ended."""
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return began, time.perf_counter()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40, metavar="N")
    runs = parser.parse_args().runs
    print(f"{time.strftime('%Y-%m-%d')}  python -m tests.bench.control --runs {runs}  "
          f"(load {os.getloadavg()[0]:.1f})")  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as folder,
        Desktop(sound=True) as desktop,
        desktop.daemon(history__enabled=False, audio__cues=False) as daemon,
    ):
        daemon.wait_log("the engine is loaded", 60)
        # compiled files are kept, as for any user
        env = {**desktop.env, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        outside = {name: value for name, value in env.items() if name != "PYTHONPATH"}
        followed = Follower(Path(env["XDG_RUNTIME_DIR"]) / "tray_dictate" / "control.sock")
        commands = {
            "tray-dictate toggle": ([installed(Path(folder))], outside),
            "python -m tray_dictate toggle": ([sys.executable, "-m", "tray_dictate"], env),
        }
        nothing: list[float] = []
        changes: dict[str, list[float]] = {name: [] for name in commands}
        whole: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):  # by turns: what else the machine does hits all of them
            began, ended = run([sys.executable, "-c", "pass"], env)
            nothing.append((ended - began) * 1e3)
            for name, (command, around) in commands.items():
                followed.wait("idle", "error")
                time.sleep(0.75)
                began, ended = run([*command, "toggle"], around)
                changes[name].append(
                    (followed.wait("opening", "recording", since=began) - began) * 1e3
                )
                whole[name].append((ended - began) * 1e3)
                run([*command, "cancel"], around)
    print("milliseconds")
    for name in commands:
        print(f"  {name:<30} to the new status   {spread(changes[name])}")
        print(f"  {'':<30} to the command's end {spread(whole[name])[0:]}")
    print(f"  {'python -c pass':<30} to its end          {spread(nothing)}")
    return int(max(statistics.median(values) for values in changes.values()) > BAR)


if __name__ == "__main__":
    raise SystemExit(main())
