"""Puts segments, which are completed in any order, into spoken order, each once.

The events are the realtime API's own words: `committed` -> `delta`* -> `completed` or `failed`.
An engine may repeat an event, send it out of order, or complete what it never announced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, assert_never


@dataclass(frozen=True, slots=True)
class Committed:
    """A stretch of speech is closed; its text is owed.

    `after` is the item spoken before it; `span` is its place in the sound sent, in seconds.
    """

    item: str
    after: str | None = None
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """The text so far of an unfinished item, for a preview only."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The final text of an item; it replaces every delta.

    `confidence` is the engine's probability for its words, 0 to 1; None if it reports none.
    """

    item: str
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """No text will come for this item."""

    item: str
    reason: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A settled item, all of whose predecessors are settled."""

    item: str
    text: str
    span: tuple[float, float] | None = None
    confidence: float | None = None

    @property
    def spoken(self) -> Spoken:
        """The text, and the length of its sound."""
        return Spoken(self.text, self.span[1] - self.span[0] if self.span else None)


class Spoken(NamedTuple):
    """An engine's text for a segment, and the length of its sound in seconds, if known."""

    text: str
    seconds: float | None = None


SessionEvent = Committed | Delta | Completed | Failed


@dataclass(slots=True)
class SpokenOrder:
    """Accepts session events; returns each segment once, when all before it are settled."""

    _order: list[str] = field(default_factory=list[str])
    _settled: dict[str, Completed] = field(default_factory=dict[str, Completed])
    _spans: dict[str, tuple[float, float] | None] = field(
        default_factory=dict[str, tuple[float, float] | None]
    )
    _out: int = 0

    def feed(self, event: SessionEvent) -> list[Segment]:
        """Return the segments that this event makes due, in spoken order; none without text."""
        match event:
            case Committed(item, after, span):
                self._place(item, after)
                self._spans.setdefault(item, span)
            case Completed(item):
                self._place(item, None)
                self._settled.setdefault(item, event)
            case Failed(item):
                self._place(item, None)
                self._settled.setdefault(item, Completed(item, ""))
            case Delta():
                return []
            case _:
                assert_never(event)
        return self._due(waiting=True)

    def drain(self) -> list[Segment]:
        """Return the remaining segments at the end; items that were never settled are skipped."""
        return self._due(waiting=False)

    def _place(self, item: str, after: str | None) -> None:
        if item in self._order:
            return
        at = len(self._order)
        if after in self._order:  # a server may announce an earlier item late
            at = max(self._order.index(after) + 1, self._out)
        self._order.insert(at, item)

    def _due(self, *, waiting: bool) -> list[Segment]:
        segments: list[Segment] = []
        while self._out < len(self._order):
            item = self._order[self._out]
            if waiting and item not in self._settled:
                break
            self._out += 1
            settled = self._settled.get(item)
            if settled and settled.text:
                span = self._spans.get(item)
                segments.append(Segment(item, settled.text, span, settled.confidence))
        return segments
