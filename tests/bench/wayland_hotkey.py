"""From a key that sway binds to the first captured sample, in milliseconds.

    python -m tests.bench.wayland_hotkey [--presses N]

The whole way of a Wayland hotkey: the key goes down, sway spawns `tray-dictate start`, that asks
the daemon by its socket, the microphone opens. Beside it, how long the daemon itself took from its
press. The clock starts before the key is sent to the compositor. Exit code 1 where the bar is
missed.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import time
from datetime import datetime

from tests.rigs.daemon import Daemon
from tests.rigs.sway import Sway
from tests.rigs.wayland_dictation import BINDINGS, KEY
from tests.waiting import wait_until

BAR = 100.0  # ms, of the median
WARM = 3  # presses that are not counted
STAMP = re.compile(r"^(\S+ \S+) .*dictation (\d+): first sample (\d+) ms", re.M)


def press(sway: Sway, daemon: Daemon, number: int) -> tuple[float, float]:
    """Return ms from the key to the first sample, and ms of these that were the daemon's."""
    began = datetime.now()  # noqa: DTZ005 the log has no zone, either
    sway.keydown(KEY)

    def found() -> tuple[str, str, str] | None:
        return next((hit for hit in STAMP.findall(daemon.log()) if int(hit[1]) == number), None)

    stamp, _, own = wait_until(found, 20, "the first sample")
    time.sleep(0.3)  # the key is held; a stop right after a start would be a tap
    sway.keyup(KEY)
    daemon.wait_log(f"dictation {number}: over", 20)
    written = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S,%f")  # noqa: DTZ007
    return (written - began).total_seconds() * 1000, float(own)


def row(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"  {name:<44}{statistics.median(ordered):>6.0f} /{p95:>5.0f} /{ordered[-1]:>5.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=40, metavar="N")
    options = parser.parse_args()
    command = " ".join(["python -m tests.bench.wayland_hotkey", *sys.argv[1:]])
    print(f"{time.strftime('%Y-%m-%d')}  {command}  (load {os.getloadavg()[0]:.1f})")
    with Sway(sound=True, extra=BINDINGS) as sway, sway.daemon() as daemon:
        daemon.wait_log("the engine is loaded", 60)
        with sway.text_window("foot"):
            times = [press(sway, daemon, n + 1) for n in range(WARM + options.presses)][WARM:]
    whole = [found for found, _ in times]
    print(f"{len(whole)} presses, ms: p50 / p95 / worst")
    print(row("key to first captured sample", whole))
    print(row("  of these: from the daemon's press to it", [own for _, own in times]))
    met = statistics.median(whole) < BAR
    print(f"bar: p50 < {BAR:.0f} ms: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
