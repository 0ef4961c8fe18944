"""Dictations into the windows that people use, on the keyboards that they have.

    python -m tests.bench.windows [--dictations N] [--only KIND] [--seed S]

Each dictation is some segments, into a real window; what that holds then is read back through the
window itself. Counted are dictations in which a word is missing, doubled or out of order, and words
joined to the one before.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Protocol

from tests.desktop.applications import Calc, Firefox, Remote, Vim, Writer
from tests.desktop.rig import KINDS, Desktop
from tray_dictate.core.text import join
from tray_dictate.output.x11 import X11Output

LAYOUTS = [
    ("us", 0), ("de", 0), ("fr", 0), ("es", 0), ("ru", 0), ("jp", 0), ("us,ru", 1), ("tr", 0),
    ("dvorak", 0), ("cz", 0),
]  # fmt: skip
WORDS = (
    "the train to that coast leaves at seven so we meet at station seven Margaret asked whether "
    "Grüße from Łódź and São Paulo were señor Muñoz of Straße naïve café déjà vu 你好 Привет "
    "(maybe) it's 50% of #5 a@b.c x/y [z] really!"
).split()
QUIET = 0.6  # seconds without a change until a window holds what it will


class Window(Protocol):
    """A window that is open and has the focus."""

    def text(self) -> str: ...
    def clear(self) -> None: ...
    def focus(self) -> None: ...


def opened(desktop: Desktop, kind: str) -> AbstractContextManager[Window]:
    others: dict[str, Callable[[], AbstractContextManager[Window]]] = {
        "calc": lambda: Calc(desktop), "gvim": lambda: Vim(desktop),
        "writer": lambda: Writer(desktop), "vnc": lambda: Remote(desktop),
        "firefox": lambda: Firefox(desktop),
    }  # fmt: skip
    return others[kind]() if kind in others else desktop.text_window(kind)  # type: ignore[arg-type]


ALL = [*KINDS, "calc", "gvim", "writer", "vnc", "firefox"]


def spoken(random_: random.Random) -> list[str]:
    """Return the segments of one dictation as they come to the output."""
    said, before = list[str](), ""
    for _ in range(random_.randint(1, 4)):
        words = random_.sample(WORDS, random_.randint(2, 9))
        segment = " ".join(words).capitalize() + random_.choice(".,?")
        piece = join(before, segment)
        said.append(piece)
        before += piece
    return said


async def settled(desktop: Desktop, window: Window, kind: str, wanted: str) -> str:
    """Return what a window holds once nothing more comes."""
    if kind in ("calc", "writer"):  # to look presses keys, which come after all of ours
        await asyncio.sleep(QUIET)
        desktop.set_layout("us")
        return window.text()
    last, since = window.text(), time.monotonic()
    while last != wanted and time.monotonic() - since < QUIET:
        await asyncio.sleep(0.02)
        if (now := window.text()) != last:
            last, since = now, time.monotonic()
    return last


def plain(text: str) -> list[str]:
    """Return its words, less what an office suite makes typographic by itself."""
    return text.replace("\u2019", "'").split()


async def one_kind(desktop: Desktop, kind: str, count: int, random_: random.Random) -> None:
    wrong, joined, methods = 0, 0, set[str]()
    began = time.monotonic()
    with opened(desktop, kind) as window:
        output = X11Output("auto", lambda _keycode, _down: None)
        for number in range(count):
            layout, group = LAYOUTS[number % len(LAYOUTS)]
            desktop.set_layout("us")  # to empty a window, and to look, takes keys
            window.clear()
            window.focus()
            desktop.set_layout(layout, group)
            said = spoken(random_)
            for piece in said:
                methods.add((await output.deliver(piece)).method)
            wanted = "".join(said)
            got = await settled(desktop, window, kind, wanted)
            if plain(got) != plain(wanted):
                wrong += 1
                print(f"    {kind} {layout}: {wanted!r} is {got!r}", flush=True)
            joined += sum(a + b in plain(got) for a, b in pairwise(plain(wanted)))
        await output.close()
        desktop.set_layout("us")
    ways = ", ".join(sorted(methods))
    took = time.monotonic() - began
    print(
        f"  {kind:9} {count:3} dictations, {wrong} not word for word, {joined} words joined"
        f"   by {ways}, {took:.0f} s", flush=True,
    )  # fmt: skip


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dictations", type=int, default=300)
    parser.add_argument("--only", choices=ALL, action="append")
    parser.add_argument("--seed", type=int, default=12)
    options = parser.parse_args()
    random_ = random.Random(options.seed)
    kinds = options.only or ALL
    each = -(-options.dictations // len(ALL))
    print(f"{each} dictations into each of {len(kinds)} kinds of window, {len(LAYOUTS)} layouts")
    with Desktop() as desktop:
        os.environ.update(desktop.env)
        for kind in kinds:
            await one_kind(desktop, kind, each, random_)


if __name__ == "__main__":
    asyncio.run(main())
