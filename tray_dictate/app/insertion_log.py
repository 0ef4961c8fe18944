"""The last dictation: what was said, what of it is in a window, and whether that can be undone.

It can be taken back until the user types or clicks: the caret may be elsewhere then. A click on our
own icon or its menu moves no caret, but that it was one is learnt only after it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Target
from tray_dictate.core.text.capitals import ANY_LANGUAGE, Spelling
from tray_dictate.core.text.caret import UNKNOWN, Around, Caret
from tray_dictate.core.text.normalize import join

_BETWEEN = " .,。，、،"  # noqa: RUF001 - what may be inserted before a dictation's own words
_MARKS = frozenset(".,;:!?…。，、！？\n")  # noqa: RUF001 - beside them no comma is due
_OWN = 1.0  # seconds from a click on our icon or menu until we learn that it was one


class _Piece(NamedTuple):
    """What was inserted, as it was; the text that it is, and that before it was rewritten."""

    inserted: str
    text: str
    spoken: str


class InsertionLog:
    """One dictation at a time: a new one takes the place of the one before."""

    def __init__(self, spelling: Spelling = ANY_LANGUAGE) -> None:
        self.spelling = spelling
        self.dictation = 0  # whose texts these are
        self._texts: list[str] = []  # all that was to be inserted
        self._spoken: list[str] = []  # the same before it was rewritten
        self._pieces: list[_Piece] = []  # those before the caret
        self._last = ""  # what was inserted last
        self._window: str = ""
        self._covered = "typed"  # what the user did since; empty: it stands before the caret
        self._owed = ""  # the comma that its last text was said with, until more follows
        self.open = ""  # the one that an earlier dictation, before the caret, was ended with
        self.caret = Caret()
        self._clicks: list[float] = []  # those since the last key or insertion, less our own
        self._latest = 0.0  # when the latest click was, while it may yet turn out to be our own
        self._unclicked = ("", Caret())  # _covered and the caret, as they were before those clicks

    @property
    def text(self) -> str:
        """All that was to be inserted."""
        return self._joined(self._texts)

    @property
    def target(self) -> Target | None:
        """Where it was inserted."""
        return Target(self._window) if self._window else None

    @property
    def unwritten(self) -> str:
        """What was said instead of it, as it would have been inserted; empty where it is that."""
        if all(piece.text == piece.spoken for piece in self._pieces):
            return ""
        first, last = self._pieces[0].inserted, self._pieces[-1].inserted
        said = self._joined([piece.spoken for piece in self._pieces])
        start = first[: len(first) - len(first.lstrip(_BETWEEN))]
        return start + said + (" " if last.endswith(" ") else "")

    def recall(self, text: str) -> None:
        """Learn of a dictation before this program was started, if there is none since."""
        if not self._texts:
            self._texts, self._spoken = [text], [text]

    def forget(self) -> None:
        """Keep no word of it; what comes next is spaced by the last character all the same."""
        self._texts, self._spoken, self._pieces, self._last = [], [], [], ""
        self.caret = self.caret.forgotten()
        self._unclicked = (self._unclicked[0], self._unclicked[1].forgotten())

    def started(self, dictation: int, text: str, spoken: str, owed: str = "") -> str:
        """Learn what is about to be inserted, and what it was before it was rewritten.

        `owed` is the comma at its end, which is inserted when more follows. Returns the text, with
        the comma that is due by now before it.
        """
        if dictation != self.dictation:
            self.dictation, self._texts, self._spoken, self._pieces = dictation, [], [], []
            self.open, self._owed = self._owed, ""
        due = "" if not self._texts or self._texts[-1][-1] in _MARKS else self._owed
        text, spoken = (self._after(due, words) for words in (text, spoken))
        self._owed = owed
        self._texts.append(text)
        self._spoken.append(spoken)
        return text

    def inserted(self, piece: str, target: Target | None, around: Around | None = None) -> None:
        """Learn what was inserted where, and what stood around the caret then."""
        window = target.window if target else ""
        if self._covered or window != self._window:
            self._pieces = []
        if around is None:
            around = self.caret.around(window)
        self.caret, self.open = self.caret.inserted(piece, around, window), ""
        text, spoken = (*self._texts[-1:], piece)[0], (*self._spoken[-1:], piece)[0]
        self._pieces.append(_Piece(piece, text, spoken))
        self._last = piece
        self._window, self._covered = window, ""
        self._clicks = []

    def repeated(self, piece: str, target: Target | None, around: Around | None = None) -> None:
        """Learn that all of it was inserted once more."""
        self._texts, self._spoken = [self.text], [self._joined(self._spoken)]
        self._pieces = []
        self.inserted(piece, target, around)

    def is_before_caret(self, target: Target | None) -> bool:
        """Tell whether the caret is where we have left it, in this window."""
        return self.caret.is_at(target.window if target else "")

    def goes_on(self, dictation: int, target: Target | None) -> bool:
        """Tell whether a text of this dictation stands before the caret, in this window."""
        return bool(dictation == self.dictation and self._pieces) and self.is_before_caret(target)

    def is_covered(self, dictation: int, target: Target | None, selected: str) -> bool:
        """Tell whether the program has selected the text that this one is to follow.

        A field may select all that it holds, when it gets the focus or its text is changed. What
        the user selects is to be replaced; but nobody marks his words while he goes on to speak.
        """
        window, end = target.window if target else "", selected.rstrip()
        goes_on = dictation == self.dictation and self._pieces and window == self._window
        if not end or not (goes_on or self.is_before_caret(target)):
            return False
        return end.endswith(self._last.strip()[-len(end) :] or UNKNOWN)

    def typed(self, key: str, held: frozenset[str] = frozenset()) -> None:
        """Learn that the user has pressed a key while these modifiers were down."""
        self._clicks = []
        self._covered = "typed"
        self.caret = self.caret.typed(key, held)

    def clicked(self, at: float) -> None:
        """Learn of a click, which covers like typing unless it was on our own menu."""
        if not self._clicks:
            self._unclicked = (self._covered, self.caret)
        self._clicks.append(at)
        self._latest = at
        self._covered = "clicked"
        self.caret = self.caret.clicked()

    def own_menu_clicked(self, at: float) -> None:
        """Learn that the latest click was on our icon or its menu."""
        if self._clicks and at - self._latest <= _OWN:
            self._clicks.pop()
            if not self._clicks:
                self._covered, self.caret = self._unclicked
        self._latest = 0.0  # it is excused once, though a host may tell more than once

    def erased(self, characters: int) -> None:
        """Learn that so many characters of it were taken back, from its end."""
        self.caret, self.open, self._owed = self.caret.erased(characters), "", ""
        while characters and self._pieces:
            piece = self._pieces.pop()
            count = len(piece.inserted)
            if characters < count:
                self._pieces.append(piece._replace(inserted=piece.inserted[:-characters]))
            characters -= min(characters, count)

    def removed_last(self) -> str:
        """Learn that its last text was taken back, as if it had not been said; return that."""
        self._spoken, self._owed = self._spoken[:-1], ""
        return self._texts.pop() if self._texts else ""

    def unwritten_again(self, piece: str, target: Target | None) -> None:
        """Learn that what was said stands there now, instead of what was taken back."""
        self._texts = self._spoken.copy()
        said = piece.strip(" ")
        self._pieces = []
        self.inserted(piece, target)
        self._pieces = [_Piece(piece, said, said)]

    def removable(self, target: Target | None) -> int:
        """Return how many characters are to be erased. Raises DeliveryError if unsafe."""
        return self._erasable("".join(piece.inserted for piece in self._pieces), target)

    def last(self, target: Target | None) -> int:
        """Return how many characters the last piece has. Raises DeliveryError if unsafe."""
        return self._erasable("".join(piece.inserted for piece in self._pieces[-1:]), target)

    def _joined(self, parts: Sequence[str]) -> str:
        text = ""
        for part in parts:
            text += join(text, part, lines=True, spelling=self.spelling)
        return text

    def _after(self, due: str, words: str) -> str:
        if not due or words[0] in _MARKS:
            return words
        return due + join(due, words, lines=True, spelling=self.spelling)

    def _erasable(self, text: str, target: Target | None) -> int:
        if not text:
            raise DeliveryError("There is nothing to undo.")
        if self._covered:
            raise DeliveryError(f"Cannot undo: you have {self._covered} since.")
        if target is None or target.window != self._window:
            raise DeliveryError("Cannot undo: another window has the focus.")
        if any(_is_uneven(character) for character in text):
            raise DeliveryError(
                "Cannot undo safely: the text has characters that programs erase in different ways."
            )
        return len(text)


def _is_uneven(character: str) -> bool:
    """Tell whether a BackSpace may erase more or less than this, such as an indentation."""
    joins = unicodedata.category(character) in ("Mn", "Me", "Cf", "Mc")
    return joins or not 0x20 <= ord(character) <= 0xFFFF
