"""The last dictation, again, back or copied: by a shortcut or from the menu."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tray_dictate.app.delivery import BY_HAND, REST_KEPT, Delivery
from tray_dictate.app.placement import InsertResult, Piece
from tray_dictate.core.errors import DeliveryError, DictateError
from tray_dictate.core.ports import Target

_MENU = 0.3  # seconds for a menu to close, and for the focus to be back where it was
_UNSEEN = (
    "It cannot be taken back safely: nobody tells here what you have typed since. Use the undo of "
    "the program that has it."
)


class LastDictation:
    """Does what the user has asked for; tells what stands in its way. On the loop."""

    def __init__(
        self, delivery: Delivery, tell: Callable[[str], None], watched: Callable[[], bool]
    ) -> None:
        """`watched` returns whether it is seen what the user types."""
        self._ways: dict[str, Callable[[], Coroutine[Any, Any, str]]] = {
            "redo": self.redo, "undo": self.undo, "copy": self.copy,
        }  # fmt: skip
        self._delivery, self._tell, self._watched = delivery, tell, watched
        self._asked: set[asyncio.Task[None]] = set()

    async def redo(self) -> str:
        """Insert the last dictation again, where the focus is now; return what to tell the user.

        Raises DeliveryError: then it is on the clipboard, unless the screen is locked.
        """
        self._delivery.check_lock()
        text = self._delivery.inserted.text
        if not text:
            raise DeliveryError("Nothing has been dictated yet.")
        async with self._delivery.busy:
            try:
                landing = await self._delivery.place(BY_HAND, text)
            except DeliveryError as reason:
                await self._delivery.output.keep(text)
                raise DeliveryError(f"{reason} It is on the clipboard.") from reason
            if landing.receipt.method == "clipboard":
                return "The last dictation is on the clipboard."
            self._delivery.repeated(landing)
            await self._keep_rest(landing)
        return f"{len(landing.piece)} characters are inserted again."

    async def undo(self) -> str:
        """Take back the last dictation, or first its rewriting; return what to tell the user.

        Raises DeliveryError.
        """
        if not self._watched():
            raise DeliveryError(_UNSEEN)
        async with self._delivery.busy:
            target = await self._delivery.output.target()
            count, said = (
                self._delivery.inserted.removable(target),
                self._delivery.inserted.unwritten,
            )
            await self._delivery.erase(count, target)
            if said:
                return await self._unwrite(said, target)
        return f"{count} characters are taken back."

    async def _unwrite(self, said: str, where: Target | None) -> str:
        """Insert what was said, in this window or nowhere. Raises DeliveryError: it is kept."""

        async def unwritten(target: Target | None) -> Piece:
            return Piece(said if target == where else "")

        try:
            landing = await self._delivery.ways.placing.insert(BY_HAND, unwritten, lambda: "")
        except DeliveryError as reason:
            await self._delivery.output.keep(said)
            raise DeliveryError(f"{reason} What you said is on the clipboard.") from reason
        if landing.receipt.method == "clipboard" or not landing.piece:
            await self._delivery.output.keep(said)
            return "What you said is on the clipboard, as it was before the rewrite."
        self._delivery.inserted.unwrite(landing.whole, landing.target)
        await self._keep_rest(landing)
        return "What you said is there, as it was before the rewrite."

    async def copy(self) -> str:
        """Put the last dictation on the clipboard; return what to tell. Raises DeliveryError."""
        self._delivery.check_lock()
        if not self._delivery.inserted.text:
            raise DeliveryError("Nothing has been dictated yet.")
        await self._delivery.output.keep(self._delivery.inserted.text)
        return "The last dictation is on the clipboard."

    async def _keep_rest(self, landing: InsertResult) -> None:
        """Put what is not in the window on the clipboard. Raises DeliveryError if there is any."""
        if landing.rest:
            await self._delivery.output.keep(landing.rest)
            raise DeliveryError(f"{landing.cut} {REST_KEPT}")

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
