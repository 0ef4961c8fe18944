"""What became of one dictation, and when what happened, as it is gathered for the history."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tray_dictate.config.engine import EngineSettings
from tray_dictate.history.entries import State
from tray_dictate.history.timings import Timings


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
    rescued: bool = False  # the embedded engine did what the engine could not
    pressed: float | None = None
    heard: float | None = None  # the first sample
    released: float | None = None
    transcribed: float | None = None  # the last segment's text was there
    inserted: float | None = None  # its last character was in the window

    @classmethod
    def of(cls, engine: EngineSettings) -> Story:
        """Return one that begins now."""
        known = "en" if engine.name == "offline" else ""
        return cls(engine=engine.name, language=", ".join(engine.languages) or known)

    @property
    def engines(self) -> str:
        """Who turned it into text: "openai", or "openai, offline" where it was rescued."""
        return f"{self.engine}, offline" if self.rescued else self.engine

    @property
    def complete(self) -> bool:
        """Whether all that was said is text, and wanted."""
        return bool(self.text) and not self.failed and self.state not in ("dropped", "kept")

    def strand(self, raw: str) -> None:
        """Add what will not be delivered any more."""
        self.raw = f"{self.raw} {raw}".strip()
        self.text = f"{self.text} {raw}".strip()
        self.state = "kept"

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
