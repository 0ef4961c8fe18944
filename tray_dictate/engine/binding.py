"""Which of a server's items is which turn of ours; one connection's memory.

We know the turns: each of our commits ends one, in spoken order. The server names them, may name
them out of order, twice, wrongly or not at all, and tells their texts by these names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tray_dictate.engine.turns import Turn


@dataclass(slots=True)
class Binding:
    """Turns wait for a name in the order of their commits; texts wait for a turn."""

    follows: bool  # previous_item_id can be trusted
    echoes: bool  # texts come under the name that was announced
    _unnamed: list[Turn] = field(default_factory=list[Turn])
    _announced: dict[str, str | None] = field(default_factory=dict[str, str | None])
    _items: dict[str, Turn] = field(default_factory=dict[str, Turn])
    _last: str | None = None  # the youngest item that is bound
    _orphans: dict[str, int] = field(default_factory=dict[str, int])  # texts without a turn
    _over: set[str] = field(default_factory=set[str])  # of earlier takes, and settled

    def expect(self, turn: Turn) -> None:
        """Learn that this turn was committed by us: its name will come."""
        self._unnamed.append(turn)

    def bind(self, item: str, turn: Turn) -> None:
        """Learn from the server itself which sound an item is."""
        self._items[item] = turn
        self._announced.pop(item, None)
        self._last = item

    def announce(self, item: str, after: str | None) -> bool:
        """Take a committed item; return whether it answers none of our commits."""
        if item in self._items or item in self._announced or item in self._over:
            return False
        if len(self._announced) >= len(self._unnamed):
            return True
        self._announced[item] = after
        while self._unnamed and (known := self._next()):
            self._announced.pop(known)
            self.bind(known, self._unnamed.pop(0))
        return False

    def turn(self, item: str) -> Turn | None:
        """Return the turn that a text under this name belongs to, None while that is open."""
        if turn := self._items.get(item):
            return turn
        if item in self._announced or item in self._over:
            return None
        if self.echoes and (self._unnamed or item == ""):
            return None  # its announcement is still on its way
        return next(self._owed(), None)

    def unanswered(self) -> Turn | None:
        """Return the oldest turn that the server has not announced."""
        return self._unnamed[0] if self._unnamed else None

    def give_up(self, turn: Turn) -> None:
        """Learn that a commit is answered by an error: no name will come."""
        if turn in self._unnamed:
            self._unnamed.remove(turn)

    def _owed(self) -> Iterator[Turn]:
        bound = (turn for turn in self._items.values() if turn.text is None)
        return iter([*bound, *self._unnamed])

    def _next(self) -> str | None:
        """Return the announced item that is next in spoken order, as far as that is known."""
        if not self.follows:
            return next(iter(self._announced), None)
        linked = (item for item, after in self._announced.items() if after == self._last)
        if item := next(linked, None):
            return item
        # all names are here and none follows the last: the links are wrong, arrival must do
        return next(iter(self._announced)) if len(self._announced) == len(self._unnamed) else None
