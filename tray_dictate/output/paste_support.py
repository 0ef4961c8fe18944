"""Which windows accept pastes, learnt from what they have read.

A window that ignores the chord would cost a second at every segment, and one that inserts something
for it would insert that again. So both are typed into from the second text on, and so are the other
windows of an application of which none has ever accepted a paste. Where the application does accept
pastes, the focus may just have been on something else in that window: it is tried again after a
while, and for a text of several lines, in which a typed Return could send a message. A terminal is
not tried again, as it has nothing else in it: its keys are set so, and it may insert the chord.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from tray_dictate.core.ports import Clock

AGAIN = 60.0  # seconds until a window is tried again whose application accepts pastes
REMEMBERED = 1000  # windows; the oldest are forgotten


class Place(NamedTuple):
    """Where a paste is tried, and by which chord."""

    window: str
    names: tuple[str, ...]  # of the application; empty where they are not known
    chord: str
    single: bool = False  # all of the window takes text alike, as a terminal's does

    @property
    def kin(self) -> tuple[tuple[str, ...], str]:
        """Return what all windows of the application have in common."""
        return self.names, self.chord


class PasteSupport:
    """What windows have done with pastes so far; for one thread."""

    def __init__(self, clock: Clock = time) -> None:
        self._clock = clock
        self._refusing: dict[Place, float] = {}  # when they ignored a paste last
        self._refusing_kin: set[tuple[tuple[str, ...], str]] = set()
        self._accepting_kin: set[tuple[tuple[str, ...], str]] = set()

    def accepted(self, place: Place) -> None:
        """Note that a window has read what was pasted, even if late."""
        self._refusing.pop(place, None)
        self._refusing_kin.discard(place.kin)
        if place.names:
            self._accepting_kin.add(place.kin)

    def ignored(self, place: Place) -> None:
        """Note that a window has not read what was pasted."""
        self._refusing.pop(place, None)
        self._refusing[place] = self._clock.monotonic()
        if len(self._refusing) > REMEMBERED:
            del self._refusing[next(iter(self._refusing))]
        if place.names and place.kin not in self._accepting_kin:
            self._refusing_kin.add(place.kin)

    def accepts(self, place: Place) -> bool:
        """Tell whether a window of this application has accepted a paste."""
        return place.kin in self._accepting_kin

    def refuses(self, place: Place, text: str) -> bool:
        """Tell whether a paste of this text should not be tried there."""
        if place.kin in self._refusing_kin:
            return True
        if place not in self._refusing:
            return False
        if place.single or place.kin not in self._accepting_kin:
            return True
        return "\n" not in text and self._clock.monotonic() - self._refusing[place] < AGAIN
