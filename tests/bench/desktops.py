"""Dictations into real programs on a desktop of Debian 13, with both selections in use.

    install_scripts/desktops.sh --bench desktops {gnome,plasma,sway} [--takes N] [--characters N]
                                                 [--kinds KIND ...]

Counts the words that are missing, wrong or too many in the window, and whether an image on the
clipboard and the PRIMARY selection are what they were, whether anything was told or asked. On GNOME
it also prints how long 100 characters take by IBus: until the window has them, and until the
receipt. With --characters, it counts the wrong ones of so many in each window, of five scripts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import jiwer

from tests.bench.delivery import wrong
from tests.rigs.client_windows import Clients, Kind
from tests.rigs.daemon import Daemon
from tests.rigs.dictation import SENTENCE, normalize, settled, spoken
from tests.rigs.gnome48 import Gnome48
from tests.rigs.pipewire import PipeWire
from tests.rigs.plasma import Plasma, plasma
from tests.rigs.sway import Sway
from tests.rigs.wayland_dictation import BINDINGS
from tests.rigs.wayland_output import MIXED, delivering
from tests.rigs.wayland_selections import Selections
from tests.rigs.whole_path import KEY, check_selections, fill_selections, notices, press
from tests.waiting import wait_until
from tray_dictate.output.base import ANY_WINDOW
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.ibus.method import IBusMethod

COMMITTED = 100  # characters
KINDS: dict[str, tuple[Kind, ...]] = {
    "gnome": ("gtk4", "qt", "foot", "kgx", "chromium", "firefox"),
    "plasma": ("gtk4", "qt", "konsole", "chromium", "firefox"),
    "sway": ("gtk4", "qt", "foot", "chromium", "firefox"),
}


class PipedSway(Clients, Sway):
    """sway with PipeWire for its sound."""

    SOUND = PipeWire


Desk = Gnome48 | Plasma | PipedSway


@contextmanager
def gnome() -> Iterator[Gnome48]:
    """Yield GNOME 48, whose user has allowed what a first start asks."""
    with Gnome48() as desk:
        with desk.allowing(), desk.daemon(hotkey__keys=KEY) as daemon:
            daemon.wait_log("Hold F9 and speak", 60)
            wait_until(lambda: not desk.dialogs(), 30, "all is answered")
        yield desk


@contextmanager
def sway() -> Iterator[PipedSway]:
    """Yield sway, which binds our commands."""
    with PipedSway(sound=True, extra=BINDINGS) as desk:
        yield desk


DESKS = {"gnome": gnome, "plasma": plasma, "sway": sway}


def wrong_words(text: str) -> int:
    """Return how many words are missing, wrong or too many."""
    found = jiwer.process_words(normalize(SENTENCE), normalize(text) or "nothing")
    return found.substitutions + found.deletions + found.insertions


def unchanged(desk: Selections) -> bool:
    """Tell whether both selections are what they were, a little later at the latest."""
    try:
        check_selections(desk)
    except AssertionError:
        return False
    return True


def takes(desk: Desk, daemon: Daemon, kind: Kind, count: int, wav: Path) -> bool:
    """Print a line about so many dictations into one window; return whether all was right."""
    fill_selections(desk)
    told, wrong, odd = len(notices(daemon)), 0, []
    window = desk.client_window(kind)
    for _ in range(count):
        window.clear()
        number = press(desk, daemon)
        desk.play_whole(wav)
        desk.keyup(KEY)
        settled(daemon, number)
        try:
            window.wait_for(lambda text: not wrong_words(text), 5)
        except AssertionError:
            wrong += wrong_words(window.text())
            odd.append(window.text())
    same, told = unchanged(desk), len(notices(daemon)) - told
    asked = desk.dialogs() if isinstance(desk, Gnome48) else []
    said = count * len(normalize(SENTENCE).split())
    print(f"  {kind:9} {wrong:3} of {said} words wrong; clipboard and PRIMARY "
          f"{'as before' if same else 'CHANGED'}; told {told}, asked {len(asked)}; {odd}",
          flush=True)  # fmt: skip
    desk.tidy()
    return same and not wrong and not told and not asked


def commits(desk: Gnome48, kind: Kind, count: int) -> None:
    """Print how long it takes to insert so many texts into one window, in milliseconds."""
    os.environ.update(desk.env)
    window = desk.client_window(kind)
    there, receipts, confirmed = [], [], 0
    with closing(IBusMethod(threading.Event())) as method, ThreadPoolExecutor(1) as thread:
        method.insert("the first registers our engine ", Treatment(), ANY_WINDOW)
        for number in range(count):
            time.sleep(0.2)
            text = f"{number:02} ".ljust(COMMITTED - 1, "x") + " "
            start = time.perf_counter()

            def insert(text: str = text, start: float = start) -> tuple[float, bool]:
                receipt = method.insert(text, Treatment(), ANY_WINDOW)
                return time.perf_counter() - start, receipt.confirmed

            inserting = thread.submit(insert)
            while text not in window.text():
                time.sleep(0.001)
                if time.perf_counter() - start > 30:
                    raise AssertionError(f"text {number} is not in the {kind} window")
            there.append(time.perf_counter() - start)
            took, sure = inserting.result()
            receipts.append(took)
            confirmed += sure
    print(f"  {kind:9} {COMMITTED} characters: there after {_figures(there)}, receipt after "
          f"{_figures(receipts)} ms (median, largest), {confirmed} of {count} confirmed",
          flush=True)  # fmt: skip
    desk.tidy()


async def characters(desk: Desk, kind: Kind, count: int) -> bool:
    """Print how many of so many characters are wrong in one window; return whether none is."""
    os.environ.update(desk.env)
    line = " ".join(MIXED.split()) + " "
    window, astray, sent = desk.client_window(kind), 0, 0
    methods = set[str]()
    async with delivering() as output:
        while sent < count:
            window.clear()
            wanted = ""
            for _ in range(3):
                receipt = await output.deliver(line)
                methods.add(receipt.method)
                wanted += line + receipt.after
            try:
                await asyncio.to_thread(window.wait_for, lambda text, all_=wanted: text == all_, 10)
            except AssertionError:
                astray += wrong(wanted, window.text())
            sent += len(wanted)
    print(f"  {kind:9} {astray} of {sent} characters wrong, by {', '.join(sorted(methods))}",
          flush=True)  # fmt: skip
    desk.tidy()
    return not astray


def _figures(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:.0f}, {max(seconds) * 1e3:.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("desktop", choices=DESKS)
    parser.add_argument("--takes", type=int, default=20)
    parser.add_argument("--characters", type=int, default=0)
    parser.add_argument("--kinds", nargs="+")
    given = parser.parse_args()
    print(f"{given.desktop}: {given.takes} dictations into each window", flush=True)
    wav = spoken(Path(tempfile.mkdtemp()), SENTENCE)
    with DESKS[given.desktop]() as desk, desk.daemon(hotkey__keys=KEY) as daemon:
        daemon.wait_log("the engine is loaded", 60)
        kinds = given.kinds or KINDS[given.desktop]
        if isinstance(desk, Gnome48):
            for kind in kinds:
                commits(desk, kind, given.takes)
        right = [takes(desk, daemon, kind, given.takes, wav) for kind in kinds if given.takes]
    if given.characters:
        with DESKS[given.desktop]() as desk:
            right += [asyncio.run(characters(desk, kind, given.characters)) for kind in kinds]
    return 0 if all(right) else 1


if __name__ == "__main__":
    raise SystemExit(main())
