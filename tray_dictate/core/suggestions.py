"""Suggests the known word that an unknown one was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """Return the known word that is most like `word`; "" if none reaches `likeness`.

    `likeness`: 0 (nothing in common) to 1 (the same), as difflib computes it. Swapped letters are
    the most common slip: `strat` is `start` rather than `stats`, though both share four letters
    with it.
    """
    close = difflib.get_close_matches(word, known, n=3, cutoff=likeness)
    swapped = [other for other in close if sorted(other) == sorted(word)]
    return next(iter(swapped or close), "")
