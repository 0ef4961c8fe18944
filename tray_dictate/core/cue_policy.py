"""Which cue when: none sounds into a recording but the one that opens it.

A speaker is heard by the microphone. So the stop cue waits for the end of the tail, and an error
of an earlier dictation for the end of the recording; where another recording has begun meanwhile,
its own cues say enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class CuePolicy:
    """Hears of each dictation's life, by number, and plays "start", "stop", "cancel", "error"."""

    play: Callable[[str], None]
    _open: int = 0  # the dictation whose recording is open or opens, 0 for none
    _heard: bool = False  # it has had its start cue
    _failed: bool = False  # the error cue is due when nothing is recorded

    def begun(self, number: int) -> None:
        """The microphone opens for a dictation; it is no longer open for another."""
        self._open, self._heard = number, False

    def heard(self, number: int) -> None:
        """Its first sample is there: the user may speak."""
        if number == self._open:
            self._heard = True
            self.play("start")

    def recorded(self, number: int) -> None:
        """Its recording is over, tail and all."""
        if number == self._open:
            self._close("stop")

    def dropped(self, number: int) -> None:
        """It was given up, while it recorded or later."""
        if number == self._open:
            self._close("cancel")
        elif not self._open:
            self.play("cancel")

    def failed(self, number: int) -> None:
        """It has ended with trouble."""
        self._failed = True
        if self._open in (0, number):
            self._close("")

    def _close(self, cue: str) -> None:
        if not self._heard:  # what has not begun for the user does not end
            cue = ""
        if self._failed:
            cue = "error"
        self._open, self._heard, self._failed = 0, False, False
        if cue:
            self.play(cue)
