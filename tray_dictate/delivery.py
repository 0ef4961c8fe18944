"""Segments into the window, one after the other; what cannot be inserted is kept.

Once a segment of a dictation could not be inserted, the rest of it is kept as well: text with a
hole in the middle is worse than text that waits on the clipboard.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from tray_dictate.core.text import join
from tray_dictate.errors import DeliveryError
from tray_dictate.inserted import Inserted
from tray_dictate.placing import Placing
from tray_dictate.ports import Output, Receipt, Target

log = logging.getLogger(__name__)

_REMEMBERED = 200  # characters: enough to see how the last sentence ended


class Delivery:
    """The way from segments to the window; `run` is its task."""

    def __init__(
        self, output: Output, placing: Placing, on_done: Callable[[int, str], None],
        tell: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._output, self._placing = output, placing
        self._on_done, self._tell = on_done, tell
        self._queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._aborted: set[int] = set()
        self._kept: dict[int, str] = {}  # dictation -> its text that is not in the window
        self._before, self._place = "", ""
        self._busy = asyncio.Lock()  # one at a time has the window
        self.inserted = Inserted()

    def begin(self, dictation: int) -> None:
        """Remember which window has the focus at the key-down."""
        self._placing.begin(dictation)

    def put(self, dictation: int, text: str) -> None:
        """Deliver a segment after those before it; `on_done` follows, whatever becomes of it."""
        self._queue.put_nowait((dictation, text))

    def abort(self, dictation: int) -> None:
        """Drop what of this dictation is not yet delivered."""
        self._aborted.add(dictation)
        self._placing.close(dictation)

    def close(self, dictation: int) -> None:
        """Forget a dictation that is over."""
        self._kept.pop(dictation, None)
        self._placing.close(dictation)

    def forget(self, *, before: bool) -> None:
        """Learn that the user has typed: the last dictation may not stand before the caret now.

        With `before`, nothing else does either, as far as we know.
        """
        self.inserted.cover()
        if before:
            self._before = ""

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            dictation, text = await self._queue.get()
            trouble = ""
            if dictation not in self._aborted:
                async with self._busy:
                    trouble = await self._deliver(dictation, text)
            if self._queue.empty():
                self._aborted.clear()
            self._on_done(dictation, trouble)

    async def redo(self) -> str:
        """Insert the last dictation again, where the focus is now; return what to tell the user.

        Raises DeliveryError: then it is on the clipboard.
        """
        text = self.inserted.text
        if not text:
            raise DeliveryError("Nothing has been dictated yet.")
        async with self._busy:
            target = await self._output.target()
            piece = join(self._known_before(target), text)
            try:
                await self._output.deliver(piece)
            except DeliveryError as reason:
                await self._output.keep(text)
                raise DeliveryError(f"{reason} It is on the clipboard.") from reason
            self._remember(piece, target)
            self.inserted.repeat(piece, target)
        return f"{len(piece)} characters are inserted again."

    async def undo(self) -> str:
        """Take back the last dictation; return what to tell the user. Raises DeliveryError."""
        async with self._busy:
            count = self.inserted.removable(await self._output.target())
            await self._output.erase(count)
            self.inserted.removed()
            self._before = ""
        return f"{count} characters are taken back."

    async def copy(self) -> str:
        """Put the last dictation on the clipboard; return what to tell. Raises DeliveryError."""
        if not self.inserted.text:
            raise DeliveryError("Nothing has been dictated yet.")
        await self._output.keep(self.inserted.text)
        return "The last dictation is on the clipboard."

    async def _deliver(self, dictation: int, text: str) -> str:
        """Insert one segment, or keep it; return what went wrong."""
        self.inserted.say(dictation, text)
        if dictation in self._kept:
            return await self._keep(dictation, text, "")
        began = time.monotonic()
        try:
            target = await self._placing.place(dictation, lambda: self._give_up(dictation))
            piece = join(self._known_before(target), text)
            if not piece:
                return ""
            receipt = await self._output.deliver(piece)
        except DeliveryError as reason:
            return await self._keep(dictation, text, str(reason))
        except Exception:
            log.exception("dictation %d: delivery failed", dictation)
            return await self._keep(dictation, text, "the log has the details.")
        self._remember(piece, target)
        self.inserted.put(piece, target)
        _log(dictation, piece, receipt, time.monotonic() - began)
        return ""

    def _known_before(self, target: Target | None) -> str:
        """Return what stands before the caret there, as far as we have put it there."""
        return self._before if target and target.window == self._place else ""

    def _remember(self, piece: str, target: Target | None) -> None:
        self._before = (self._known_before(target) + piece)[-_REMEMBERED:]
        self._place = target.window if target else ""

    def _give_up(self, dictation: int) -> str:
        """Return why text should be held for its window no longer."""
        if dictation in self._aborted:
            return "it was cancelled"
        others = not self._queue.empty()
        return "another dictation waits behind it" if others else ""

    async def _keep(self, dictation: int, text: str, reason: str) -> str:
        """Put all of the dictation that is not in the window on the clipboard."""
        kept = self._kept.get(dictation, "")
        kept += join(kept, text)
        self._kept[dictation] = kept
        try:
            await self._output.keep(kept)
            where = "It is on the clipboard."
        except DeliveryError as failed:
            where = str(failed)
        if not reason:
            return ""
        trouble = f"The text could not be inserted: {reason} {where}"
        self._tell(trouble)
        return trouble


def _log(dictation: int, piece: str, receipt: Receipt, took: float) -> None:
    log.info(
        "dictation %d: %d characters by %s%s in %.0f ms", dictation, len(piece), receipt.method,
        "" if receipt.confirmed else " (unconfirmed)", took * 1e3,
    )  # fmt: skip
