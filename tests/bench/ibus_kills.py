"""Kills of a process that inserts by IBus, at random moments, on GNOME.

    python -m tests.bench.ibus_kills [--kills N] [--seed N]

After each kill -9 the user's own engine has to be in force again. Half of the kills come before the
first insertion is over, half after it, while the process inserts again and again. Prints how long
that took: until the engine is in force and stays so for 0.3 s.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.rigs.gnome import Gnome
from tests.rigs.headless import WAIT
from tests.rigs.ibus_engines import INTERNATIONAL, set_engine
from tray_dictate.system.desktop import dbus, ibus

INSERTER = Path(__file__).parents[1] / "rigs" / "ibus_inserter.py"
STEADY = 0.3  # seconds


class Killed:
    """A process that inserts; a random moment of its life is its last."""

    def __init__(self, gnome: Gnome) -> None:
        argv = [sys.executable, "-P", str(INSERTER), "x", "0"]
        env = {**gnome.env, "PYTHONPATH": str(INSERTER.parents[2])}
        self._process = gnome.processes.start(
            "inserter", argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def inserts(self) -> None:
        """Wait until it has inserted once."""
        assert self._process.stdout
        assert self._process.stdout.readline() == b"inserted\n"

    def kill(self) -> bool:
        """End it by kill -9; tell whether it had inserted."""
        self._process.kill()
        said, _ = self._process.communicate(timeout=WAIT)
        return bool(said)


async def back_after(connection: ibus.IBus) -> float:
    """Return the seconds from now until the user's engine is in force for good; WAIT if never."""
    start = time.monotonic()
    since = None
    while (now := time.monotonic()) - start < WAIT:
        try:
            found = await connection.engine()
        except dbus.TROUBLE as reason:
            print(f"  IBus does not answer: {reason!r}")
            return WAIT
        since = (since or now) if found == INTERNATIONAL else None
        if since and now - since >= STEADY:
            return since - start
        await asyncio.sleep(0.005)
    return WAIT


async def measure(gnome: Gnome, kills: int) -> list[float]:
    """Return the seconds of each kill."""
    connection = ibus.IBus(await ibus.connect())
    took = []
    begun = time.monotonic()
    first = Killed(gnome)
    first.inserts()
    usual = time.monotonic() - begun  # until a process has inserted
    first.kill()
    await back_after(connection)
    for number in range(kills):
        process = Killed(gnome)
        early = number % 2 == 0
        if not early:
            process.inserts()
        await asyncio.sleep(random.uniform(0.6 * usual, usual) if early else random.uniform(0, 0.2))
        process.kill()
        took.append(await back_after(connection))
    connection.bus.disconnect()
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random.seed(given.seed)
    with Gnome() as gnome:
        os.environ.update(gnome.env)
        with gnome.text_window():
            set_engine(gnome, INTERNATIONAL)
            took = asyncio.run(measure(gnome, given.kills))
    was_out = sum(seconds > 0.02 for seconds in took)
    late = [seconds for seconds in took if seconds > 1]
    print(f"{len(took)} kills: the engine was out of force at {was_out}, back after "
          f"{statistics.median(took):.2f} s (median), {max(took):.2f} s (longest); later than 1 s: "
          f"{len(late)} {late}")  # fmt: skip
    return 1 if late else 0


if __name__ == "__main__":
    raise SystemExit(main())
