"""Tracks the text around the caret, as far as keys and our own insertions reveal it.

Most programs do not let others read their text. What is known about it comes from our insertions
and from the keys pressed since: not which letter was typed, only that one was. A click or an arrow
key may put the caret anywhere; then a word is assumed on both sides: an extra space is visible and
harmless, two joined words are a mistake in the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tray_dictate.core.keys.names import without_side

UNKNOWN = "\ufffc"  # stands for anything: a word, punctuation, a picture
LETTER = "x"  # stands for a letter or digit that the user has typed
_BEFORE, _AFTER, _SELECTED = 100, 4, 1000  # characters of a text field that are of use
_REMEMBERED = 200  # characters: enough to see how the last sentence ended
_PLACES = 50  # windows
_STAYING = frozenset({"escape", "delete", "insert", "caps_lock", "num_lock", "scroll_lock",
                      "pause", "print_screen"})  # fmt: skip
_LINE = frozenset({"enter", "home"})  # the caret is at the beginning of a line then
_HARMLESS = frozenset({"c", "s"})  # with Ctrl: copied, saved


class Around(NamedTuple):
    """The end of the text before the caret, and the beginning of the text after it.

    Empty means nothing, or nothing that a space should separate; UNKNOWN means something. In
    `cells` of a table only the text of this cell counts. `selected` text between the two would be
    replaced.
    """

    before: str = ""
    after: str = ""
    cells: bool = False
    selected: str = ""


def shortened(field: Around) -> Around:
    """Return what is of use of the whole text of a field, or of as much as it reports.

    Where the report begins, a line begins: some fields report only the line of the caret.
    """
    before = field.before if len(field.before) > _BEFORE else f"\n{field.before}"
    return Around(before[-_BEFORE:], field.after[:_AFTER], selected=field.selected[-_SELECTED:])


@dataclass(frozen=True, slots=True)
class Caret:
    """What is known about the caret; every event returns what is known after it."""

    before: str | None = None  # None: it is not known what stands before it
    after: str = ""
    window: str | None = None  # where that is; None: in whichever window the keys went to
    touched: bool = False  # the user has typed or clicked since the last insertion
    steered: bool = False  # by a key, so that it is still in the same window
    pointed: bool = False  # by a click
    places: Mapping[str, str] = field(default_factory=dict[str, str])  # window: the last before it

    def typed(self, key: str, held: frozenset[str] = frozenset()) -> Caret:
        """Return the caret after a key press with these modifiers held."""
        shortcut = {without_side(name) for name in held} & {"ctrl", "alt", "super"}
        if shortcut & {"alt", "super"}:  # the window manager's: another window
            return replace(self.clicked(), pointed=False)
        if key in _STAYING or (shortcut and key in _HARMLESS):
            return replace(self, touched=True)
        if shortcut and key == "a":  # all is selected; in a terminal it is the line's beginning
            return self._goes("", UNKNOWN)
        if key in _LINE:
            line = (self.before or "") + "\n" if key == "enter" else "\n"
            return self._goes(line, self.after if key == "enter" else UNKNOWN)
        if key == "backspace" and not shortcut:
            return self._goes(self.before[:-1] if self.before else None, self.after)
        character = "" if shortcut else _character(key, held)
        if character:
            return self._goes((self.before or "") + character, self.after)
        return self._goes(None, "" if key == "end" else UNKNOWN)

    def clicked(self) -> Caret:
        """Return the caret after a click, or a change to another window."""
        return replace(
            self._left(),
            before=None,
            after=UNKNOWN,
            window=None,
            touched=True,
            steered=False,
            pointed=True,
        )

    def inserted(self, piece: str, around: Around, window: str) -> Caret:
        """Return the caret after our insertion of a piece into the text around it."""
        before = (around.before + piece)[-_REMEMBERED:]
        left = self if self.window == window else self._left()
        return Caret(before, around.after, window, places=left.places)

    def erased(self, characters: int) -> Caret:
        """Return the caret after our removal of characters before it."""
        before = self.before[:-characters] if self.before and characters else self.before
        return replace(self, before=before)

    def forgotten(self) -> Caret:
        """Return the caret without the words: only the last character is kept."""
        return replace(self, before=self.before[-1:] if self.before else self.before)

    def is_at(self, window: str) -> bool:
        """Whether the caret is where our last insertion left it, in this window."""
        return self.window == window and self.before is not None and not self.touched

    def around(
        self, window: str, *, terminal: bool = False, cells: bool = False, watched: bool = True
    ) -> Around:
        """Return the text around the caret in a window; `watched`: we see every key and click.

        In a terminal a click moves no caret, and a space at a prompt would keep the command out of
        the shell's history: if we see no keys, each text brings its space after it. In a table a
        click or an arrow goes to another of its `cells`, which is empty until we type there.
        """
        if terminal and not watched:
            return Around((self.before or "") if self.window == window else "", UNKNOWN)
        if self.before is not None and self.window in (None, window):
            return Around(self.before, "" if terminal or cells else self.after)
        if cells:
            elsewhere = self.pointed or self.steered
            return Around() if elsewhere else Around(self.places.get(window, ""))
        if terminal and not self.steered:
            return Around(self.places.get(window, ""))
        if self.touched or window in self.places or not watched:
            return Around(UNKNOWN, self.after if self.touched else "")
        return Around()  # a new window: nothing was typed or clicked in it

    def _goes(self, before: str | None, after: str) -> Caret:
        tail = before[-_REMEMBERED:] if before else before
        return replace(self, before=tail, after=after, touched=True, steered=True)

    def _left(self) -> Caret:
        if self.window is None or self.before is None:
            return self
        places = {**self.places, self.window: self.before[-1:]}
        return replace(self, places=dict(list(places.items())[-_PLACES:]))


def _character(key: str, held: frozenset[str]) -> str:
    """Return a stand-in for the character that a key types; "" for a key that types none."""
    if key in ("space", "tab"):  # a tab may have gone to another field
        return " " if key == "space" else f"{UNKNOWN} "
    if len(key) != 1:
        return ""
    if key.isalpha():
        return LETTER
    return UNKNOWN if held else LETTER if key.isdigit() else key
