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
from tray_dictate.ports import Output

log = logging.getLogger(__name__)

_REMEMBERED = 200  # characters: enough to see how the last sentence ended


class Delivery:
    """The way from segments to the window; `run` is its task."""

    def __init__(
        self, output: Output, on_done: Callable[[int, str], None], tell: Callable[[str], None]
    ) -> None:
        self._output, self._on_done, self._tell = output, on_done, tell
        self._queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._aborted: set[int] = set()
        self._kept: dict[int, str] = {}  # dictation -> its text that is not in the window
        self._before, self._place = "", ""

    def put(self, dictation: int, text: str) -> None:
        """Deliver a segment after those before it; `on_done` follows, whatever becomes of it."""
        self._queue.put_nowait((dictation, text))

    def abort(self, dictation: int) -> None:
        """Drop what of this dictation is not yet delivered."""
        self._aborted.add(dictation)

    def close(self, dictation: int) -> None:
        """Forget a dictation that is over."""
        self._kept.pop(dictation, None)

    def forget(self) -> None:
        """Learn that the user has typed: what stands before the caret is no longer known."""
        self._before = ""

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            dictation, text = await self._queue.get()
            trouble = ""
            if dictation not in self._aborted:
                trouble = await self._deliver(dictation, text)
            if self._queue.empty():
                self._aborted.clear()
            self._on_done(dictation, trouble)

    async def _deliver(self, dictation: int, text: str) -> str:
        """Insert one segment, or keep it; return what went wrong."""
        if dictation in self._kept:
            return await self._keep(dictation, text, "")
        began = time.monotonic()
        target = await self._output.target()
        place = target.window if target else ""
        before = self._before if place == self._place else ""
        piece = join(before, text)
        if not piece:
            return ""
        try:
            receipt = await self._output.deliver(piece)
        except DeliveryError as reason:
            return await self._keep(dictation, text, str(reason))
        except Exception:
            log.exception("dictation %d: delivery failed", dictation)
            return await self._keep(dictation, text, "the log has the details.")
        self._before, self._place = (before + piece)[-_REMEMBERED:], place
        log.info(
            "dictation %d: %d characters by %s%s in %.0f ms", dictation, len(piece),
            receipt.method, "" if receipt.confirmed else " (unconfirmed)",
            (time.monotonic() - began) * 1e3,
        )  # fmt: skip
        return ""

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
