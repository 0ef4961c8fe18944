"""Divides a take into turns, and tracks which of them have their text.

    0 ───────turn 1───────┬──────turn 2──────┬───turn 3 (open)──▶ end
       settled, its text   │  settled, waits  │  still spoken
       was handed out      │  for turn 1 …    │

Turns divide the take without gaps, so sound is covered exactly when its turn is settled, and each
text comes out once, in spoken order, over whichever connection it came. Positions are samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tray_dictate.core.segments import Committed, Completed, SessionEvent

_CLICK = 0.1  # seconds that are too short for a word


@dataclass(slots=True, eq=False)
class Turn:
    """A stretch of the take; `end` is None while it grows, `text` while it is owed."""

    start: int
    end: int | None = None
    text: str | None = None
    confidence: float | None = None
    failures: int = 0  # times that a server could not transcribe it


class Turns:
    """All turns of a take, oldest first; the last is open until `finish`."""

    def __init__(self, rate: int) -> None:
        self.end = 0  # of what was heard
        self.finished = False
        self._spoken_until = math.inf
        self._rate = rate
        self._owed = [Turn(0)]  # also settled turns that wait for an earlier one
        self._handed_out = 0
        self._ready: list[SessionEvent] = []

    @property
    def covered(self) -> int:
        """The position from which the sound is still needed."""
        return self._owed[0].start if self._owed else self.end

    @property
    def done(self) -> bool:
        """Whether the take is over and every text is handed out."""
        return self.finished and not self._owed

    def unsettled(self) -> Iterator[Turn]:
        """Yield the turns whose text is owed, in spoken order; the open one is the last."""
        return (turn for turn in self._owed if turn.text is None)

    def seconds(self, samples: int) -> float:
        """Return the length of samples in seconds."""
        return samples / self._rate

    def grow(self, samples: int) -> None:
        """Add samples to the open turn."""
        self.end += samples

    def cut(self, at: int) -> Turn | None:
        """End a turn at a position and return it; None if no owed turn has sound before it.

        It splits a turn that has already ended, too: a server may report late where its own voice
        detection has cut.
        """
        at = min(at, self.end)
        for index, turn in enumerate(self._owed):
            if turn.text is not None or turn.start >= at:
                continue
            if turn.end is None:
                turn.end = at
                self._owed.append(Turn(at))
                return turn
            if at <= turn.end:
                return turn if at == turn.end else self._split(index, at)
        return None

    def finish(self, spoken_until: float = math.inf) -> None:
        """End the take; there is no speech, and so no text owed, after `spoken_until`."""
        self.finished = True
        self._spoken_until = spoken_until
        last = self._owed[-1]
        if last.start == self.end:
            self._owed.pop()
        else:
            last.end = self.end
            self.pass_over_silence()

    def settle(self, turn: Turn, text: str, confidence: float | None = None) -> None:
        """Accept a turn's text; only the first one counts."""
        if turn.text is None and turn in self._owed:
            assert turn.end is not None
            turn.text, turn.confidence = text, confidence
            self._hand_out()

    def reopen(self) -> None:
        """Merge all sound whose text is not handed out into one turn: its cuts are void."""
        if self._owed:
            self._owed = [Turn(self.covered, self._owed[-1].end)]
            self.pass_over_silence()

    def due(self) -> list[SessionEvent]:
        """Return the events of the turns that are ready in spoken order, once."""
        ready, self._ready = self._ready, []
        return ready

    def _split(self, index: int, at: int) -> Turn:
        """Split a turn; the later part stays the one that was committed."""
        later = self._owed[index]
        earlier = Turn(later.start, at)
        later.start = at
        self._owed.insert(index, earlier)
        return earlier

    def pass_over_silence(self) -> None:
        """Settle the last turn of a finished take, if it has no speech."""
        last = self._owed[-1] if self.finished and self._owed else None
        if last and last.start + self._rate * _CLICK >= self._spoken_until:
            self.settle(last, "")

    def _hand_out(self) -> None:
        while self._owed and self._owed[0].text is not None:
            turn = self._owed.pop(0)
            assert turn.end is not None
            if turn.text:
                number = self._handed_out = self._handed_out + 1
                after = str(number - 1) if number > 1 else None
                span = turn.start / self._rate, turn.end / self._rate
                self._ready.append(Committed(str(number), after, span))
                self._ready.append(Completed(str(number), turn.text, turn.confidence))
