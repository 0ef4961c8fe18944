"""The last dictation: what was said, what of it is in a window, and whether that can be undone."""

from __future__ import annotations

import unicodedata

from tray_dictate.core.text import join
from tray_dictate.errors import DeliveryError
from tray_dictate.ports import Target


class Inserted:
    """One dictation at a time: a new one takes the place of the one before."""

    def __init__(self) -> None:
        self.text: str = ""  # all that was to be inserted
        self._dictation: int = 0
        self._pieces: str = ""  # what was inserted, as it was
        self._window: str = ""
        self._uncovered = False  # it still stands right before the caret

    def say(self, dictation: int, segment: str) -> None:
        """Learn what is about to be inserted."""
        if dictation != self._dictation:
            self._dictation, self.text, self._pieces = dictation, "", ""
        self.text += join(self.text, segment)

    def put(self, piece: str, target: Target | None) -> None:
        """Learn what was inserted where."""
        window = target.window if target else ""
        goes_on = self._pieces and self._uncovered and window == self._window
        self._pieces = self._pieces + piece if goes_on else piece
        self._window, self._uncovered = window, True

    def repeat(self, piece: str, target: Target | None) -> None:
        """Learn that all of it was inserted once more."""
        self._pieces = ""
        self.put(piece, target)

    def cover(self) -> None:
        """Learn that the user has typed."""
        self._uncovered = False

    def removed(self) -> None:
        """Learn that it was taken back."""
        self._pieces, self._uncovered = "", False

    def removable(self, target: Target | None) -> int:
        """Return how many characters are to be erased. Raises DeliveryError if unsafe."""
        if not self._pieces:
            raise DeliveryError("There is nothing to take back.")
        if not self._uncovered:
            raise DeliveryError("It cannot be taken back: you have typed since.")
        if target is None or target.window != self._window:
            raise DeliveryError("It cannot be taken back: another window has the focus.")
        if any(_is_uneven(character) for character in self._pieces):
            raise DeliveryError(
                "It cannot be taken back safely: it holds characters that windows erase in "
                "different ways."
            )
        return len(self._pieces)


def _is_uneven(character: str) -> bool:
    """Tell whether a BackSpace may erase more or less than this character."""
    return ord(character) > 0xFFFF or unicodedata.category(character) in ("Mn", "Me", "Cf", "Mc")
