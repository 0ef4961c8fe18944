"""Fits a text to the text around the caret: blanks, capital letter, the comma before it."""

from __future__ import annotations

from contextlib import suppress

from tray_dictate.app.components import Components
from tray_dictate.app.insertion_log import InsertionLog
from tray_dictate.app.placement import Piece
from tray_dictate.core.errors import FocusMovedError
from tray_dictate.core.ports import FieldReader, Target
from tray_dictate.core.terminals import is_terminal
from tray_dictate.core.text.caret import Around
from tray_dictate.core.text.normalize import continues, fit


class Composer:
    """Composes each text from what stands around the caret, read or known from our insertions."""

    def __init__(self, components: Components, insertions: InsertionLog) -> None:
        self._components, self._insertions = components, insertions
        self.around = Around()  # what stood around the caret when a text was last composed

    async def compose(self, dictation: int, text: str, target: Target | None) -> Piece:
        """Return a text of this dictation as it continues in this window."""
        insertions = self._insertions
        onward = self._components.watches() and insertions.is_before_caret(target)
        around = self.around = await self._find(dictation, target)
        space, mark = self._components.config.text.space, ""
        if space == "never" and insertions.goes_on(dictation, target):
            space, around = "before", Around(around.before)  # the blank between two sentences
        if insertions.open and insertions.is_before_caret(target):
            mark = continues(insertions.open, text)
        around = around._replace(before=around.before + mark)
        return Piece(mark + fit(around, text, space, insertions.spelling), onward)

    async def _find(self, dictation: int, target: Target | None) -> Around:
        """Return what stands around the caret in this window.

        Where the caret is still behind our last text, no program is asked: the window may not have
        drawn that text yet.
        """
        insertions, watched, cells = self._insertions, self._components.watches(), False
        surely = watched or insertions.goes_on(dictation, target)
        if not (surely and insertions.is_before_caret(target)):
            read = await self._read(target)
            if read is not None and not read.cells:
                own = await self._go_behind_own(dictation, target, read.selected)
                return Around(read.before + read.selected, read.after) if own else read
            cells = read is not None
        else:
            selected = await self._components.caret.selected(target)
            await self._go_behind_own(dictation, target, selected)
        terminal = target is not None and is_terminal(target.application)
        window = target.window if target else ""
        return insertions.caret.around(window, terminal=terminal, cells=cells, watched=watched)

    async def _read(self, target: Target | None) -> Around | None:
        """Return what a program reports to be around the caret; None if none does.

        A text field with the focus knows best. Other programs may tell where it is in a table, or
        not know yet that they have lost the focus.
        """
        output = self._components.output
        if self._components.config.text.read_caret and isinstance(output, FieldReader):
            field = await output.around(target)
            if field is not None:
                return field
        return await self._components.caret.around(target)

    async def _go_behind_own(self, dictation: int, target: Target | None, selected: str) -> bool:
        """Move the caret behind our text if the program has selected it; return whether it had."""
        if not self._insertions.is_covered(dictation, target, selected):
            return False
        with suppress(FocusMovedError):  # which is seen again before anything is inserted
            await self._components.output.press("right", target)
        return True
