"""Segments into the window, one after the other; what cannot be inserted is kept.

    segment ──polish──▶ rewrite ──▶ placing ──▶ output ──▶ history
                                       └──refused──▶ clipboard

Once a segment of a dictation could not be inserted, the rest of it is kept as well: text with a
hole in the middle is worse than text that waits on the clipboard.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tray_dictate.core.polish import Insert, Polisher, Scratch
from tray_dictate.core.text import clean
from tray_dictate.errors import DeliveryError
from tray_dictate.inserted import Inserted
from tray_dictate.placing import Landing, Placing
from tray_dictate.ports import Output, Target
from tray_dictate.story import Story

log = logging.getLogger(__name__)

_BY_HAND = 0  # the number of no dictation: what redo and undo insert
_REST_KEPT = "The rest is on the clipboard."


@dataclass(frozen=True, slots=True)
class Ways:
    """What a text goes through on its way to the window."""

    polisher: Polisher
    rewrite: Callable[[str, str], Awaitable[str]]  # text, application -> text
    placing: Placing
    record: Callable[[Story], None]  # a dictation is over
    tell: Callable[[str], None]
    submit: bool = False  # Enter at the end of a dictation


class Delivery:
    """The way from segments to the window; `run` is its task."""

    def __init__(self, output: Output, ways: Ways, on_done: Callable[[int, str], None]) -> None:
        self._output, self._ways, self._on_done = output, ways, on_done
        self._queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._aborted: set[int] = set()
        self._kept: dict[int, str] = {}  # dictation -> its text that is not in the window
        self._stories: dict[int, Story] = {}
        self.busy = asyncio.Lock()  # one at a time has the window
        self._ending: set[asyncio.Task[None]] = set()
        self.inserted = Inserted()

    def change(self, output: Output, ways: Ways) -> None:
        """Deliver in other ways from now on; between dictations, and not while it is busy."""
        self._output, self._ways = output, ways

    def begin(self, dictation: int, story: Story) -> None:
        """Remember which window has the focus at the key-down; `story` is told what becomes."""
        self._stories[dictation] = story
        self._ways.placing.begin(dictation)

    def put(self, dictation: int, text: str) -> None:
        """Deliver a segment after those before it; `on_done` follows, whatever becomes of it."""
        self._queue.put_nowait((dictation, text))

    def abort(self, dictation: int) -> None:
        """Drop what of this dictation is not yet delivered."""
        self._aborted.add(dictation)
        self._end(dictation, dropped=True)

    def close(self, dictation: int) -> None:
        """Forget a dictation that is over."""
        self._end(dictation, dropped=False)

    def settle(self) -> None:
        """Deliver no more: what has not arrived goes into the history only."""
        while not self._queue.empty():
            dictation, raw = self._queue.get_nowait()
            if dictation in self._stories:
                self._stories[dictation].strand(clean(raw))
        for dictation in list(self._stories):
            self._end(dictation, dropped=False)

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            dictation, text = await self._queue.get()
            trouble = ""
            if dictation not in self._aborted:
                async with self.busy:
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
        async with self.busy:
            try:
                landing = await self._place(_BY_HAND, text)
            except DeliveryError as reason:
                await self._output.keep(text)
                raise DeliveryError(f"{reason} It is on the clipboard.") from reason
            self.inserted.repeat(landing.whole, landing.target)
            await self._keep_rest(landing)
        return f"{len(landing.piece)} characters are inserted again."

    async def undo(self) -> str:
        """Take back the last dictation, or first its rewriting; return what to tell the user.

        Raises DeliveryError.
        """
        async with self.busy:
            target = await self._output.target()
            count, said = self.inserted.removable(target), self.inserted.unwritten
            await self._erase(count, target)
            if said:
                landing = await self._ways.placing.insert(_BY_HAND, lambda _: said, lambda: "")
                self.inserted.unwrite(landing.whole, landing.target)
                await self._keep_rest(landing)
                return "What you said is there, as it was before the rewrite."
        return f"{count} characters are taken back."

    async def copy(self) -> str:
        """Put the last dictation on the clipboard; return what to tell. Raises DeliveryError."""
        if not self.inserted.text:
            raise DeliveryError("Nothing has been dictated yet.")
        await self._output.keep(self.inserted.text)
        return "The last dictation is on the clipboard."

    async def _deliver(self, dictation: int, raw: str) -> str:
        """Do what one segment says; return what went wrong."""
        story = self._stories.setdefault(dictation, Story())
        story.raw = f"{story.raw} {clean(raw)}".strip()
        too_long = self._ways.polisher.refuses(raw)
        for said in [Insert(raw)] if too_long else self._ways.polisher.segment(raw):
            if isinstance(said, Scratch):
                trouble = await self._scratch(story)
            else:
                trouble = await self._say(dictation, story, said)
            if trouble:
                return trouble
        return ""

    async def _say(self, dictation: int, story: Story, said: Insert) -> str:
        """Insert a text, or keep it; return what went wrong."""
        text = await self._rewritten(dictation, said.text)
        self.inserted.say(dictation, text, said.text)
        story.text = _joined(story.text, text)
        if dictation in self._kept:
            return await self._keep(dictation, text, "")
        try:
            return await self._insert_there(dictation, story, text)
        except DeliveryError as refused:
            reason = str(refused)
        except Exception:
            log.exception("dictation %d: delivery failed", dictation)
            reason = "the log has the details."
        story.state = "kept"
        return await self._keep(dictation, text, f"The text could not be inserted: {reason}")

    async def _rewritten(self, dictation: int, text: str) -> str:
        if self._ways.polisher.refuses(text):
            return text
        target = await self._ways.placing.meant(dictation)
        new = await self._ways.rewrite(text, target.application if target else "")
        return clean(new, lines="\n" in text)  # it presses no Enter that was not said

    async def _insert_there(self, dictation: int, story: Story, text: str) -> str:
        """Insert a text where it belongs; return what went wrong on the way.

        Raises DeliveryError where nothing was inserted.
        """
        if self._ways.polisher.refuses(text):
            raise DeliveryError(f"{len(text)} characters are more than text.longest.")
        began = time.monotonic()
        landing = await self._place(dictation, text)
        target, receipt = landing.target, landing.receipt
        if not landing.piece:
            return ""
        landing.log(dictation, time.monotonic() - began)
        story.application = target.application if target else ""
        if receipt.method == "clipboard":  # the user's choice: what follows is added to it there
            self._kept[dictation] = landing.piece
            return ""
        story.inserted = asyncio.get_running_loop().time()
        self.inserted.put(landing.whole, target)
        if landing.rest:
            story.state = "partly"
            return await self._keep(dictation, landing.rest, landing.cut, partly=True)
        if receipt.method == "paste" and not receipt.confirmed and story.state == "delivered":
            story.state = "unconfirmed"
            self._ways.tell(
                "It is not sure that the window took the text. It is in the history, and "
                "`tray-dictate redo` inserts it again."
            )
        return ""

    async def _place(self, dictation: int, text: str) -> Landing:
        """Insert a text as it goes on from what stands before it. Raises DeliveryError."""
        return await self._ways.placing.insert(
            dictation,
            lambda target: Insert(text).after(self.inserted.before(target)),
            lambda: self._give_up(dictation),
        )

    async def _erase(self, count: int, target: Target | None) -> None:
        """Take back so many characters in this window. Raises DeliveryError."""
        try:
            await self._output.erase(count, target)
        except DeliveryError as failed:
            self.inserted.erased(failed.done)
            if not failed.done:
                raise
            raise DeliveryError(
                f"Only {failed.done} of {count} characters are taken back: {failed}"
            ) from failed
        self.inserted.erased(count)

    async def _scratch(self, story: Story) -> str:
        """Take back what was inserted last; return what stands in the way."""
        try:
            target = await self._output.target()
            await self._erase(self.inserted.last(target), target)
        except DeliveryError as refused:
            self._ways.tell(str(refused))
            return str(refused)
        self.inserted.scratched()
        story.text = self.inserted.text
        return ""

    def _end(self, dictation: int, *, dropped: bool) -> None:
        kept = self._kept.pop(dictation, None)
        self._ways.placing.close(dictation)
        story = self._stories.pop(dictation, None)
        if story is None:
            return
        if dropped:
            story.state = "dropped"
        if story.raw or story.failed:
            self._ways.record(story)
        if self._ways.submit and story.complete and kept is None:
            task = asyncio.create_task(self._submit())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _submit(self) -> None:
        try:
            async with self.busy:
                await self._output.press("enter", self.inserted.target)
        except DeliveryError as refused:
            self._ways.tell(f"Enter was not pressed: {refused}")
        self.inserted.cover(before=True)

    def _give_up(self, dictation: int) -> str:
        """Return why text should be held for its window no longer."""
        if dictation in self._aborted:
            return "it was cancelled"
        if dictation == _BY_HAND:
            return ""
        others = not self._queue.empty()
        return "another dictation waits behind it" if others else ""

    async def _keep_rest(self, landing: Landing) -> None:
        """Put what is not in the window on the clipboard. Raises DeliveryError if there is any."""
        if landing.rest:
            await self._output.keep(landing.rest)
            raise DeliveryError(f"{landing.cut} {_REST_KEPT}")

    async def _keep(self, dictation: int, text: str, reason: str, *, partly: bool = False) -> str:
        """Put all of the dictation that is not in the window on the clipboard."""
        self._kept[dictation] = kept = _joined(self._kept.get(dictation, ""), text)
        try:
            await self._output.keep(kept)
            where = _REST_KEPT if partly else "It is on the clipboard."
        except DeliveryError as failed:
            where = str(failed)
        if not reason:
            return ""
        trouble = f"{reason} {where}"
        self._ways.tell(trouble)
        return trouble


def _joined(before: str, text: str) -> str:
    return before + Insert(text).after(before)
