"""Decides which cue sounds when, so that only the start cue can get into a recording.

The microphone hears the speaker. So the stop cue waits for the end of the tail, and an error
of an earlier dictation for the end of the recording; where another recording has begun meanwhile,
its own cues say enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class CuePolicy:
    """Follows each dictation, by number, and plays "start", "stop", "cancel" or "error"."""

    play: Callable[[str], None]
    _open: int = 0  # the dictation whose recording is open or being opened; 0: none
    _heard: bool = False  # its start cue has been played
    _failed: bool = False  # the error cue is due when nothing is recorded

    def begun(self, number: int) -> None:
        """Note that the microphone opens for this dictation, and closes for any other."""
        self._open, self._heard = number, False

    def heard(self, number: int) -> None:
        """Play the start cue: the first sample has arrived."""
        if number == self._open:
            self._heard = True
            self.play("start")

    def recorded(self, number: int) -> None:
        """Play the stop cue: the recording is over, with its tail."""
        if number == self._open:
            self._close("stop")

    def dropped(self, number: int) -> None:
        """Play the cancel cue: the dictation was cancelled, while recording or later."""
        if number == self._open:
            self._close("cancel")
        elif not self._open:
            self.play("cancel")

    def failed(self, number: int) -> None:
        """Play the error cue, once nothing is recorded: the dictation has failed."""
        self._failed = True
        if self._open in (0, number):
            self._close("")

    def _close(self, cue: str) -> None:
        if not self._heard:  # without a start cue there is no stop cue
            cue = ""
        if self._failed:
            cue = "error"
        self._open, self._heard, self._failed = 0, False, False
        if cue:
            self.play(cue)
