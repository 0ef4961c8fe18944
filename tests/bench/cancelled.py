"""Presses that turn out to be shortcuts: is the daemon alive, and is anything left open?

    python -m tests.bench.cancelled [--presses N] [--seed N]

A real daemon on the desktop of the tests: the hotkey is pressed and another key follows, or Escape,
or `tray-dictate cancel`, 0 to 1.5 s later, half of them while the device opens. At the end the
sound server knows no stream of the daemon's, and it has no thread and no file more than after the
first 20, which start its workers. Exit code 1 where that is not so.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time

from tests.bench.takes import Sample, open_files
from tests.rigs.daemon import Daemon
from tests.rigs.dictation import listening
from tests.rigs.x11 import Desktop
from tray_dictate.app.control import client

LATEST, OPENING = 1.5, 0.1  # seconds after the press
LATE = 10.0  # seconds for what has not ended by then
FIRST, EVERY = 20, 100  # presses


def press(desktop: Desktop, chance: random.Random) -> None:
    """Press the hotkey, and then what makes it no dictation."""
    desktop.keydown("Control_R")
    time.sleep(chance.uniform(0, chance.choice((LATEST, OPENING))))
    match chance.choice(("key", "escape", "command")):
        case "key":
            desktop.tap("a")
        case "escape":
            desktop.tap("Escape")
        case _:
            client.send("cancel")
    desktop.keyup("Control_R")


def at_rest(desktop: Desktop, daemon: Daemon, presses: int, wanted: Sample | None) -> Sample:
    """Return what the daemon holds, when it is no more than is wanted or LATE seconds later."""
    end = time.monotonic() + LATE
    time.sleep(1.0)  # a cue plays on
    while True:
        sample = Sample.of(daemon.pid, presses)
        more = wanted and (sample.files > wanted.files or sample.threads > wanted.threads)
        if not (more or listening(desktop)) or time.monotonic() > end:
            return sample
        time.sleep(0.1)


def measure(desktop: Desktop, daemon: Daemon, presses: int, seed: int) -> bool:
    """Print the table; return whether nothing is left open."""
    chance = random.Random(seed)
    for _ in range(FIRST):
        press(desktop, chance)
    before = at_rest(desktop, daemon, FIRST, None)
    print("presses  resident  files  threads  streams", flush=True)
    print(f" {before}{len(listening(desktop)):>9}", flush=True)
    after = before
    for number in range(FIRST + 1, presses + 1):
        press(desktop, chance)
        if number % EVERY == 0 or number == presses:
            after = at_rest(desktop, daemon, number, before)
            print(f" {after}{len(listening(desktop)):>9}", flush=True)
    streams = len(listening(desktop))
    more = after.files > before.files or after.threads > before.threads
    if more:
        print(f"open: {open_files(daemon.pid)}")
    good = daemon.process.poll() is None and not streams and not more
    print(f"{presses} presses, {streams} streams left: {'met' if good else 'MISSED'}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=12, metavar="N", help="of the moments")
    options = parser.parse_args()
    command = " ".join(["python -m tests.bench.cancelled", *sys.argv[1:]])
    print(f"{time.strftime('%Y-%m-%d')}  {command}  (load {os.getloadavg()[0]:.1f})")
    began = time.monotonic()
    with Desktop(sound=True) as desktop:
        os.environ["XDG_RUNTIME_DIR"] = desktop.env["XDG_RUNTIME_DIR"]  # its control socket's
        with desktop.daemon() as daemon, desktop.text_window("tk"):
            daemon.wait_log("the engine is loaded", 60)
            good = measure(desktop, daemon, options.presses, options.seed)
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
