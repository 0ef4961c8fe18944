"""Records the last dictation: its texts, the part before the caret, and what can be undone.

It can be undone until the user types or clicks, since the caret may then be elsewhere. A click on
our own icon or menu does not move the caret, but is reported as ours only after the click.
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
_OWN = 1.0  # seconds within which the tray reports that a click was on our icon or menu


class _Piece(NamedTuple):
    """One insertion."""

    inserted: str  # exactly, with blanks
    text: str
    spoken: str  # the text before it was rewritten


class InsertionLog:
    """The texts of one dictation; those of a newer dictation replace them."""

    def __init__(self, spelling: Spelling = ANY_LANGUAGE) -> None:
        self.spelling = spelling
        self.dictation = 0  # whose texts these are
        self._texts: list[str] = []  # all texts, inserted or not
        self._spoken: list[str] = []  # the same texts before they were rewritten
        self._pieces: list[_Piece] = []  # insertions that stand before the caret
        self._last = ""  # the latest insertion
        self._window: str = ""
        self._covered = "typed"  # what the user has done since; empty: the caret is still there
        self._owed = ""  # the comma after the last text, inserted only when more text follows
        self.open = ""  # such a comma of an earlier dictation, whose text stands before the caret
        self.caret = Caret()
        self._clicks: list[float] = []  # times since the last key or insertion; not on our own menu
        self._latest = 0.0  # time of the latest click; 0.0 once it was reported as our own
        self._unclicked = ("", Caret())  # _covered and caret before those clicks

    @property
    def text(self) -> str:
        """The whole text of the dictation, inserted or not."""
        return self._joined(self._texts)

    @property
    def target(self) -> Target | None:
        """The window of the latest insertion."""
        return Target(self._window) if self._window else None

    @property
    def unwritten(self) -> str:
        """The insertions before the caret as they were spoken; empty if nothing was rewritten."""
        if all(piece.text == piece.spoken for piece in self._pieces):
            return ""
        first, last = self._pieces[0].inserted, self._pieces[-1].inserted
        said = self._joined([piece.spoken for piece in self._pieces])
        start = first[: len(first) - len(first.lstrip(_BETWEEN))]
        return start + said + (" " if last.endswith(" ") else "")

    def recall(self, text: str) -> None:
        """Load a dictation of an earlier run of the program, unless there is a newer one."""
        if not self._texts:
            self._texts, self._spoken = [text], [text]

    def forget(self) -> None:
        """Forget every text; keep only the last character, which decides the next blank."""
        self._texts, self._spoken, self._pieces, self._last = [], [], [], ""
        self.caret = self.caret.forgotten()
        self._unclicked = (self._unclicked[0], self._unclicked[1].forgotten())

    def started(self, dictation: int, text: str, spoken: str, owed: str = "") -> str:
        """Record a text that is about to be inserted, and its spoken form before the rewrite.

        `owed` is the comma at its end, inserted only when more text follows. Returns the text,
        preceded by the comma that the text before it owes.
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
        """Record an insertion, its window, and what stood around the caret before it."""
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
        """Record that the whole dictation was inserted again."""
        self._texts, self._spoken = [self.text], [self._joined(self._spoken)]
        self._pieces = []
        self.inserted(piece, target, around)

    def is_before_caret(self, target: Target | None) -> bool:
        """Return whether the caret is where the last insertion left it, in this window."""
        return self.caret.is_at(target.window if target else "")

    def goes_on(self, dictation: int, target: Target | None) -> bool:
        """Return whether a text of this dictation stands before the caret, in this window."""
        return bool(dictation == self.dictation and self._pieces) and self.is_before_caret(target)

    def is_covered(self, dictation: int, target: Target | None, selected: str) -> bool:
        """Return whether the program has selected the text that the next text should follow.

        `selected` is the end of the selection. A field may select its whole content when it gets
        the focus or when its text changes. A selection by the user is replaced, but users do not
        select their own words while they go on speaking.
        """
        window, end = target.window if target else "", selected.rstrip()
        goes_on = dictation == self.dictation and self._pieces and window == self._window
        if not end or not (goes_on or self.is_before_caret(target)):
            return False
        return end.endswith(self._last.strip()[-len(end) :] or UNKNOWN)

    def typed(self, key: str, held: frozenset[str] = frozenset()) -> None:
        """Record a key that the user pressed while these modifiers were down."""
        self._clicks = []
        self._covered = "typed"
        self.caret = self.caret.typed(key, held)

    def clicked(self, at: float) -> None:
        """Record a click, which may move the caret unless it was on our own menu."""
        if not self._clicks:
            self._unclicked = (self._covered, self.caret)
        self._clicks.append(at)
        self._latest = at
        self._covered = "clicked"
        self.caret = self.caret.clicked()

    def own_menu_clicked(self, at: float) -> None:
        """Record that the latest click was on our icon or its menu."""
        if self._clicks and at - self._latest <= _OWN:
            self._clicks.pop()
            if not self._clicks:
                self._covered, self.caret = self._unclicked
        self._latest = 0.0  # a tray host may report the same click more than once

    def erased(self, characters: int) -> None:
        """Record that this many characters were erased from the end."""
        self.caret, self.open, self._owed = self.caret.erased(characters), "", ""
        while characters and self._pieces:
            piece = self._pieces.pop()
            count = len(piece.inserted)
            if characters < count:
                self._pieces.append(piece._replace(inserted=piece.inserted[:-characters]))
            characters -= min(characters, count)

    def removed_last(self) -> str:
        """Record that the last text was removed, as if it had not been said; return that text."""
        self._spoken, self._owed = self._spoken[:-1], ""
        return self._texts.pop() if self._texts else ""

    def unwritten_again(self, piece: str, target: Target | None) -> None:
        """Record that the spoken form was inserted in place of the rewritten text."""
        self._texts = self._spoken.copy()
        said = piece.strip(" ")
        self._pieces = []
        self.inserted(piece, target)
        self._pieces = [_Piece(piece, said, said)]

    def removable(self, target: Target | None) -> int:
        """Return how many characters undo erases. Raises DeliveryError if that is unsafe."""
        return self._erasable("".join(piece.inserted for piece in self._pieces), target)

    def last(self, target: Target | None) -> int:
        """Return the length of the latest insertion. Raises DeliveryError if unsafe to erase."""
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
    """Return whether a BackSpace may erase more or less than this character, as with a tab."""
    joins = unicodedata.category(character) in ("Mn", "Me", "Cf", "Mc")
    return joins or not 0x20 <= ord(character) <= 0xFFFF
