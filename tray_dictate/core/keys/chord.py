"""Turns raw key edges and time into presses and releases of the hotkey, and into shortcuts.

`ChordMachine` handles auto-repeat, bouncing contacts, releases that never arrive, and shortcuts
that begin with the hotkey's own modifier. It knows no key names of any platform: back ends report
the canonical names of `core.keys`.

The caller feeds edges, calls `tick` at `wake_at`, and answers a VERIFY with the keys that are
physically held: a hold is never ended by a timer, only by the keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from tray_dictate.core.keys.names import (
    MODIFIERS,
    Chord,
    filled,
    is_bare,
    parse_chord,
    without_side,
)

# seconds: a release followed by a press this soon is repeat or bounce. Contacts bounce for up to
# 20 ms, and a busy X server reports times up to 10 ms late; no person presses again so soon
GRACE = 0.035
SHORTCUT = 0.300  # seconds: another key this soon after a bare modifier means a shortcut
VERIFY = 3.0  # seconds of holding between two comparisons with the physical keys


class Signal(Enum):
    """An instruction of the chord to the dictation."""

    START = auto()
    STOP = auto()
    CANCEL = auto()
    VERIFY = auto()  # not for the dictation: call `verify` with the keys that are held


POINTER = "pointer"  # the key of an edge that is a click, which may move the caret


@dataclass(frozen=True, slots=True)
class Edge:
    """A key went down or up; `at` is in seconds of a monotonic clock."""

    key: str
    down: bool
    at: float


class _Phase(Enum):
    IDLE = auto()
    HELD = auto()  # the chord is down
    LATCHED = auto()  # toggle mode: recording with the chord up
    SPOILT = auto()  # the chord is down, but it was a shortcut or was cancelled


@dataclass(slots=True)
class ChordMachine:
    """One hotkey: call `feed` with edges and `tick` at `wake_at`; each returns signals in order."""

    chord: Chord
    toggle: bool = False
    cancel: Chord = field(default_factory=lambda: parse_chord("escape"))
    verify_after: float = VERIFY  # seconds of holding until the physical keys are compared
    over_at: float = 0.0  # the time of the edge that caused the last STOP
    _phase: _Phase = _Phase.IDLE
    _held: frozenset[str] = frozenset()
    _since: float = 0.0
    _stopping: bool = False  # toggle mode: this press of the chord is the one that stops
    _released_at: float | None = None
    _verify_at: float | None = None

    @property
    def wake_at(self) -> float | None:
        """The latest time to call `tick`, or None."""
        times = [
            self._released_at + GRACE if self._released_at is not None else None,
            self._verify_at,
        ]
        return min((time for time in times if time is not None), default=None)

    def feed(self, edge: Edge) -> list[Signal]:
        """Process one edge."""
        signals = self.tick(edge.at)
        if edge.down == (edge.key in self._held):
            return signals  # auto-repeat, or a release of what we never saw pressed
        change = frozenset({edge.key})
        self._held = self._held | change if edge.down else self._held - change
        return signals + (self._pressed(edge) if edge.down else self._let_go(edge))

    def tick(self, now: float) -> list[Signal]:
        """Let time pass."""
        if self._released_at is not None and now >= self._released_at + GRACE:
            self.over_at = self._released_at
            return self._released()
        if self._verify_at is not None and now >= self._verify_at:
            self._verify_at = now + self.verify_after
            return [Signal.VERIFY]
        return []

    def verify(self, physical: frozenset[str], now: float) -> list[Signal]:
        """Compare with the keys that are physically held: a release may have been lost."""
        signals: list[Signal] = []
        for key in sorted(self._held - physical):
            signals += self.feed(Edge(key, down=False, at=now))
        if self._ready and self._complete():  # only a lost release stood in the way
            signals += self._chord_down(now)
        return signals

    def follow(self, recording: bool) -> None:
        """Set whether a dictation records: the tray, a limit or a lost microphone change it, too.

        One that was started elsewhere counts as latched: the next press of the chord ends it.
        """
        if recording and self._phase is _Phase.IDLE:
            self._phase = _Phase.LATCHED
        elif not recording and self._phase is _Phase.LATCHED:
            self._phase = _Phase.IDLE
        elif not recording and self._phase is _Phase.HELD and not self._stopping:
            self._spoil()

    # the meaning of an edge

    @property
    def _own(self) -> frozenset[str]:
        return frozenset(key for slot in self.chord for key in slot)

    @property
    def _ready(self) -> bool:
        return self._phase in (_Phase.IDLE, _Phase.LATCHED)

    @property
    def _recording(self) -> bool:
        if self._phase is _Phase.HELD:
            return not self._stopping or is_bare(self.chord)  # a bare chord stops on release
        return self._phase is _Phase.LATCHED

    def _down(self) -> bool:
        return all(filled(slot, self._held) for slot in self.chord)

    def _complete(self) -> bool:
        """Whether the chord is down, without modifiers that are not its own.

        The same modifier on the other side does not matter: xdotool presses Control_L before it
        presses Control_R.
        """
        return self._down() and not any(self._is_other(key) for key in self._held & MODIFIERS)

    def _is_other(self, key: str) -> bool:
        return without_side(key) not in {without_side(own) for own in self._own}

    def _pressed(self, edge: Edge) -> list[Signal]:
        if self._released_at is not None and self._complete():
            self._released_at = None  # the release was bounce or repeat
            return []
        if self.cancel and edge.key in self.cancel[0] and self._recording:
            return self._cancelled()
        if self._is_other(edge.key):
            return self._other_key(edge)
        if not self._ready or not self._down():
            return []
        return self._chord_down(edge.at) if self._complete() else [Signal.VERIFY]

    def _chord_down(self, now: float) -> list[Signal]:
        self._stopping = self._phase is _Phase.LATCHED
        self._phase, self._since = _Phase.HELD, now
        self._verify_at = now + self.verify_after
        if self._stopping:
            self.over_at = now
            return [] if is_bare(self.chord) else [Signal.STOP]  # bare: on release, see _released
        return [Signal.START]

    def _other_key(self, edge: Edge) -> list[Signal]:
        """Process another key while the modifiers are held: if it is soon, it was a shortcut."""
        if self._phase is not _Phase.HELD or not is_bare(self.chord):
            return []
        if self._stopping:  # Ctrl+C during a toggled dictation: the dictation goes on
            self._stopping = False
            return []
        if edge.at - self._since <= SHORTCUT:
            self._spoil()
            return [Signal.CANCEL]
        return []

    def _cancelled(self) -> list[Signal]:
        if self._phase is _Phase.HELD:
            self._spoil()
        else:
            self._phase = _Phase.IDLE
        return [Signal.CANCEL]

    def _spoil(self) -> None:
        self._phase, self._verify_at, self._released_at = _Phase.SPOILT, None, None

    def _let_go(self, edge: Edge) -> list[Signal]:
        if self._phase is _Phase.HELD and edge.key in self._own:
            self._released_at = edge.at
        elif self._phase is _Phase.SPOILT and not self._held & self._own:
            self._phase = _Phase.IDLE
        return []

    def _released(self) -> list[Signal]:
        """End the press: the release was no bounce."""
        self._released_at = self._verify_at = None
        if self._stopping:
            self._phase, self._stopping = _Phase.IDLE, False
            return [Signal.STOP] if is_bare(self.chord) else []
        self._phase = _Phase.LATCHED if self.toggle else _Phase.IDLE
        return [] if self.toggle else [Signal.STOP]


@dataclass(slots=True)
class Shortcuts:
    """Chords that act at their press, beside the hotkey that is held."""

    chords: Mapping[str, Chord]
    _held: set[str] = field(default_factory=set[str])

    def feed(self, edge: Edge) -> list[str]:
        """Process one edge; return the names of the chords that it completes, once a press."""
        if not edge.down:
            self._held.discard(edge.key)
            return []
        if edge.key in self._held:
            return []
        self._held.add(edge.key)
        return [name for name, chord in self.chords.items() if self._is_pressed(chord, edge.key)]

    def _is_pressed(self, chord: Chord, last: str) -> bool:
        """Whether exactly this chord is down, and `last` completed it."""
        held = frozenset(self._held)
        if not any(last in slot for slot in chord) or not all(filled(slot, held) for slot in chord):
            return False
        wanted = {without_side(key) for slot in chord for key in slot}
        return all(without_side(key) in wanted for key in held & MODIFIERS)
