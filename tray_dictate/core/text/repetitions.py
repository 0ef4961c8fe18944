"""Collapses a model's repetitions: of "Thank you. Thank you. Thank you. ..." one is left.

People repeat themselves, too: "no, no, no, no", "la la la la la la", a number of six zeros. So a
phrase counts as a loop from the sixth time on, a short word from the twelfth, and digits or a
single letter, which mean something each time, from the fortieth. If the length of the sound is
known, and too short for this many letters, three times are enough.
"""

from __future__ import annotations

import re

from tray_dictate.core.text.normalize import NO_SPACES
from tray_dictate.core.text.replacements import is_word

_FASTEST = 40.0  # letters a second; the fastest speakers reach 30
_SHORT = 5  # letters of a short word
_PHRASES, _WORDS, _LETTERS = 6, 12, 40  # times
_SYLLABLE = 3  # letters that a character counts for in a script without spaces
_UNSPACED = re.compile(f"[{NO_SPACES}]")
_REPEATED = re.compile(r"(.{1,60}?)\1{2,}")


def collapse_repetitions(text: str, seconds: float | None = None) -> tuple[str, str]:
    """Return `text` with each loop once, and a message about it; "" if there was no loop.

    `seconds` is the length of the segment's sound, None if it is not known.
    """
    places = [at for at, char in enumerate(text) if is_word(char)]
    letters = "".join(_folded(text[at]) for at in places)
    impossible = seconds is not None and _weight(letters) > _FASTEST * seconds
    kept, at, most = "", 0, 0
    for match in _REPEATED.finditer(letters):
        unit = len(match[1])
        times = len(match[0]) // unit
        words = _words(text, places[match.start() : match.end(1)])
        if impossible or times >= _needed(match[1], words):
            start, end = _run(letters, match, words)
            kept += text[at : places[start + unit - 1] + 1]
            at = max(at, places[end - 1] + 1)
            most = max(most, times)
    if not most:
        return text, ""
    return kept + text[at:], (
        f"The engine wrote the same words {most} times in a row. They are inserted once; the "
        "history has them all."
    )


def _words(text: str, places: list[int]) -> list[int]:
    """Return which of the letters in these places begin a word."""
    return [n for n, at in enumerate(places) if not at or not is_word(text[at - 1])]


def _run(letters: str, match: re.Match[str], words: list[int]) -> tuple[int, int]:
    """Return where the first whole repetition starts and the last one ends.

    It starts with a word, if possible so that none is cut off at the end. One that the end of the
    text cuts off goes with the others.
    """
    unit, end = len(match[1]), match.end()
    while end < len(letters) and letters[end] == letters[end - unit]:
        end += 1
    whole = (end - match.start()) % unit
    start = match.start() + (whole if whole in words else next(iter(words), 0))
    return start, end if end == len(letters) else end - (end - start) % unit


def _needed(unit: str, words: list[int]) -> int:
    """Return how often it is to be there to be a loop."""
    if unit.isdecimal() or (len(set(unit)) == 1 and not _UNSPACED.match(unit)):
        return _LETTERS
    return _WORDS if len(words) < 2 and _weight(unit) <= _SHORT else _PHRASES


def _weight(letters: str) -> int:
    return len(letters) + (_SYLLABLE - 1) * len(_UNSPACED.findall(letters))


def _folded(char: str) -> str:
    small = char.lower()
    return small if len(small) == 1 else char
