"""What all outputs share: reasons not to insert, the check of the focus, and the clean text.

The text pipeline has cleaned the text already; `sanitize` is the second check, and the only place
that knows that a newline is Return and a tab is Tab.
"""

from __future__ import annotations

import unicodedata
from typing import Protocol


class MovedError(Exception):
    """Another window has the focus now, and nothing was inserted."""


class FocusCheck(Protocol):
    """Asked right before keys are sent."""

    def is_focused(self) -> bool:
        """Tell whether the window that the keys are for has the focus now."""
        ...


class _AnyWindow:
    def is_focused(self) -> bool:
        return True


ANY_WINDOW: FocusCheck = _AnyWindow()  # where keys may go to any window


class UnsavedError(Exception):
    """The clipboard's contents cannot be saved: a paste would destroy them."""


class UnawareError(UnsavedError):
    """The target may not have heard that the clipboard is ours, and would paste its own copy."""


class ReservedError(UnsavedError):
    """Only its owner may have the clipboard's contents: they are secret, or can be read once."""


_BIDI = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def sanitize(text: str) -> str:
    """Return `text` without control characters other than newline and tab."""
    return "".join(c for c in text.replace("\r\n", "\n") if _passes(c))


def _passes(character: str) -> bool:
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI
