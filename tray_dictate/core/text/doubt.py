"""What the recogniser writes when nobody spoke.

Its training data were subtitles: a click, a cough or a chair becomes "You" or "Thank you for
watching". Nobody can say these in the time that the noise lasts.
"""

from __future__ import annotations

import re

_HEARD_IN_NOISE = frozenset(
    {
        "bye", "i", "mm", "oh", "okay", "so", "thank you", "thank you for watching",
        "thank you very much", "thanks for watching", "the", "you",
    }
)  # fmt: skip
_SHORT = 0.3  # seconds of voice


def believable(text: str, voiced: float) -> str:
    """Return the text, or nothing where `voiced` seconds of sound cannot have been these words."""
    words = re.findall(r"[\w']+", text.lower())
    if not words:  # notes of music, lone punctuation
        return ""
    return "" if voiced < _SHORT and " ".join(words) in _HEARD_IN_NOISE else text
