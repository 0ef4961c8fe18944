"""Many takes in one run of the daemon: does it keep memory, files or threads?

    python -m tests.bench.takes [--takes N] [--seed N]

A real daemon on the desktop of the tests: somebody speaks without end, takes of 0.2 to 1 s are
begun and ended through the control socket (one in ten is cancelled), the text goes into a window.
Every 50 takes the daemon is let come to rest and looked at. A file or thread more than after the
first 50 is given some seconds to go (on a busy machine a cue or a menu ends late), and is named
where it stays. Exit code 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, spoken
from tests.rigs.processes import RigError
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import TextWindow
from tests.waiting import wait_until
from tray_dictate.app.control import client

EVERY = 50  # takes
REST = 3.0  # seconds that the daemon is left alone before it is looked at
LATE = 30.0  # seconds more for what has not ended by then
BAR = 5.0  # MB more or less than after the first 50
CANCELLED = 0.1  # of the takes
LENGTHS = 0.2, 1.0  # seconds


@dataclass(frozen=True)
class Sample:
    """What the daemon holds after so many takes."""

    takes: int
    resident: float  # MB
    files: int
    threads: int

    @classmethod
    def of(cls, pid: int, takes: int) -> Sample:
        process = Path(f"/proc/{pid}")
        status = (process / "status").read_text()
        found = {name: int(value) for name, value in re.findall(r"(\w+):\s+(\d+)", status)}
        files = len(list((process / "fd").iterdir()))
        return cls(takes, found["VmRSS"] / 1024, files, found["Threads"])

    @classmethod
    def at_rest(cls, pid: int, takes: int, wanted: Sample | None) -> Sample:
        """Look until it holds as many files and threads as it is to, or for LATE seconds."""
        began = time.monotonic()
        while True:
            sample = cls.of(pid, takes)
            waited = time.monotonic() - began
            if wanted is None or (sample.files, sample.threads) == (wanted.files, wanted.threads):
                if waited > 1:
                    print(f"{takes:>6}  what was still open ended {waited:.0f} s later", flush=True)
                return sample
            if waited > LATE:
                print(f"{takes:>6}  open: {open_files(pid)}", flush=True)
                return sample
            time.sleep(0.5)

    def __str__(self) -> str:
        return f"{self.takes:>6}{self.resident:>10.1f}{self.files:>7}{self.threads:>9}"


def open_files(pid: int) -> str:
    """Return what the files of a process are, as far as they are still there."""
    names: list[str] = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            names.append(str(link.readlink()))
    return " ".join(sorted(names))


class Speaker:
    """Somebody who speaks without end."""

    def __init__(self, desktop: Desktop, wav: Path) -> None:
        self._desktop, self._wav = desktop, wav
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)

    def __enter__(self) -> Speaker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _speak(self) -> None:
        while not self._over.is_set():
            with suppress(AssertionError, RigError):  # at the end its sound server goes first
                self._desktop.play_whole(self._wav)


def take(chance: random.Random) -> None:
    """One dictation, as short as a word or a few."""
    client.send("start")
    time.sleep(chance.uniform(*LENGTHS))
    client.send("cancel" if chance.random() < CANCELLED else "stop")


def come_to_rest(daemon: Daemon) -> None:
    """Wait until every dictation that began is over, and what follows it."""

    def done() -> bool:
        log = daemon.log()
        began = re.findall(r"dictation (\d+): first sample", log)
        ended = set(re.findall(r"dictation (\d+): (?:over|dropped)", log))
        return set(began) <= ended

    wait_until(done, 60, "the dictations are over")
    time.sleep(REST)


def measure(desktop: Desktop, daemon: Daemon, window: TextWindow, takes: int, seed: int) -> bool:
    """Print the table; return whether every bar is met."""
    chance = random.Random(seed)
    samples: list[Sample] = []
    characters = 0
    print(" takes  resident  files  threads     characters in the window", flush=True)
    for number in range(1, takes + 1):
        take(chance)
        if number % EVERY == 0:
            come_to_rest(daemon)
            first = samples[0] if samples else None
            samples.append(Sample.at_rest(daemon.pid, number, first))
            characters += (inserted := len(window.text()))
            window.clear()
            print(f"{samples[-1]}{inserted:>15}", flush=True)
    first, rest = samples[0], samples[1:]
    off = max((abs(sample.resident - first.resident) for sample in rest), default=0.0)
    files = {sample.files for sample in samples}
    threads = {sample.threads for sample in samples}
    good = off <= BAR and len(files) == len(threads) == 1 and characters > takes
    print(
        f"{takes} takes, {characters} characters: resident memory at most {off:.1f} MB off the "
        f"value after the first {EVERY} (bar {BAR:g}); files {sorted(files)}, threads "
        f"{sorted(threads)} (bar: constant): {'met' if good else 'MISSED'}", flush=True,
    )  # fmt: skip
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--takes", type=int, default=2000, metavar="N")
    parser.add_argument("--seed", type=int, default=5, metavar="N", help="of lengths and cancels")
    options = parser.parse_args()
    command = " ".join(["python -m tests.bench.takes", *sys.argv[1:]])
    print(f"{time.strftime('%Y-%m-%d')}  {command}  (load {os.getloadavg()[0]:.1f})")
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        Desktop(tray="xfce", notifications=True, sound=True) as desktop,
    ):
        os.environ["XDG_RUNTIME_DIR"] = desktop.env["XDG_RUNTIME_DIR"]  # its control socket's
        wav = spoken(Path(folder), SENTENCE, *LONG, gap=0.3)
        with desktop.daemon() as daemon, desktop.text_window("tk") as window:
            daemon.wait_log("the engine is loaded", 60)
            with Speaker(desktop, wav):
                good = measure(desktop, daemon, window, options.takes, options.seed)
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
