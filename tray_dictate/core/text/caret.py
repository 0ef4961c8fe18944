"""What stands around the caret, as far as the keys and our own insertions tell.

Most programs let nobody read their text. What is known there comes from what was inserted and from
the keys since: never which letters, only that there was one. A click or an arrow key may put the
caret anywhere, and then a word is taken to stand on both sides: a blank too many is seen and
harmless, two words in one are a mistake in what was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tray_dictate.core.keys import without_side

UNKNOWN = "\ufffc"  # stands for something: a word, a mark, a picture
LETTER = "x"  # stands for any letter or digit that the user has typed
_REMEMBERED = 200  # characters: enough to see how the last sentence ended
_PLACES = 50  # windows
_STAYING = frozenset({"escape", "delete", "insert", "caps_lock", "num_lock", "scroll_lock",
                      "pause", "print_screen"})  # fmt: skip
_LINE = frozenset({"enter", "home"})  # the caret is at the beginning of a line then
_HARMLESS = frozenset({"c", "s"})  # with Ctrl: copied, saved


class Around(NamedTuple):
    """The last of what stands before the caret, and the first of what stands after it.

    Empty means nothing, or nothing that a blank should keep apart; UNKNOWN something. In `cells`
    of a table only what was typed into this one stands there. What is `selected` between the two
    would be replaced.
    """

    before: str = ""
    after: str = ""
    cells: bool = False
    selected: str = ""


@dataclass(frozen=True, slots=True)
class Caret:
    """What is known of it now; every event returns what is known after it."""

    before: str | None = None  # None: it is not known what stands before it
    after: str = ""
    window: str | None = None  # where that is; None: in whichever window the keys went to
    touched: bool = False  # the user has typed or clicked since the last insertion
    steered: bool = False  # by a key, so that it is still in the same window
    pointed: bool = False  # by a click
    places: Mapping[str, str] = field(default_factory=dict[str, str])  # window: the last before it

    def typed(self, key: str, held: frozenset[str] = frozenset()) -> Caret:
        """The user has pressed a key while these modifiers were down."""
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
        """The user has clicked, or gone to another window."""
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
        """A piece was inserted into what stood around the caret."""
        before = (around.before + piece)[-_REMEMBERED:]
        left = self if self.window == window else self._left()
        return Caret(before, around.after, window, places=left.places)

    def erased(self, characters: int) -> Caret:
        """So many characters before it are gone."""
        before = self.before[:-characters] if self.before and characters else self.before
        return replace(self, before=before)

    def forgotten(self) -> Caret:
        """Nothing is to be known of the words."""
        return replace(self, before=self.before[-1:] if self.before else self.before)

    def is_at(self, window: str) -> bool:
        """Tell whether it stands where we have left it, in this window."""
        return self.window == window and self.before is not None and not self.touched

    def around(
        self, window: str, *, terminal: bool = False, cells: bool = False, watched: bool = True
    ) -> Around:
        """Return what stands around it in a window; `watched`: all that the user does is seen.

        In a terminal a click moves no caret, and a blank at a prompt would keep the command out
        of the shell's history: where no key is seen each text brings its blank behind it. In a
        table a click or an arrow goes to another of its `cells`; in another window there was none.
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
        return Around()  # it has just come up, and nobody has been in it

    def _goes(self, before: str | None, after: str) -> Caret:
        tail = before[-_REMEMBERED:] if before else before
        return replace(self, before=tail, after=after, touched=True, steered=True)

    def _left(self) -> Caret:
        if self.window is None or self.before is None:
            return self
        places = {**self.places, self.window: self.before[-1:]}
        return replace(self, places=dict(list(places.items())[-_PLACES:]))


def _character(key: str, held: frozenset[str]) -> str:
    """Return what stands for what a key has typed; nothing for one that types nothing."""
    if key in ("space", "tab"):  # a tab may have gone to another field
        return " " if key == "space" else f"{UNKNOWN} "
    if len(key) != 1:
        return ""
    if key.isalpha():
        return LETTER
    return UNKNOWN if held else LETTER if key.isdigit() else key
