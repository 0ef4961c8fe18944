"""Knows the ordinary words of English, from a list that is part of the package."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def english() -> frozenset[str]:
    """Return the words of four letters or more, in small letters."""
    listed = (
        resources.files("tray_dictate.system").joinpath("ordinary_words.txt").read_text("utf-8")
    )
    return frozenset(line for line in listed.splitlines() if not line.startswith("#"))
