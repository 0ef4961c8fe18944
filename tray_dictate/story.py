"""What became of one dictation, and when what happened, as it is gathered for the history."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tray_dictate.history import State
from tray_dictate.timings import Timings


@dataclass(slots=True)
class Story:
    """What became of one dictation; `at` is time.time(), all else of the loop's clock, in seconds.

    `failed` where speech did not become text; `audio` is then the path of the recording.
    """

    at: float = field(default_factory=time.time)
    engine: str = ""
    language: str = ""
    text: str = ""
    raw: str = ""
    state: State = "delivered"
    application: str = ""
    seconds: float = 0.0  # of sound
    audio: str = ""
    failed: bool = False
    pressed: float | None = None
    heard: float | None = None  # the first sample
    released: float | None = None
    transcribed: float | None = None  # the last segment's text was there
    inserted: float | None = None  # its last character was in the window

    @property
    def outcome(self) -> State:
        """What is said of it in the history."""
        if not self.failed or self.state == "dropped":
            return self.state
        return "partly" if self.raw else "failed"

    @property
    def timings(self) -> Timings:
        """How long what took."""
        return Timings(
            heard_ms=_between(self.pressed, self.heard),
            engine_ms=_between(self.released, self.transcribed),
            text_ms=_between(self.released, self.inserted),
        )


def _between(start: float | None, end: float | None) -> float | None:
    """Return the milliseconds; 0 for text that was there before the release."""
    return None if start is None or end is None else round(max(0.0, end - start) * 1e3, 1)
