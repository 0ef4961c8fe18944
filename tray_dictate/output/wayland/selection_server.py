"""Answers programs that read a selection we own, and notes which process read what.

A selection that changes is read unasked by clipboard managers, and after the key by the target.
Wayland names neither, so `ManagerDetector` tells them apart by what they do. A manager reads
whatever appears, at once. A person may paste in that very moment, so that once proves nothing;
asking whether a text is secret does.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field

from tray_dictate.output.secrecy import HINT, OURS
from tray_dictate.output.selection import BELATED, EAGER, ONE_PASTE, Offer
from tray_dictate.output.wayland.data_control import Contents
from tray_dictate.output.wayland.readers import UNKNOWN, Reader, Readers

HABIT = 3  # unasked reads of changes that make a process a clipboard manager


TYPES: tuple[str, ...] = ("text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "STRING", "TEXT")
EMPTYING = 1.0  # seconds for a target to read what was written
_STALE = 60.0  # seconds after which we write no more to a program that does not read
_PIECE = 1 << 16


class WaylandOffer(Offer):
    """An offer that has to guess its readers: Wayland names none."""

    def __init__(self) -> None:
        super().__init__()
        self.once = False  # two chords were pressed: a second read would insert it again
        self.served: set[str] = set()  # types that the target has read after the key
        self.fetcher: int | None = None  # the process that fetched it
        self.sure = True  # which is known not to be a clipboard manager
        self.withdrawn = False  # no program gets it any more

    def settle(self) -> None:
        """Have it given back after a quiet time: the key was pressed, the reader is not known."""
        super().settle()
        self.sure = False


@dataclass(frozen=True, eq=False, slots=True)
class Serving:
    """The contents that we serve on a selection, kept as long as a reader may ask for them."""

    selection: str
    contents: Contents
    offer: WaylandOffer | None  # whose text it is; None for what is the user's
    taken_at: float  # on the monotonic clock
    taken_boot: float  # the same on the boot clock
    before: Contents | None = None  # what the user had, which an offer hides


@dataclass(slots=True)
class OwnedSelection:
    """One selection."""

    selection: str
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
        contents |= {HINT: b"secret", OURS: b"1"}
    return contents


@dataclass(eq=False, slots=True)
class _Read:
    """One answer on its way."""

    file: int
    left: memoryview
    reader: Reader
    name: str
    serving: Serving
    pressed: bool  # the key was down before they asked
    meant: bool  # it is what is served, and not what the user had instead of it
    until: float = field(default_factory=lambda: time.monotonic() + _STALE)


class ManagerDetector:
    """Learns which processes are clipboard managers; all times are of one clock."""

    def __init__(self) -> None:
        self._change = 0
        self._given_back = (0, 0.0)  # the last change that was no paste, and when it came
        self._unasked: dict[int, tuple[int, int]] = {}  # how many changes, and the last of them
        self._fetched: dict[int, float] = {}  # the processes that fetched an offer, and when
        self._proven: dict[int, float] = {}  # the same, and when that was given back

    def offered(self, now: float) -> None:
        """Record that our text is on the selections now."""
        change, since = self._given_back
        if since and now - since > EAGER:  # a process that has left that alone is no manager
            self._unasked = {
                process: (times, last)
                for process, (times, last) in self._unasked.items()
                if times >= HABIT or last >= change
            }
        self._change += 1

    def given_back(self, now: float) -> None:
        """Note that the contents from before an offer are back."""
        self._change += 1
        self._given_back = (self._change, now)
        for process in self._fetched:
            self._proven.setdefault(process, now)

    def reads_unasked(self, process: int, now: float) -> None:
        """Note that a process has read without a key press."""
        if now - self._fetched.get(process, -ONE_PASTE) < ONE_PASTE:
            return  # still busy with the last paste
        times, last = self._unasked.get(process, (0, -1))
        if last != self._change:
            self._unasked[process] = (times + 1, self._change)

    def asks_for_secrets(self, process: int) -> None:
        """Note that a process has asked whether a text is to be kept."""
        self._unasked[process] = (HABIT, self._change)

    def is_suspect(self, process: int) -> bool:
        """Tell whether this may be a clipboard manager."""
        return process in self._unasked

    def is_manager(self, process: int) -> bool:
        """Tell whether this is a clipboard manager beyond doubt."""
        return process != UNKNOWN and self._unasked.get(process, (0, 0))[0] >= HABIT

    @property
    def is_awaited(self) -> bool:
        """Whether a known manager has not read the last change yet."""
        return any(
            process != UNKNOWN and times >= HABIT and last == self._change - 1
            for process, (times, last) in self._unasked.items()
        )

    def fetches(self, process: int, now: float) -> bool:
        """Note that a process has fetched an offer; return whether it is surely no manager.

        It is one that has not read, for a while, what was given back after an earlier offer.
        """
        self._fetched[process] = now
        return process != UNKNOWN and now - self._proven.get(process, now) > EAGER


class Server:
    """Serves the selections that we own."""

    def __init__(self, readers: Readers, belated: float = 0.0) -> None:
        """`belated` is until when a target may still ask that has not read its text."""
        self._readers = readers
        self._reads: dict[int, _Read] = {}  # by the file
        self._emptying: list[tuple[Reader, float]] = []  # they still have their end of a pipe
        self._habits = ManagerDetector()
        # process, selection and type of each read of the present offer
        self._seen: set[tuple[int, str, str]] = set()
        self.belated = belated
        # processes that have asked since then, and until when that is one paste
        self._late: dict[int, float] = {}
        self._doubted: int | None = None  # fetched the last offer, and may be a manager

    @property
    def files(self) -> list[int]:
        """Return what `go_on` is to be called for once it takes more."""
        return list(self._reads)

    @property
    def is_awaited(self) -> bool:
        """Whether a known clipboard manager has not read the last change yet."""
        return self._habits.is_awaited

    @property
    def was_read_late(self) -> bool:
        """Whether a target has asked for the last offer only after we gave up waiting for it."""
        return bool(self._late)

    def begin(self) -> None:
        """Begin to serve another offer."""
        self._seen.clear()
        self._habits.offered(time.monotonic())

    def given_back(self, offer: WaylandOffer) -> None:
        """What was there before the offer is there again.

        A target that was asleep would paste now what the user had copied before. So where it is not
        sure that the target has read, a program that asks gets an empty paste at first.
        """
        now = time.monotonic()
        self._habits.given_back(now)
        self.belated = 0.0
        self._doubted = None if offer.sure else offer.fetcher
        if offer.pressed and not offer.fetched.is_set():
            self._expect_late(now)

    def answer(self, serving: Serving, name: str, file: int) -> None:
        """Begin to write what a program asks for; the file is ours to close."""
        offer = serving.offer
        reader = self._readers.find(file, serving.taken_boot)
        if offer.withdrawn if offer else self._is_late(reader.process):
            os.close(file)
            return
        meant = offer is None or name == HINT or self._is_meant(serving, reader.process, name)
        data = (
            serving.contents.get(name, b"") if meant else previous_data(serving.before or {}, name)
        )
        pressed = bool(offer and offer.pressed)
        if offer and name != HINT and pressed and not self._habits.is_suspect(reader.process):
            offer.begun = True
        os.set_blocking(file, False)
        self._reads[file] = _Read(file, memoryview(data), reader, name, serving, pressed, meant)
        self.go_on(file)

    def _is_meant(self, serving: Serving, process: int, name: str) -> bool:
        """Tell whether an offer's text is for this process; else it gets what the user had.

        A clipboard manager keeps what it reads, and may, where the text is not private.
        """
        if HINT not in serving.contents:
            return True
        if not (serving.offer and serving.offer.pressed):
            return False
        return not self._habits.is_manager(process) or self._may_be_target(
            process, serving.selection, name
        )

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
        if not self._habits.is_suspect(read.reader.process):
            self._emptying.append((read.reader, time.monotonic() + EMPTYING))

    def is_read_out(self) -> bool:
        """Tell whether all that was written has been read.

        GTK 3 drops what it is just reading once there is something else on a selection.
        """
        now = time.monotonic()
        self._emptying = [
            (reader, until)
            for reader, until in self._emptying
            if until > now and reader.is_reading()
        ]
        return not self._emptying

    def drop_stale(self) -> None:
        """Stop writing to programs that do not read."""
        now = time.monotonic()
        for read in [read for read in self._reads.values() if read.until < now]:
            self._end(read)

    def cut(self, offer: WaylandOffer) -> None:
        """Write no more of an offer's text."""
        for read in [one for one in self._reads.values() if one.serving.offer is offer]:
            if read.meant:
                self._end(read)

    def close(self) -> None:
        """Write no more at all."""
        for read in [*self._reads.values()]:
            self._end(read)

    def _end(self, read: _Read) -> None:
        del self._reads[read.file]
        with suppress(OSError):
            os.close(read.file)

    def _expect_late(self, now: float) -> None:
        self._late.clear()
        self.belated = now + BELATED

    def _is_late(self, process: int) -> bool:
        now = time.monotonic()
        if now > self.belated or self._habits.is_suspect(process):
            return False
        return now <= self._late.setdefault(process, now + ONE_PASTE)

    def _note(self, read: _Read) -> None:
        """Note a complete read."""
        process, offer, now = read.reader.process, read.serving.offer, time.monotonic()
        if read.name == HINT:
            self._habits.asks_for_secrets(process)
        elif offer is None:
            if now - read.serving.taken_at < EAGER:
                self._habits.reads_unasked(process, now)
                if process == self._doubted:  # a manager: the target has not read
                    self._expect_late(now)
        elif not read.pressed:
            self._habits.reads_unasked(process, now)
        elif not self._habits.is_suspect(process):
            self._fetched(offer, process, now)
        elif self._may_be_target(process, read.serving.selection, read.name):
            offer.foreign.add(process)
        if offer is not None:
            self._seen.add((process, read.serving.selection, read.name))

    def _fetched(self, offer: WaylandOffer, process: int, now: float) -> None:
        sure = self._habits.fetches(process, now)
        if not offer.fetched.is_set():
            offer.fetcher, offer.sure = process, sure
        offer.done_at = offer.done_at or now
        if process == offer.fetcher or not offer.sure:
            offer.quiet_since = now
        offer.fetched.set()

    def _may_be_target(self, process: int, selection: str, name: str) -> bool:
        """Whether a suspect's read may be that of a target.

        A manager reads a type once. Xwayland's programs share one name, the unknown share one.
        """
        if not self._habits.is_manager(process) or self._readers.is_compositor(process):
            return True
        return (process, selection, name) in self._seen


def previous_data(before: Contents, name: str) -> bytes:
    """Return the user's previous data of this type; any text type stands for another."""
    names = (name, *TYPES) if name in TYPES else (name,)
    return next((before[one] for one in names if one in before), b"")
