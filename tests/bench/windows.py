"""Dictations into the windows that people use, on the keyboards that they have.

    python -m tests.bench.windows [--dictations N] [--only KIND] [--seed S]

Each dictation is some segments, through the daemon, into a real window that holds something by
then, which was typed with real keys or dictated. What the window holds after it is read back
through the window itself. Counted are dictations in which a word is missing, doubled or out of
order, and words that are joined to what stood beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from itertools import pairwise
from typing import NamedTuple, Protocol

from tests.fakes import (
    FakeCues,
    FakeEngine,
    FakeListener,
    FakeMicrophone,
    FakeNotices,
    FakeRewriter,
    FakeTray,
    TemporaryStore,
)
from tests.rigs.applications import Calc, Firefox, Remote, Vim, Writer
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import KINDS
from tests.waiting import until
from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.notices import Notices
from tray_dictate.config import load
from tray_dictate.core.dictation import Start, Status, Stop
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.hotkey.x11.hotkey import XInputHotkey
from tray_dictate.output.atspi import AccessibleCaret
from tray_dictate.output.x11.output import X11Output

LAYOUTS = [
    ("us", 0), ("de", 0), ("fr", 0), ("es", 0), ("ru", 0), ("jp", 0), ("us,ru", 1), ("tr", 0),
    ("dvorak", 0), ("cz", 0),
]  # fmt: skip
WORDS = (
    "the train to that coast leaves at seven so we meet at station seven Margaret asked whether "
    "Grüße from Łódź and São Paulo were señor Muñoz of Straße naïve café déjà vu 你好 Привет "
    "(maybe) it's 50% of #5 a@b.c x/y [z] really!"
).split()
SPACED = [word for word in dict.fromkeys(WORDS) if word.isalpha() and word != "你好"]
QUIET = 0.6  # seconds without a change until a window holds what it will
PATIENCE = 30.0  # seconds for a dictation on a busy machine
OVER = (Status.IDLE, Status.ERROR)
# What is there before the dictation: steps, and the words that stand before and after it then.
# A terminal has no caret to move, and the keys that would do it end the edit of a cell.
EMPTY, WORD, BLANK = ("", "", ""), ("type Hello John", "Hello John", ""), ("type Dear ", "Dear", "")
MIDDLE = ("type that is good|key Left*8", "that", "is good")
CLICK = ("type Hello John|click", "Hello John", "")
DICTATED = ("say One two.|elsewhere", "One two.", "")
TYPED = ("say One two.|type  OK", "One two. OK", "")
LINE = [EMPTY, WORD, BLANK, DICTATED, TYPED]
TEXT = [*LINE, MIDDLE, CLICK]
SITUATIONS = {"xterm": LINE, "calc": LINE, "vnc": LINE}


class Window(Protocol):
    """A window that is open and has the focus."""

    id: str

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


class Output(X11Output):
    """Notes by which methods text went into which windows."""

    def __init__(self, hotkey: XInputHotkey) -> None:
        super().__init__("auto", hotkey.expect)
        self.methods = set[tuple[str, str]]()

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        receipt = await super().deliver(text, target, onward=onward)
        self.methods.add((target.window if target else "", receipt.method))
        return receipt


class Person(FakeListener):
    """Types, clicks and dictates; the microphone and the engine hear at once."""

    def __init__(self, desktop: Desktop, window: Window, other: Window) -> None:
        super().__init__()
        self._desktop, self._window, self._other = desktop, window, other
        self._hotkey = XInputHotkey((), (), FakeNotices())
        self.output = Output(self._hotkey)
        self._microphone, self._tray = FakeMicrophone(), FakeTray()
        self._caret = AccessibleCaret()
        self._history = TemporaryStore()
        self._edges = 0
        self._daemon: Daemon | None = None
        self._parts = Components(
            load.load(None, ["audio.tail_ms=50"], {}), self._hotkey, self._microphone,
            FakeEngine(), self.output, self._tray,
            FakeCues(),  # type: ignore[arg-type]
            FakeRewriter(), self._history, self._caret,
        )  # fmt: skip

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._hotkey.start(self)

    def edge(self, edge: Edge) -> None:
        self._loop.call_soon_threadsafe(self._edge, edge)

    def caught_up(self, mark: int) -> None:
        self._loop.call_soon_threadsafe(self._caught_up, mark)

    async def stop(self) -> None:
        self._hotkey.stop()
        for part in (self.output, self._history, self._caret):
            await part.close()

    @asynccontextmanager
    async def daemon(self) -> AsyncGenerator[None]:
        """A daemon that knows nothing of what was in the window before."""
        await self._keys("key", "shift")  # with it, all keys before it have come
        notices = Notices()
        notices.show_on(self._parts.tray)
        self._daemon = Daemon(self._parts, notices)
        await self._daemon.start()
        yield
        await self._daemon.stop()
        self._daemon = None

    async def do(self, steps: str) -> None:
        """Do steps such as "type Hello|key Home|say How are you?", in the us layout."""
        for step in filter(None, steps.split("|")):
            word, _, rest = step.partition(" ")
            await getattr(self, f"_{word}")(rest)

    async def say(self, segments: list[str]) -> None:
        """Dictate; what ends in a full stop is a segment by itself."""
        assert self._daemon
        count, shown = len(self._microphone.captures), len(self._tray.shown)
        self._daemon.post(Start())
        await until(lambda: self._microphone.captures[count:], PATIENCE)
        await until(lambda: self._microphone.captures[-1].opened, PATIENCE)
        for segment in segments:
            self._microphone.captures[-1].speak(segment)
        self._daemon.post(Stop())
        await until(lambda: self._tray.shown[shown:] and self._tray.shown[-1] in OVER, PATIENCE)

    async def _say(self, words: str) -> None:
        await self.say([words])

    async def _type(self, text: str) -> None:
        await self._keys("type", "--delay", "12", text)

    async def _key(self, keys: str) -> None:
        name, _, times = keys.partition("*")
        await self._keys("key", "--delay", "12", *[name] * int(times or 1))

    async def _click(self, _: str) -> None:
        await self._keys("mousemove", "--window", self._window.id, "300", "250", "click", "1")
        await self.go_to(self._window)  # a window manager may look at the click first

    async def _elsewhere(self, _: str) -> None:
        await self.go_to(self._other)
        await self._say("Two.")
        await until(lambda: self._other.text() == "Two.", PATIENCE)
        self._other.clear()
        await self.go_to(self._window)

    async def go_to(self, window: Window) -> None:
        """Give a window the focus; xfwm4 at times calls one active that has not got it."""
        await asyncio.to_thread(window.focus)
        async with asyncio.timeout(PATIENCE):
            while not await self._is_in(window):
                await asyncio.to_thread(self._desktop.run, "xdotool", "windowfocus", window.id)

    def methods(self) -> list[str]:
        """Return by which methods text went into the window."""
        own = hex(int(self._window.id))
        return sorted(method for window, method in self.output.methods if window == own)

    async def _is_in(self, window: Window) -> bool:
        found = await self.output.target()
        return found is not None and int(found.window, 16) == int(window.id)

    async def _keys(self, *words: str) -> None:
        before = self._edges
        await asyncio.to_thread(self._desktop.run, "xdotool", *words)
        await until(lambda: self._edges > before, PATIENCE)
        self._desktop.run("xdotool", "getmouselocation")  # the server has sent all of them
        await asyncio.sleep(0.05)

    def _edge(self, edge: Edge) -> None:
        self._edges += 1
        if self._daemon:
            self._daemon.edge(edge)

    def _caught_up(self, mark: int) -> None:
        if self._daemon:
            self._daemon.caught_up(mark)


def spoken(random_: random.Random) -> list[str]:
    """Return the segments of one dictation as they come from the engine.

    Each begins with a word of letters only, since what is all in brackets was not said; and of a
    script that puts blanks between words.
    """
    said = list[str]()
    for _ in range(random_.randint(1, 4)):
        words = [random_.choice(SPACED), *random_.sample(WORDS, random_.randint(1, 8))]
        said.append(" ".join(words).capitalize() + random_.choice("..,?"))
    return said


class Found(NamedTuple):
    """What the window holds, and what came of the words in it."""

    text: str
    whole: bool
    joined: int


def looked_at(text: str, parts: list[str]) -> Found:
    """Compare with the texts that are to stand there, in order.

    Capitals and the marks at the end of a word are left out: a dictation goes on from what stands
    there. So is the typographic apostrophe, which an office suite makes of a typed one.
    """
    held = [_bare(word) for word in text.replace("\u2019", "'").split()]
    wanted = [[_bare(word) for word in part.split()] for part in parts if part]
    seams = [(one[-1], other[0]) for one, other in pairwise(wanted)]
    joined = sum(a + b in _runs(word) for a, b in seams for word in held)
    return Found(text, held == [word for words in wanted for word in words], joined)


def _bare(word: str) -> str:
    return word.lower().rstrip(".,?")


def _runs(word: str) -> str:
    """Return a word without the marks in it: "one.two" is "onetwo"."""
    return word.replace(".", "").replace(",", "").replace("?", "")


async def settled(desktop: Desktop, window: Window, kind: str, parts: list[str]) -> Found:
    """Return what a window holds once nothing more comes."""
    if kind in ("calc", "writer"):  # to look presses keys, which come after all of ours
        await asyncio.sleep(QUIET)
        desktop.set_layout("us")
        return looked_at(window.text(), parts)
    last, since = window.text(), time.monotonic()
    while not looked_at(last, parts).whole and time.monotonic() - since < QUIET:
        await asyncio.sleep(0.02)
        if (now := window.text()) != last:
            last, since = now, time.monotonic()
    return looked_at(last, parts)


async def one_kind(desktop: Desktop, kind: str, count: int, random_: random.Random) -> None:
    wrong, joined, seams = 0, 0, 0
    began = time.monotonic()
    with ExitStack() as stack:
        other = stack.enter_context(desktop.text_window("tk"))
        window = stack.enter_context(opened(desktop, kind))
        person = Person(desktop, window, other)
        person.start()
        situations = SITUATIONS.get(kind, TEXT)
        for number in range(count):
            layout, group = LAYOUTS[number % len(LAYOUTS)]
            steps, before, after = situations[number % len(situations)]
            desktop.set_layout("us")  # to empty a window, to look and to type takes keys
            await person.go_to(window)
            window.clear()
            async with person.daemon():
                await person.do(steps)
                desktop.set_layout(layout, group)
                said = spoken(random_)
                await person.say(said)
            parts = [before, *said, after]
            found = await settled(desktop, window, kind, parts)
            joined += found.joined
            seams += sum(map(bool, parts)) - 1
            if not found.whole or found.joined:
                wrong += not found.whole
                print(f"    {kind} {layout}, {steps!r}: {parts} are {found.text!r}", flush=True)
        await person.stop()
        desktop.set_layout("us")
    ways, took = ", ".join(person.methods()), time.monotonic() - began
    print(
        f"  {kind:9} {count:3} dictations, {wrong} not word for word, {joined} joined of {seams}"
        f" places   by {ways}, {took:.0f} s",
        flush=True,
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dictations", type=int, default=300)
    parser.add_argument("--only", choices=ALL, action="append")
    parser.add_argument("--seed", type=int, default=12)
    options = parser.parse_args()
    random_ = random.Random(options.seed)
    kinds = options.only or ALL
    each = -(-options.dictations // len(ALL))
    print(f"{each} dictations into each of {len(kinds)} kinds of window, {len(LAYOUTS)} layouts")
    for kind in kinds:
        with Desktop(accessible=True) as desktop:
            os.environ.update(desktop.env)
            await one_kind(desktop, kind, each, random_)


if __name__ == "__main__":
    asyncio.run(main())
