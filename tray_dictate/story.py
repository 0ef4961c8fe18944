"""What became of one dictation, as it is gathered for the history."""

from __future__ import annotations

from dataclasses import dataclass

from tray_dictate.history import State


@dataclass(slots=True)
class Story:
    """What became of one dictation; `at` is time.time()."""

    at: float
    text: str = ""
    raw: str = ""
    state: State = "delivered"
    application: str = ""
