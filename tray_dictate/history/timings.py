"""How long the stages of one dictation took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds; None for what did not happen, or is not known."""

    heard_ms: float | None = None  # from the key-down to the first sample
    engine_ms: float | None = None  # from the release to the text of the last segment
    text_ms: float | None = None  # from the release to its last character in the window
