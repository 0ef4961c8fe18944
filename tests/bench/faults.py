"""Random fault schedules over real sockets: how many words are lost, doubled or out of order.

python -m tests.bench.faults [--schedules 1000] [--first 0]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time

from tests.engine.fault_schedules import Outcome, run
from tests.servers.realtime.server import RealtimeServer

WORKERS = 4


async def measure(schedules: int, first: int) -> list[Outcome]:
    seeds = iter(range(first, first + schedules))
    outcomes: list[Outcome] = []

    async def work() -> None:
        with RealtimeServer("openai") as server:
            for seed in seeds:
                outcome = await run(server, seed)
                outcomes.append(outcome)
                if not outcome.right:
                    print(f"seed {seed}: {outcome.schedule}", file=sys.stderr)
                    print(f"  heard {outcome.heard}", file=sys.stderr)

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    os.environ["TRAY_DICTATE_KEY"] = "test-key"
    logging.disable(logging.WARNING)  # what goes wrong is on purpose
    began = time.monotonic()
    outcomes = asyncio.run(measure(options.schedules, options.first))
    lost = sum(len(set(outcome.said) - set(outcome.heard)) for outcome in outcomes)
    doubled = sum(len(outcome.heard) - len(set(outcome.heard)) for outcome in outcomes)
    misplaced = sum(
        not outcome.right and sorted(outcome.said) == sorted(outcome.heard) for outcome in outcomes
    )
    words = sum(len(outcome.said) for outcome in outcomes)
    rescued = sum(outcome.rescued for outcome in outcomes)
    print(f"{len(outcomes)} schedules, {words} words, {time.monotonic() - began:.0f} s")
    print(f"words lost {lost}, doubled {doubled}; takes out of order {misplaced}")
    print(f"takes that the embedded engine finished: {rescued}")
    raise SystemExit(0 if all(outcome.right for outcome in outcomes) else 1)


if __name__ == "__main__":
    main()
