"""Typing in numbers: characters per second, wrong ones per 10,000, modifiers that stick.

    python -m tests.bench.typing [--characters N] [--each N]
    python -m tests.bench.typing --schedules 1000

The first types N characters over all targets and layouts with ours, `xdotool type` and pynput's own
typing side by side. The second presses random modifiers on a hardware-like keyboard meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable

from tests.bench.delivery import by_pynput, wrong
from tests.rigs import modifier_schedules as schedules
from tests.rigs.mixed_text import LAYOUTS, TARGETS, mixed_text, settled
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected
from tray_dictate.output.x11.output import X11Output

OTHERS_LIMIT = 500  # characters: xdotool does 150 a second


def by_xdotool(text: str) -> None:
    subprocess.run(["xdotool", "type", "--", text], check=True)


async def characters(total: int, each: int) -> int:
    """Print the table; return how many of ours were wrong."""
    others: dict[str, Callable[[str], None]] = {"xdotool": by_xdotool, "pynput": by_pynput}
    part = -(-total // (len(TARGETS) * len(LAYOUTS)))
    tally = {way: [0, 0] for way in ("ours", *others)}
    print(f"{part} characters each by us, {each} by the others: per second, wrong per 10,000")
    with Desktop() as desktop:
        os.environ["DISPLAY"] = desktop.display
        for kind in TARGETS:
            with desktop.text_window(kind) as window:
                for layout in LAYOUTS:
                    row = f"  {kind:6}{layout:4}"
                    for way, counts in tally.items():
                        desktop.set_layout(layout)
                        await asyncio.sleep(0.5)
                        window.clear()
                        text = mixed_text(part if way == "ours" else each, seed=len(row))
                        start = time.perf_counter()
                        if way == "ours":
                            output = X11Output("type", FilteringHotkey())
                            await output.deliver(text)
                        else:
                            await asyncio.to_thread(others[way], text)
                        took = time.perf_counter() - start
                        got = settled(window, text)
                        if way == "ours":
                            await output.close()
                        bad = wrong(text, got) if got != text else 0
                        counts[0] += len(text)
                        counts[1] += bad
                        row += f"   {way} {len(text) / took:5.0f}/s {bad / len(text) * 1e4:5.0f}"
                    print(row, flush=True)
    for way, (typed, bad) in tally.items():
        print(f"{way}: {bad} wrong of {typed}")
    return tally["ours"][1]


async def scheduled(count: int, seed: int, *, xephyr: bool) -> int:
    """Type under random schedules; return how many of them were not perfect."""
    bad = 0
    swallowed: list[int] = []
    with Desktop(hardware_keyboard=xephyr) as desktop, connected(desktop) as display:
        os.environ["DISPLAY"] = desktop.display
        fingers = schedules.Fingers(desktop)
        for number in range(count):
            if number % 100 == 0:
                kind = random.Random(number).choice(["tk", "gtk"]) if number else "tk"
                window = desktop.text_window(kind)
                listening = schedules.Listening()
                output = X11Output("type", listening)
            moves = schedules.random_moves(seed + number)
            faults = await schedules.run(window, display, fingers, output, listening, moves)
            swallowed.append(listening.announced)
            if faults:
                bad += 1
                print(f"schedule {seed + number}: {faults}\n  {moves}", flush=True)
            if number % 100 == 99 or number == count - 1:
                await output.close()
                listening.close()
                window.close()
                print(f"{number + 1} schedules, {bad} not perfect", flush=True)
        fingers.close()
    print(f"{count} schedules: {bad} not perfect; keys sent, median {statistics.median(swallowed)}")
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--characters", type=int, default=100_000, metavar="N")
    parser.add_argument("--each", type=int, default=OTHERS_LIMIT, metavar="N")
    parser.add_argument("--schedules", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--xephyr", action="store_true", help="the keyboard of Xephyr's host")
    given = parser.parse_args()
    if given.schedules:
        return asyncio.run(scheduled(given.schedules, given.seed, xephyr=given.xephyr)) > 0
    return asyncio.run(characters(given.characters, given.each)) > 0


if __name__ == "__main__":
    raise SystemExit(main())
