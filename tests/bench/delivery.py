"""Delivery in numbers: paste latency to the target's own read, and characters per second typed.

    python -m tests.bench.delivery [--runs N]

Each window is real, on an X server of its own. Beside ours, in the same run: `xdotool type` and
pynput's own typing, with the characters that they got wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import os
import statistics
import subprocess
import time
from collections.abc import Callable

from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import TEXTS
from tests.rigs.x11_windows import KINDS, TextWindow
from tray_dictate.output.x11.output import X11Output
from tray_dictate.output.x11.paste import CALM

SEGMENT = (
    "The train to the coast leaves at seven, so we meet at the station there "
    "no later than half past 10. "
)
BAR = 100  # ms in which a segment of 100 characters is to be in the window
LONG = 500  # characters


def text_of(name: str) -> str:
    return (TEXTS[name].replace("\n", " ").replace("\t", " ") * LONG)[:LONG]


def wrong(wanted: str, got: str) -> int:
    blocks = difflib.SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks()
    return max(len(wanted), len(got)) - sum(block.size for block in blocks)


def settled(window: TextWindow, wanted: str, quiet: float = 1.0) -> tuple[str, float]:
    """Return what the window holds once it holds it all or nothing more comes, and when."""
    last, since = window.text(), time.perf_counter()
    while last != wanted and time.perf_counter() - since < quiet:
        if (text := window.text()) != last:
            last, since = text, time.perf_counter()
        time.sleep(0.002)
    return last, since


async def paste_latency(desktop: Desktop, runs: int) -> None:
    print(f"\nPaste of a {len(SEGMENT)}-character segment, ms from deliver() (median, p95, max)")
    desktop.set_clipboard(os.urandom(1_000_000), target="image/png")
    for kind in KINDS:
        output = X11Output("auto", FilteringHotkey())
        read: list[float] = []
        shown: list[float] = []
        with desktop.text_window(kind) as window:
            for _ in range(runs):
                window.clear()
                await asyncio.sleep(CALM)  # a segment takes longer to be said
                start = time.perf_counter()
                receipt = await output.deliver(SEGMENT)
                read.append((time.perf_counter() - start) * 1000)
                assert receipt.confirmed
                shown.append((settled(window, SEGMENT)[1] - start) * 1000)
        await output.close()
        for name, values in (("read", read), ("seen in the window", shown)):
            values.sort()
            p95 = values[int(len(values) * 0.95)]
            middle = statistics.median(values)
            late = sum(value > BAR for value in values)
            row = f"  {kind:8} {name:20} {middle:6.1f} {p95:6.1f} {values[-1]:6.1f}"
            print(f"{row}   later than {BAR} ms: {late} of {runs}", flush=True)


def by_xdotool(text: str) -> None:
    subprocess.run(["xdotool", "type", "--", text], check=True)


def by_pynput(text: str) -> None:
    from pynput.keyboard import Controller  # noqa: PLC0415 - needs the DISPLAY of this desktop

    Controller().type(text)


async def typing(desktop: Desktop) -> None:
    print(f"\nTyping {LONG} characters: characters per second, wrong of {LONG}")
    others: dict[str, Callable[[str], None]] = {"xdotool": by_xdotool, "pynput": by_pynput}
    for kind in KINDS:
        with desktop.text_window(kind) as window:
            for name in ("ascii", "accents", "cjk", "emoji"):
                text, row = text_of(name), f"  {kind:8} {name:8}"
                for way in ("ours", *others):
                    desktop.set_layout("us")
                    window.clear()
                    await asyncio.sleep(0.3)
                    start = time.perf_counter()
                    if way == "ours":
                        output = X11Output("type", FilteringHotkey())
                        await output.deliver(text)
                    else:
                        await asyncio.to_thread(others[way], text)
                    got, end = settled(window, text)
                    if way == "ours":
                        await output.close()
                    row += f"   {way} {len(text) / (end - start):6.0f}/s {wrong(text, got):3} wrong"
                print(row, flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    runs = parser.parse_args().runs
    with Desktop() as desktop:
        os.environ["DISPLAY"] = desktop.display
        start = time.perf_counter()
        output = X11Output()
        print(f"Start: {(time.perf_counter() - start) * 1000:.0f} ms")
        await output.close()
        await paste_latency(desktop, runs)
        await typing(desktop)


if __name__ == "__main__":
    asyncio.run(main())
