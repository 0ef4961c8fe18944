"""Completions in any order -> text in spoken order, each once.

The events are the realtime API's own words: `committed` -> `delta`* -> `completed` or `failed`.
An engine may repeat an event, send it out of order, or complete what it never announced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never


@dataclass(frozen=True, slots=True)
class Committed:
    """A stretch of speech is closed; its text is owed. `after` is the item spoken before it."""

    item: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """Text so far of an item that is not finished: for a preview only."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The final text of an item; it replaces every delta."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No text will come for this item."""

    item: str
    reason: str


SessionEvent = Committed | Delta | Completed | Failed


@dataclass(slots=True)
class SpokenOrder:
    """Feed it session events; it hands out each text once, when all before it are settled."""

    _order: list[str] = field(default_factory=list[str])
    _settled: dict[str, str] = field(default_factory=dict[str, str])
    _out: int = 0

    def feed(self, event: SessionEvent) -> list[str]:
        """Return the texts that this event makes due, in spoken order."""
        match event:
            case Committed(item, after):
                self._place(item, after)
            case Completed(item, text):
                self._place(item, None)
                self._settled.setdefault(item, text)
            case Failed(item, _):
                self._place(item, None)
                self._settled.setdefault(item, "")
            case Delta():
                return []
            case _:
                assert_never(event)
        return self._due()

    def drain(self) -> list[str]:
        """Return what is left when no more will come: items never settled are passed over."""
        rest = [self._settled[item] for item in self._order[self._out :] if item in self._settled]
        self._out = len(self._order)
        return [text for text in rest if text]

    @property
    def owed(self) -> int:
        """How many items were announced and are not settled."""
        return sum(item not in self._settled for item in self._order)

    def _place(self, item: str, after: str | None) -> None:
        if item in self._order:
            return
        at = len(self._order)
        if after in self._order:  # a server may announce late what was spoken earlier
            at = max(self._order.index(after) + 1, self._out)
        self._order.insert(at, item)

    def _due(self) -> list[str]:
        texts: list[str] = []
        while self._out < len(self._order) and self._order[self._out] in self._settled:
            texts.append(self._settled[self._order[self._out]])
            self._out += 1
        return [text for text in texts if text]
