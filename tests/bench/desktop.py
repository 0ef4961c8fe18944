"""The whole way in numbers, on a real desktop: from the key to the last character in the window.

    python -m tests.bench.desktop [--takes N] [--idle SECONDS] [--only-idle]

Beside ours, in the same run: a daemon that transcribes the whole take on release, with the same
model (tests/bench/whole_take.py). A take ends on its last spoken sample, or 0.3 s after it, as
people let go of a key.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from tests.bench.engine import LENGTHS, takes
from tests.rigs.daemon import Daemon
from tests.rigs.person import daemon_of, fake
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import TextWindow
from tests.speech import resampled

RATE = 48000
REPEAT = {2: 3, 5: 3, 10: 1, 20: 1}  # takes of each length in a run: the short ones are common
TICK = os.sysconf("SC_CLK_TCK")
IDLE_CPU, IDLE_EMBEDDED, IDLE_CLOUD = 0.002, 250, 90  # of one core; MB


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    worst = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered):>8.0f} /{worst:>5.0f}"


def files(folder: Path) -> dict[tuple[int, float], list[Path]]:
    """Write the takes; return their files by length in seconds and silence at their end."""
    found: dict[tuple[int, float], list[Path]] = {}
    for length in LENGTHS:
        for number, samples in enumerate(takes(length)):
            for quiet in (0.0, 0.3):
                path = folder / f"{length}-{number}-{quiet}.wav"
                sound = np.append(
                    resampled(samples, 16000, RATE), np.zeros(int(quiet * RATE), np.float32)
                )
                soundfile.write(path, sound, RATE, subtype="PCM_16")
                found.setdefault((length, quiet), []).append(path)
    return found


def last_change(window: TextWindow, began: float, quiet: float = 1.5) -> float:
    """Return how many ms after `began` the window changed for the last time."""
    text, changed = window.text(), began
    while time.perf_counter() - max(changed, began) < quiet:
        if (now := window.text()) != text:
            text, changed = now, time.perf_counter()
        time.sleep(0.001)
    return (changed - began) * 1000


def release_to_text(desktop: Desktop, window: TextWindow, wav: Path) -> float:
    window.clear()
    desktop.keydown("Control_R")
    time.sleep(0.2)
    desktop.play_whole(wav)
    desktop.keyup("Control_R")
    return last_change(window, time.perf_counter())


def releases(desktop: Desktop, recordings: dict[tuple[int, float], list[Path]], runs: int) -> None:
    """Print the release-to-text table."""
    rows = {key: ([], []) for key in recordings}
    for run in range(runs):
        for column in (0, 1) if run % 2 == 0 else (1, 0):
            with start(desktop, whole=bool(column)), desktop.text_window("tk") as window:
                for key, paths in recordings.items():
                    for path in paths * REPEAT[key[0]]:
                        rows[key][column].append(release_to_text(desktop, window, path))
    print("release to the last character in the window, ms: p50 / p95")
    print("  take    key up            tray_dictate    whole take on release")
    for (length, quiet), (ours, whole) in rows.items():
        when = f"{quiet:g} s later" if quiet else "on last sample"
        print(f"  {length:>2} s    {when:<16}{spread(ours)}    {spread(whole)}")


def start(desktop: Desktop, *, whole: bool = False) -> Daemon:
    if not whole:
        daemon = desktop.daemon()
    else:
        daemon = Daemon(desktop.processes, desktop.env, [], module="tests.bench.whole_take")
    daemon.wait_log("the engine is loaded", 30)
    return daemon


def first_samples(desktop: Desktop, runs: int) -> None:
    """Print how soon after the key-down the first sample is there."""
    with start(desktop) as daemon, desktop.text_window("tk"):
        for run in range(runs):
            desktop.keydown("Control_R")
            daemon.wait_log(f"dictation {run + 1}: first sample")
            desktop.keyup("Control_R")
            daemon.wait_log(f"dictation {run + 1}: over")
        times = [float(ms) for ms in re.findall(r"first sample (\d+) ms", daemon.log())]
    print(f"key-down to first sample, ms: p50 / p95     {spread(times)}")


def idle(desktop: Desktop, seconds: float) -> None:
    """Print what the idle daemon costs after three takes, by either kind of engine."""
    with start(desktop):  # the second start is what a user sees every day
        pass
    began = time.perf_counter()
    daemon = desktop.daemon()
    ready = time.perf_counter() - began
    daemon.wait_log("the engine is loaded", 30)
    loaded = time.perf_counter() - began
    print(f"start to ready {ready:.2f} s, to the model loaded {loaded:.2f} s")
    with daemon:
        rest(desktop, daemon, seconds, "the embedded model loaded", IDLE_EMBEDDED)
    with fake() as server, daemon_of(desktop, server, log__level="info") as daemon:
        daemon.wait_log("the engine is loaded", 30)
        rest(desktop, daemon, seconds, "a cloud engine", IDLE_CLOUD)
        mapped = Path(f"/proc/{daemon.pid}/maps").read_text()
        print(f"  onnxruntime is {'' if 'onnxruntime' in mapped else 'not '}loaded")


def rest(desktop: Desktop, daemon: Daemon, seconds: float, what: str, bar: float) -> None:
    """Print CPU and memory of a daemon that has nothing to do."""
    with desktop.text_window("tk") as window, tempfile.TemporaryDirectory() as folder:
        wav = files(Path(folder))[5, 0.3][0]
        for _ in range(3):
            release_to_text(desktop, window, wav)
    time.sleep(3)
    before = cpu(daemon.pid)
    time.sleep(seconds)
    used = (cpu(daemon.pid) - before) / seconds
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
    good = resident <= bar and used <= IDLE_CPU
    print(
        f"idle for {seconds:g} s with {what}: {used:.2%} of one core (bar {IDLE_CPU:.1%}), "
        f"{resident:.0f} MB resident (bar {bar:g}): {'met' if good else 'MISSED'}", flush=True,
    )  # fmt: skip


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--takes", type=int, default=3, metavar="N", help="runs of each take")
    parser.add_argument("--idle", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--only-idle", action="store_true", help="measure nothing else")
    options = parser.parse_args()
    command = " ".join(["python -m tests.bench.desktop", *sys.argv[1:]])
    print(f"{time.strftime('%Y-%m-%d')}  {command}  (load {os.getloadavg()[0]:.1f})")
    with Desktop(tray="xfce", notifications=True, sound=True) as desktop:
        idle(desktop, options.idle)
        if options.only_idle:
            return
        first_samples(desktop, 20)
        with tempfile.TemporaryDirectory() as folder:
            releases(desktop, files(Path(folder)), options.takes)


if __name__ == "__main__":
    main()
