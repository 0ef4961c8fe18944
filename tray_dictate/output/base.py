"""What stops an insertion before it has begun.

What may pass into a window or onto a clipboard, whoever sent it.

The text pipeline has cleaned the text already; this is the second lock on the same door, and the
only one that knows that a newline is Return and a tab is Tab.
"""

from __future__ import annotations

import unicodedata


class MovedError(Exception):
    """Another window has the focus now."""


def any_window() -> bool:
    """Tell that the focus is right: what is asked before a key where any window will do."""
    return True


class UnsavedError(Exception):
    """What is on the clipboard cannot be saved: a paste would destroy it."""


class UnawareError(UnsavedError):
    """The target may not know yet that the clipboard is ours, and paste what it has copied."""


class ReservedError(UnsavedError):
    """Only its owner may have what is on the clipboard: it says so, or gives it once."""


_BIDI = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def sanitize(text: str) -> str:
    """Return `text` without control characters other than newline and tab."""
    return "".join(c for c in text.replace("\r\n", "\n") if _passes(c))


def _passes(character: str) -> bool:
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI
