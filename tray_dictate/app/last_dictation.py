"""Repeats, undoes or copies the last dictation on behalf of a shortcut or the menu."""

from __future__ import annotations

import asyncio

from tray_dictate.app.delivery import Delivery
from tray_dictate.core.errors import DictateError
from tray_dictate.core.ports import Notifier
from tray_dictate.system.threads import TaskSet

_MENU = 0.3  # seconds for a menu to close, and for the focus to be back where it was


class LastDictation:
    """Runs redo, undo and copy in the background, and reports failures; on the loop."""

    def __init__(self, delivery: Delivery, notices: Notifier) -> None:
        self._delivery, self._notices = delivery, notices
        self._tasks = TaskSet()

    def ask(self, name: str, after: float = 0) -> None:
        """Begin a "redo", "undo" or "copy" after this delay, in seconds."""
        self._tasks.start(self._do(name, after))

    def ask_from_menu(self, name: str) -> None:
        """Begin a "redo", "undo" or "copy" once the menu has closed and the focus is back."""
        self.ask(name, after=_MENU)

    async def _do(self, name: str, after: float) -> None:
        if after:
            await asyncio.sleep(after)
        try:
            match name:
                case "redo":
                    await self._delivery.redo()
                case "undo":
                    await self._delivery.undo()
                case "copy":
                    await self._delivery.copy()
                case _:
                    raise ValueError(name)
        except DictateError as reason:
            self._notices.tell(str(reason), "asked")
