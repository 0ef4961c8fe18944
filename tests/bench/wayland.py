"""Delivery on Wayland in numbers, beside wtype: how long it takes, and what comes out wrong.

    python -m tests.bench.wayland [--runs N] [--characters N]

Each window is real, under a sway of its own. "commit" and "paste" are settled once the output says
so and the window holds it; a window is asked whether it lives after 50,000 characters at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.bench.delivery import SEGMENT, settled, wrong
from tests.rigs.sway import Sway
from tests.rigs.wayland_output import delivering
from tests.rigs.wayland_windows import KINDS
from tray_dictate.core.errors import DeliveryError

# ruff: noqa: E501 - the texts
TEXTS = {
    "ascii": "The quick brown fox: 'Why (not) [now]?' {x} <y> a@b.c #5 $3 50% ^ & * _ - + = ~ | / done! ",
    "accents": "Élève français, à Noël? Grüße, Straße. ¿Qué? Łódź, žluťoučký kůň, İstanbul. Привет, мир! ",
    "cjk": "今天天气很好我们去公园散步吧。日本語の文章を入力するテストです。한국어 문장도 입력해 봅시다. ",
    "emoji": "Hi 😀 ok 🎉 wow 🚀 nice 👍 love ❤ fire 🔥 star ⭐ sad 😢 dog 🐶 sun ☀ moon 🌙 end. ",
    "lines": "First line\nsecond\twith a tab\n\n- and a list\n",
}
LONG, BAR_LATENCY = 50_000, 50  # characters; ms for a segment of 100
Deliver = Callable[[str], Awaitable[Any]]


def text_of(name: str, characters: int) -> str:
    """Return so many characters, none of them cut through."""
    return (TEXTS[name] * (characters // len(TEXTS[name]) + 1))[:characters]


def by_wtype(text: str) -> None:
    subprocess.run(["wtype", "-"], input=text.encode(), check=True)


async def latency(sway: Sway, runs: int) -> bool:
    """Print how long a segment takes; return whether the bar holds."""
    print(f"\nA segment of {len(SEGMENT)} characters, ms from deliver(): median, p95, max")
    good = True
    for method in ("auto", "paste"):
        for kind in KINDS:
            async with delivering(method) as output:
                times: list[float] = []
                ways: set[str] = set()
                missed = 0
                with sway.text_window(kind) as window:
                    target = await output.target()
                    await output.deliver("first", target)  # who reads the clipboard is learnt once
                    settled(window, "first")
                    for _ in range(runs):
                        window.clear()
                        await asyncio.sleep(0.05)
                        start = time.perf_counter()
                        receipt = await output.deliver(SEGMENT, target)
                        times.append((time.perf_counter() - start) * 1000)
                        ways.add(receipt.method)
                        got, _ = settled(window, SEGMENT)
                        missed += wrong(SEGMENT, got)
            times.sort()
            p95 = times[int(len(times) * 0.95)]
            row = f"  {method:6} {kind:9} {'+'.join(sorted(ways)):7}"
            late = sum(value > BAR_LATENCY for value in times)
            good &= statistics.median(times) <= BAR_LATENCY and not missed
            print(f"{row} {statistics.median(times):6.1f} {p95:6.1f} {times[-1]:6.1f}"
                  f"   later than {BAR_LATENCY} ms: {late} of {runs}; {missed} wrong", flush=True)  # fmt: skip
    return good


async def one(deliver: Deliver, window: Any, text: str) -> tuple[float, int]:
    """Return the seconds until a text is in the window, and how much of it is wrong."""
    window.clear()
    await asyncio.sleep(0.3)
    start = time.perf_counter()
    await deliver(text)
    got, end = settled(window, text)
    return end - start, wrong(text, got)


async def accuracy(sway: Sway, characters: int) -> bool:
    """Print what each way gets wrong, per kind of window; return whether ours get nothing wrong."""
    print(f"\nWrong characters per 10,000, and ms a {characters}-character text, of {len(TEXTS)}")
    total = bad = 0
    for kind in KINDS:
        with sway.text_window(kind) as window:
            for way in ("auto", "paste", "type", "wtype"):
                missed, seconds = 0, 0.0
                for name in TEXTS:
                    text = text_of(name, characters)
                    if way == "wtype":
                        took = await one(
                            lambda text: asyncio.to_thread(by_wtype, text), window, text
                        )
                    else:
                        async with delivering(way) as output:
                            took = await one(output.deliver, window, text)
                    seconds += took[0]
                    missed += took[1]
                    if way != "wtype":
                        total, bad = total + len(text), bad + took[1]
                each = missed * 10_000 / (characters * len(TEXTS))
                mean = seconds / len(TEXTS) * 1000
                print(f"  {kind:9} {way:6} {each:8.1f} wrong   {mean:7.0f} ms", flush=True)
    print(f"  ours: {bad} wrong of {total}")
    return not bad


async def very_long(sway: Sway) -> bool:
    """Print whether 50,000 characters arrive whole, and the window takes more after them."""
    print(f"\n{LONG:,} characters at once, by auto")
    text, good = text_of("accents", LONG), True
    async with delivering() as output:
        for kind in KINDS:
            with sway.text_window(kind) as window:
                target = await output.target()
                start = time.perf_counter()
                try:
                    receipt = await output.deliver(text, target)
                except DeliveryError as failed:
                    print(f"  {kind:9} {failed.done} done: {failed}")
                    good = False
                    continue
                took = (time.perf_counter() - start) * 1000
                got, _ = settled(window, text, 20)
                window.clear()
                await output.deliver("alive", target)
                alive = settled(window, "alive", 10)[0] == "alive"
                good &= got == text and alive
                print(f"  {kind:9} {receipt.method:7} {took:7.0f} ms, "
                      f"{'whole' if got == text else f'{len(got)} arrived'}, "
                      f"{'alive' if alive else 'dead'}", flush=True)  # fmt: skip
    return good


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--characters", type=int, default=1000)
    given = parser.parse_args()
    with Sway() as sway:
        os.environ.update(sway.env)
        held = [
            await latency(sway, given.runs),
            await accuracy(sway, given.characters),
            await very_long(sway),
        ]
    print(f"\nBars: {'held' if all(held) else 'MISSED'}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
