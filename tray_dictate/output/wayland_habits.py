"""Who reads selections unasked: clipboard managers, by what they do.

A manager reads whatever appears, at once. A person may paste in that very moment, so that once
proves nothing; asking whether a text is secret does.
"""

from __future__ import annotations

from tray_dictate.output.wayland_readers import NOBODY

HABIT = 3  # changes that somebody has read unasked


class Habits:
    """What processes have done until now, at times of one clock."""

    def __init__(self) -> None:
        self._change = 0
        self._unasked: dict[int, tuple[int, int]] = {}  # how many changes, and the last of them
        self._fetchers: dict[int, float] = {}  # who fetched an offer, and when that was given back

    def changed(self) -> None:
        """Something else is on the selections."""
        self._change += 1

    def given_back(self, now: float) -> None:
        """What was there before an offer is there again."""
        self._change += 1
        self._fetchers = {who: at or now for who, at in self._fetchers.items()}

    def reads_unasked(self, who: int) -> None:
        """Note that somebody has read what no key has asked for."""
        times, last = self._unasked.get(who, (0, 0))
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

    def fetches(self, who: int, now: float, eager: float) -> bool:
        """Note that somebody has fetched an offer; return whether it is surely no manager.

        Sure is who has left alone, for `eager` seconds, what was given back after an earlier one.
        """
        since = self._fetchers.setdefault(who, 0.0)
        return who != NOBODY and 0.0 < since < now - eager
