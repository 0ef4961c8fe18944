"""Answers to programs that read a selection which we own, and a note of who read what.

A selection that changes is read unasked by clipboard managers, and after the key by the target.
Wayland names neither: wayland_habits.py.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from tray_dictate.output.wayland_habits import Habits
from tray_dictate.output.wayland_readers import Readers
from tray_dictate.output.wayland_save import Contents

log = logging.getLogger(__name__)

HINT = "x-kde-passwordManagerHint"  # with "secret", clipboard managers do not keep the text
EAGER = 0.5  # seconds after a change in which only a clipboard manager reads, unasked
ABANDONED = 30.0  # seconds after which an offer that nobody settled is given back
BELATED = 10.0  # seconds in which a target on Xwayland that we gave up gets an empty paste
ONE_PASTE = 0.3  # seconds in which it asks for one type after the other
TYPES: tuple[str, ...] = ("text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "STRING", "TEXT")
_STALE = 60.0  # seconds after which we write no more to a program that does not read
_PIECE = 1 << 16


class Offer:
    """One text on both selections; the output thread reads it while our thread writes it."""

    def __init__(self) -> None:
        self.abandoned = time.monotonic() + ABANDONED
        self.pressed = False  # set by the output thread before the key that asks for the paste
        self.begun = False  # the target is reading, piece by piece
        self.fetched = threading.Event()  # the target has read all of it
        self.foreign: set[int] = set()  # who did after the key and is a manager, or the target
        self.sure = True  # who fetched it is known not to be a manager
        self.withdrawn = False  # nobody gets it any more
        self.done_at: float | None = None  # when it was fetched or settled
        self.quiet_since: float | None = None  # the last read since then

    @property
    def settled(self) -> bool:
        """Whether it is given back by itself, after a quiet time."""
        return self.done_at is not None


@dataclass(frozen=True, eq=False, slots=True)
class Serving:
    """What we serve on a selection, for as long as anybody may ask for it."""

    kind: str
    contents: Contents
    offer: Offer | None  # whose text it is; None for what is the user's
    taken_at: float  # on the monotonic clock
    taken_boot: float  # the same on the boot clock


@dataclass(slots=True)
class Held:
    """One selection."""

    kind: str
    serving: Serving | None = None  # None while it is not ours
    before: Contents | None = None  # what is to be given back after an offer

    @property
    def dictated(self) -> bool:
        """Whether it is an offer's text."""
        return self.serving is not None and self.serving.offer is not None

    def lose(self) -> None:
        """It is not ours any more."""
        self.serving = self.before = None


def text_contents(text: str, *, secret: bool) -> Contents:
    """Return a text in every type that a program may ask for."""
    contents: Contents = dict.fromkeys(TYPES, text.encode())
    if secret:
        contents[HINT] = b"secret"
    return contents


@dataclass(eq=False, slots=True)
class _Read:
    """One answer on its way."""

    file: int
    left: memoryview
    who: int
    name: str
    serving: Serving
    pressed: bool  # the key was down before they asked
    until: float = field(default_factory=lambda: time.monotonic() + _STALE)


class Server:
    """Hands out what is held."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._reads: dict[int, _Read] = {}  # by the file
        self._habits = Habits()
        self._seen: set[tuple[int, str, str]] = set()  # who read what of the offer in force
        self._belated = 0.0

    @property
    def files(self) -> list[int]:
        """Return what `go_on` is to be called for once it takes more."""
        return list(self._reads)

    def begin(self) -> None:
        """Another offer is in force."""
        self._seen.clear()
        self._habits.changed()

    def given_back(self, *, belated: bool) -> None:
        """What was there before is there again; `belated`: nobody had read the offer.

        A program on Xwayland that was asleep would paste what the user had copied before. Others
        get nothing then: the compositor knows which of the two they ask for.
        """
        now = time.monotonic()
        self._habits.given_back(now)
        if belated:
            self._belated = now + BELATED

    def answer(self, serving: Serving, name: str, file: int) -> None:
        """Begin to write what somebody asks for; the file is ours to close."""
        offer = serving.offer
        if offer and offer.withdrawn:
            os.close(file)
            return
        who = self._readers.who(file, serving.taken_boot)
        data = serving.contents.get(name, b"")
        if offer is None and self._too_late(who):
            data = b""
        pressed = bool(offer and offer.pressed)
        if offer and name != HINT and pressed and not self._habits.is_suspect(who):
            offer.begun = True
        os.set_blocking(file, False)
        self._reads[file] = _Read(file, memoryview(data), who, name, serving, pressed)
        self.go_on(file)

    def go_on(self, file: int) -> None:
        """Write as much as is taken now."""
        read = self._reads[file]
        try:
            while read.left:
                read.left = read.left[os.write(file, read.left[:_PIECE]) :]
        except BlockingIOError:
            return
        except OSError:  # they have gone, or read no more
            self._end(read)
            return
        self._end(read)
        self._note(read)

    def drop_stale(self) -> None:
        """Give up those who do not read."""
        now = time.monotonic()
        for read in [read for read in self._reads.values() if read.until < now]:
            self._end(read)

    def cut(self, offer: Offer) -> None:
        """Write no more of an offer's text."""
        for read in [read for read in self._reads.values() if read.serving.offer is offer]:
            self._end(read)

    def close(self) -> None:
        """Write no more at all."""
        for read in [*self._reads.values()]:
            self._end(read)

    def _end(self, read: _Read) -> None:
        del self._reads[read.file]
        with suppress(OSError):
            os.close(read.file)

    def _too_late(self, who: int) -> bool:
        now = time.monotonic()
        if now > self._belated or not self._readers.is_compositor(who):
            return False
        self._belated = min(self._belated, now + ONE_PASTE)
        return True

    def _note(self, read: _Read) -> None:
        """Learn from a complete read."""
        who, offer, now = read.who, read.serving.offer, time.monotonic()
        if read.name == HINT:
            self._habits.asks_for_secrets(who)
        elif offer is None:
            if now - read.serving.taken_at < EAGER:
                self._habits.reads_unasked(who)
        elif not read.pressed:
            self._habits.reads_unasked(who)
        elif not self._habits.is_suspect(who):
            if not offer.fetched.is_set():
                offer.sure = self._habits.fetches(who, now, EAGER)
            offer.done_at = offer.done_at or now
            offer.quiet_since = now
            offer.fetched.set()
        elif self._may_be_target(read):
            offer.foreign.add(who)
        if offer is not None:
            self._seen.add((who, read.serving.kind, read.name))

    def _may_be_target(self, read: _Read) -> bool:
        """Whether a suspect's read may be that of a target.

        A manager reads a type once. Xwayland's programs share one name, the unknown share one.
        """
        if not self._habits.is_manager(read.who) or self._readers.is_compositor(read.who):
            return True
        return (read.who, read.serving.kind, read.name) in self._seen
