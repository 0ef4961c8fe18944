"""Who reads selections unasked: clipboard managers, by what they do.

A manager reads whatever appears, at once. A person may paste in that very moment, so that once
proves nothing; asking whether a text is secret does.
"""

from __future__ import annotations

from tray_dictate.output.wayland.readers import NOBODY

EAGER = 0.5  # seconds after a change in which only a clipboard manager reads, unasked
ONE_PASTE = 0.3  # seconds in which a target asks for one type after the other
HABIT = 3  # changes that somebody has read unasked


class Habits:
    """What processes have done until now, at times of one clock."""

    def __init__(self) -> None:
        self._change = 0
        self._given_back = (0, 0.0)  # the last change that was nobody's paste, and when it came
        self._unasked: dict[int, tuple[int, int]] = {}  # how many changes, and the last of them
        self._fetched: dict[int, float] = {}  # who fetched an offer, and when
        self._proven: dict[int, float] = {}  # the same, and when that was given back

    def offered(self, now: float) -> None:
        """Our text is on the selections."""
        change, since = self._given_back
        if since and now - since > EAGER:  # who has left that alone is no manager
            self._unasked = {
                who: (times, last)
                for who, (times, last) in self._unasked.items()
                if times >= HABIT or last >= change
            }
        self._change += 1

    def given_back(self, now: float) -> None:
        """What was there before an offer is there again."""
        self._change += 1
        self._given_back = (self._change, now)
        for who in self._fetched:
            self._proven.setdefault(who, now)

    def reads_unasked(self, who: int, now: float) -> None:
        """Note that somebody has read what no key has asked for."""
        if now - self._fetched.get(who, -ONE_PASTE) < ONE_PASTE:
            return  # still busy with the last paste
        times, last = self._unasked.get(who, (0, -1))
        if last != self._change:
            self._unasked[who] = (times + 1, self._change)

    def asks_for_secrets(self, who: int) -> None:
        """Note that somebody has asked whether a text is to be kept."""
        self._unasked[who] = (HABIT, self._change)

    def is_suspect(self, who: int) -> bool:
        """Tell whether this may be a clipboard manager."""
        return who in self._unasked

    def is_manager(self, who: int) -> bool:
        """Tell whether this is a clipboard manager beyond doubt."""
        return who != NOBODY and self._unasked.get(who, (0, 0))[0] >= HABIT

    @property
    def is_awaited(self) -> bool:
        """Whether somebody who reads whatever appears has not read the last change yet."""
        return any(
            who != NOBODY and times >= HABIT and last == self._change - 1
            for who, (times, last) in self._unasked.items()
        )

    def fetches(self, who: int, now: float) -> bool:
        """Note that somebody has fetched an offer; return whether it is surely no manager.

        Sure is who has left alone for a while what was given back after an earlier one.
        """
        self._fetched[who] = now
        return who != NOBODY and now - self._proven.get(who, now) > EAGER
