"""The last dictation: what was said, what of it is in a window, and whether that can be undone.

What we have put before the caret is known until the user types or clicks: the caret may be
elsewhere then. A click on our own icon or its menu moves no caret, but that it was one is learnt
only after it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from tray_dictate.core.text import join
from tray_dictate.errors import DeliveryError
from tray_dictate.ports import Target

_REMEMBERED = 200  # characters: enough to see how the last sentence ended
_OWN = 1.0  # seconds from a click on our icon or menu until we learn that it was one


class _Piece(NamedTuple):
    """What was inserted, as it was; the text that it is, and that before it was rewritten."""

    inserted: str
    text: str
    spoken: str


class Inserted:
    """One dictation at a time: a new one takes the place of the one before."""

    def __init__(self) -> None:
        self.dictation = 0  # whose texts these are
        self._texts: list[str] = []  # all that was to be inserted
        self._spoken: list[str] = []  # the same before it was rewritten
        self._pieces: list[_Piece] = []  # those before the caret
        self._window: str = ""
        self._covered = "typed"  # what the user did since; empty: it stands before the caret
        self._before = ""  # what stands there, as far as we know: also of dictations before
        self._clicks: list[float] = []  # those since the last key or insertion, less our own
        self._latest = 0.0  # when the latest click was, while it may yet turn out to be our own
        self._unclicked = ("", "")  # _covered and _before, as they were before those clicks

    @property
    def text(self) -> str:
        """All that was to be inserted."""
        return _joined(self._texts)

    @property
    def target(self) -> Target | None:
        """Where it was inserted."""
        return Target(self._window) if self._window else None

    @property
    def unwritten(self) -> str:
        """What was said instead of it, as it would have been inserted; empty where it is that."""
        if all(piece.text == piece.spoken for piece in self._pieces):
            return ""
        blank = " " if self._pieces[0].inserted.startswith(" ") else ""
        return blank + _joined([piece.spoken for piece in self._pieces])

    def recall(self, text: str) -> None:
        """Learn of a dictation before this program was started, if there is none since."""
        if not self._texts:
            self._texts, self._spoken = [text], [text]

    def forget(self) -> None:
        """Keep no word of it; what comes next is spaced by the last character all the same."""
        self._texts, self._spoken, self._pieces = [], [], []
        self._before = self._before[-1:]
        self._unclicked = (self._unclicked[0], self._unclicked[1][-1:])

    def say(self, dictation: int, text: str, spoken: str) -> None:
        """Learn what is about to be inserted, and what it was before it was rewritten."""
        if dictation != self.dictation:
            self.dictation, self._texts, self._spoken, self._pieces = dictation, [], [], []
        self._texts.append(text)
        self._spoken.append(spoken)

    def put(self, piece: str, target: Target | None) -> None:
        """Learn what was inserted where."""
        window = target.window if target else ""
        if self._covered or window != self._window:
            self._pieces = []
        self._before = (self.before(target) + piece)[-_REMEMBERED:]
        text, spoken = (*self._texts[-1:], piece)[0], (*self._spoken[-1:], piece)[0]
        self._pieces.append(_Piece(piece, text, spoken))
        self._window, self._covered = window, ""
        self._clicks = []

    def repeat(self, piece: str, target: Target | None) -> None:
        """Learn that all of it was inserted once more."""
        self._texts, self._spoken = [self.text], [_joined(self._spoken)]
        self._pieces = []
        self.put(piece, target)

    def before(self, target: Target | None) -> str:
        """Return what stands before the caret there, as far as we have put it there."""
        return self._before if target and target.window == self._window else ""

    def cover(self, *, before: bool) -> None:
        """Learn that the user has typed; with `before`, nothing of ours is before the caret."""
        self._clicks = []
        self._cover("typed", before=before)

    def click(self, at: float, *, before: bool) -> None:
        """Learn of a click, which covers like typing unless it was on our own menu."""
        if not self._clicks:
            self._unclicked = (self._covered, self._before)
        self._clicks.append(at)
        self._latest = at
        self._cover("clicked", before=before)

    def own_click(self, at: float) -> None:
        """Learn that the latest click was on our icon or its menu."""
        if self._clicks and at - self._latest <= _OWN:
            self._clicks.pop()
            if not self._clicks:
                self._covered, self._before = self._unclicked
        self._latest = 0.0  # it is excused once, though a host may tell more than once

    def erased(self, characters: int) -> None:
        """Learn that so many characters of it were taken back, from its end."""
        self._before = self._before[:-characters] if characters else self._before
        while characters and self._pieces:
            piece = self._pieces.pop()
            count = len(piece.inserted)
            if characters < count:
                self._pieces.append(piece._replace(inserted=piece.inserted[:-characters]))
            characters -= min(characters, count)

    def scratched(self) -> str:
        """Learn that its last text was taken back, as if it had not been said; return that."""
        self._spoken = self._spoken[:-1]
        return self._texts.pop() if self._texts else ""

    def unwrite(self, piece: str, target: Target | None) -> None:
        """Learn that what was said stands there now."""
        self._texts = self._spoken.copy()
        said = piece.strip(" ")
        self._pieces = []
        self.put(piece, target)
        self._pieces = [_Piece(piece, said, said)]

    def removable(self, target: Target | None) -> int:
        """Return how many characters are to be erased. Raises DeliveryError if unsafe."""
        return self._erasable("".join(piece.inserted for piece in self._pieces), target)

    def last(self, target: Target | None) -> int:
        """Return how many characters the last piece has. Raises DeliveryError if unsafe."""
        return self._erasable("".join(piece.inserted for piece in self._pieces[-1:]), target)

    def _cover(self, how: str, *, before: bool) -> None:
        self._covered = how
        if before:
            self._before = ""

    def _erasable(self, text: str, target: Target | None) -> int:
        if not text:
            raise DeliveryError("There is nothing to take back.")
        if self._covered:
            raise DeliveryError(f"It cannot be taken back: you have {self._covered} since.")
        if target is None or target.window != self._window:
            raise DeliveryError("It cannot be taken back: another window has the focus.")
        if any(_is_uneven(character) for character in text):
            raise DeliveryError(
                "It cannot be taken back safely: it holds characters that windows erase in "
                "different ways."
            )
        return len(text)


def _joined(parts: Sequence[str]) -> str:
    text = ""
    for part in parts:
        text += join(text, part, lines=True)
    return text


def _is_uneven(character: str) -> bool:
    """Tell whether a BackSpace may erase more or less than this, such as an indentation."""
    joins = unicodedata.category(character) in ("Mn", "Me", "Cf", "Mc")
    return joins or not 0x20 <= ord(character) <= 0xFFFF
