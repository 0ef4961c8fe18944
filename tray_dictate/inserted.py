"""The last dictation: what was said, what of it is in a window, and whether that can be undone."""

from __future__ import annotations

import unicodedata

from tray_dictate.core.text import join
from tray_dictate.errors import DeliveryError
from tray_dictate.ports import Target


class Inserted:
    """One dictation at a time: a new one takes the place of the one before."""

    def __init__(self) -> None:
        self._dictation: int = 0
        self._texts: list[str] = []  # all that was to be inserted
        self._spoken: list[str] = []  # the same before it was rewritten
        self._pieces: list[str] = []  # what was inserted, as it was
        self._window: str = ""
        self._uncovered = False  # it still stands right before the caret

    @property
    def text(self) -> str:
        """All that was to be inserted."""
        return _joined(self._texts)

    @property
    def unwritten(self) -> str:
        """What was said instead of it, as it would have been inserted; empty where it is that."""
        if not self._pieces or self._spoken == self._texts:
            return ""
        blank = " " if self._pieces[0].startswith(" ") else ""
        return blank + _joined(self._spoken)

    def recall(self, text: str) -> None:
        """Learn of a dictation before this program was started, if there is none since."""
        if not self._texts:
            self._texts, self._spoken = [text], [text]

    def say(self, dictation: int, text: str, spoken: str) -> None:
        """Learn what is about to be inserted, and what it was before it was rewritten."""
        if dictation != self._dictation:
            self._dictation, self._texts, self._spoken, self._pieces = dictation, [], [], []
        self._texts.append(text)
        self._spoken.append(spoken)

    def put(self, piece: str, target: Target | None) -> None:
        """Learn what was inserted where."""
        window = target.window if target else ""
        if not self._uncovered or window != self._window:
            self._pieces = []
        self._pieces.append(piece)
        self._window, self._uncovered = window, True

    def repeat(self, piece: str, target: Target | None) -> None:
        """Learn that all of it was inserted once more."""
        self._pieces = []
        self.put(piece, target)

    def cover(self) -> None:
        """Learn that the user has typed."""
        self._uncovered = False

    def removed(self) -> None:
        """Learn that it was taken back."""
        self._pieces, self._uncovered = [], False

    def scratched(self) -> None:
        """Learn that its last piece was taken back."""
        for parts in (self._pieces, self._texts, self._spoken):
            parts.pop()

    def unwrite(self, piece: str, target: Target | None) -> None:
        """Learn that what was said stands there now."""
        self._texts = self._spoken
        self.repeat(piece, target)

    def removable(self, target: Target | None) -> int:
        """Return how many characters are to be erased. Raises DeliveryError if unsafe."""
        return self._erasable("".join(self._pieces), target)

    def last(self, target: Target | None) -> int:
        """Return how many characters the last piece has. Raises DeliveryError if unsafe."""
        return self._erasable("".join(self._pieces[-1:]), target)

    def _erasable(self, text: str, target: Target | None) -> int:
        if not text:
            raise DeliveryError("There is nothing to take back.")
        if not self._uncovered:
            raise DeliveryError("It cannot be taken back: you have typed since.")
        if target is None or target.window != self._window:
            raise DeliveryError("It cannot be taken back: another window has the focus.")
        if any(_is_uneven(character) for character in text):
            raise DeliveryError(
                "It cannot be taken back safely: it holds characters that windows erase in "
                "different ways."
            )
        return len(text)


def _joined(parts: list[str]) -> str:
    text = ""
    for part in parts:
        text += join(text, part, lines=True)
    return text


def _is_uneven(character: str) -> bool:
    """Tell whether a BackSpace may erase more or less than this, such as an indentation."""
    joins = unicodedata.category(character) in ("Mn", "Me", "Cf", "Mc")
    return joins or not 0x20 <= ord(character) <= 0xFFFF
