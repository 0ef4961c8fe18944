"""The last dictation, again, back or copied: by a shortcut or from the menu."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tray_dictate.delivery import Delivery
from tray_dictate.errors import DictateError

_MENU = 0.3  # seconds for a menu to close, and for the focus to be back where it was


class Last:
    """Does what the user has asked for; tells what stands in its way. On the loop."""

    def __init__(self, delivery: Delivery, tell: Callable[[str], None]) -> None:
        self._ways: dict[str, Callable[[], Coroutine[Any, Any, str]]] = {
            "redo": delivery.redo, "undo": delivery.undo, "copy": delivery.copy,
        }  # fmt: skip
        self._tell = tell
        self._asked: set[asyncio.Task[None]] = set()

    def ask(self, name: str, after: float = 0) -> None:
        """Redo, undo or copy it after so many seconds."""
        task = asyncio.get_running_loop().create_task(self._do(name, after))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    def from_menu(self, name: str) -> None:
        """Do it when the menu is gone and the focus back."""
        self.ask(name, after=_MENU)

    async def _do(self, name: str, after: float) -> None:
        if after:
            await asyncio.sleep(after)
        try:
            await self._ways[name]()
        except DictateError as reason:
            self._tell(str(reason))
