"""Maps a server's items and times on one connection to our turns and positions.

Each of our commits ends a turn, in spoken order. The server names the turns (possibly out of order,
twice, wrongly or not at all), and sends their texts under these names. Its times count the sound
that we have sent to it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from tray_dictate.engine.realtime.protocol.turns import Turn


@dataclass(slots=True)
class ItemMap:
    """Turns wait for a name in the order of their commits; texts wait for a turn."""

    follows: bool  # previous_item_id can be trusted
    echoes: bool  # a text comes under the name that was announced
    detects: bool = False  # the server announces items that we have not committed
    _unnamed: list[Turn] = field(default_factory=list[Turn])
    _announced: dict[str, str | None] = field(default_factory=dict[str, str | None])
    _items: dict[str, Turn] = field(default_factory=dict[str, Turn])
    _last: str | None = None  # the youngest item that is bound

    @property
    def waits(self) -> bool:
        """Whether the server may still announce an item."""
        return bool(self._unnamed) or self.detects

    def knows(self, item: str) -> bool:
        """Whether the item is mapped to a turn."""
        return item in self._items

    def expect(self, turn: Turn) -> None:
        """Expect an item for this turn, which we have committed."""
        self._unnamed.append(turn)

    def bind(self, item: str, turn: Turn) -> None:
        """Map an item to a turn."""
        if turn in self._unnamed:  # our commit came too late: what answers it is about no sound
            self._unnamed[self._unnamed.index(turn)] = Turn(turn.start, turn.end, "")
        self._items[item] = turn
        self._last = item

    def announce(self, item: str, after: str | None) -> bool:
        """Accept a committed item; return whether it answers one of our commits, or is known."""
        if item in self._items or item in self._announced:
            return True
        if len(self._announced) >= len(self._unnamed):
            return False
        self._announced[item] = after
        while known := self._next():
            for name in known:
                del self._announced[name]
                self.bind(name, self._unnamed.pop(0))
        return True

    def turn(self, item: str) -> Turn | None:
        """Return the turn that a text under this name belongs to; None while that is open."""
        if turn := self._items.get(item):
            return turn
        if item in self._announced or (self.echoes and (self._unnamed or self.detects)):
            return None  # its announcement is still on its way
        return self.adopt(item)

    def adopt(self, item: str) -> Turn | None:
        """Return the oldest turn that is owed, for a text under an unknown name."""
        named = (turn for turn in self._items.values() if turn.text is None)
        turn = next(named, None) or (self._unnamed.pop(0) if self._unnamed else None)
        if turn and item:
            self._items[item] = turn  # should the text come twice
        return turn

    def forget_texts(self) -> None:
        """Keep the names of past turns, should they come again, but not their texts."""
        over = Turn(0, 0, "")
        self._items = dict.fromkeys(self._items, over)

    def withdraw(self) -> Turn | None:
        """Return the oldest commit without a name: the server has refused it."""
        return self._unnamed.pop(0) if self._unnamed else None

    def _next(self) -> list[str]:
        """Return the announced items whose place in spoken order is known, in that order."""
        arrived = list(self._announced)
        if not self.follows or not arrived:
            return arrived
        if self._announced[arrived[0]] == self._last:
            return arrived[:1]
        if len(arrived) < len(self._unnamed):
            return []  # what was spoken first is still on its way
        chain = self._chain()
        return chain if len(chain) == len(arrived) else arrived  # the links are wrong

    def _chain(self) -> list[str]:
        """Return the announced items that follow the last one, each linked to that before it."""
        following = {after: item for item, after in self._announced.items()}
        chain: list[str] = []
        last = self._last
        while last in following and len(chain) < len(following):
            last = following[last]
            chain.append(last)
        return chain


class ServerClock:
    """Maps positions in a connection's sound to positions in a take; both in samples."""

    def __init__(self) -> None:
        self._appended = 0
        self._jumps = [(0, 0)]  # appended until then, position in the take from there on

    def append(self, samples: int) -> None:
        """Count samples that were sent."""
        self._appended += samples

    def jump(self, position: int) -> None:
        """Continue at another position in the take, or in another take."""
        self._jumps.append((self._appended, position))

    def position(self, appended: int) -> int:
        """Return the position in its take of the sample that was sent after `appended` others."""
        index = bisect_right(self._jumps, appended, key=lambda jump: jump[0]) - 1
        start, position = self._jumps[index]
        return position + appended - start
