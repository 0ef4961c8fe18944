"""Modernizes spellings that the offline model has learnt from old books: to-day, co-operate."""

from __future__ import annotations

import re

_MODERN = {
    "to-day": "today", "to-morrow": "tomorrow", "to-night": "tonight", "good-bye": "goodbye",
    "good-by": "goodbye", "week-end": "weekend", "week-ends": "weekends", "per cent": "percent",
    "per-cent": "percent", "for ever": "forever", "for-ever": "forever", "mean-time": "meantime",
    "any-one": "anyone", "every-one": "everyone", "some-one": "someone",
    "any-thing": "anything", "every-thing": "everything", "some-thing": "something",
    "some-times": "sometimes", "some-where": "somewhere", "no-where": "nowhere",
    "every-where": "everywhere", "after-noon": "afternoon", "bed-room": "bedroom",
    "bath-room": "bathroom", "class-room": "classroom", "note-book": "notebook",
    "note-books": "notebooks", "text-book": "textbook", "hand-book": "handbook",
    "book-keeper": "bookkeeper", "book-keeping": "bookkeeping", "head-quarters": "headquarters",
    "foot-note": "footnote", "tea-cup": "teacup", "news-paper": "newspaper",
    "news-papers": "newspapers", "rail-way": "railway", "rail-road": "railroad",
    "co-operate": "cooperate", "co-operation": "cooperation", "co-operative": "cooperative",
    "co-ordinate": "coordinate", "co-ordination": "coordination", "connexion": "connection",
    "connexions": "connections", "hullo": "hello",
}  # fmt: skip
_WHOLE = re.compile(
    rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(_MODERN, key=len, reverse=True)))})(?![\w-])",
    re.IGNORECASE,
)
# a shopping-list, a dining-room: two words today
_HYPHENATED = re.compile(
    r"(?<![\w-])(?!(?:black|white|check|wait|multi)-)([^\W\d_]{3,})-(lists?)(?![\w-])"
    r"|(?<![\w-])([^\W\d_]{3,}ing)-(rooms?|tables?|lots?|places?|bags?|pools?|sticks?|machines?"
    r"|points?|stations?|shops?|cards?|papers?|trees?|houses?)(?![\w-])",
    re.IGNORECASE,
)


def modernize_spelling(text: str) -> str:
    """Return the text in today's spelling."""
    text = _HYPHENATED.sub(lambda match: " ".join(part for part in match.groups() if part), text)
    return _WHOLE.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    word = _MODERN[match[0].lower()]
    return word[0].upper() + word[1:] if match[0][0].isupper() else word
