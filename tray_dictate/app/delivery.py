"""Segments into the window, one after the other; what cannot be inserted is kept.

    segment ──polish──▶ rewrite ──▶ placing ──▶ output ──▶ history
                                       └──refused──▶ clipboard

Once a segment of a dictation could not be inserted, the rest of it is kept as well: text with a
hole in the middle is worse than text that waits on the clipboard.

What a text goes through on its way to the window, as the settings want it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from tray_dictate.app.components import Components
from tray_dictate.app.insertion_log import InsertionLog
from tray_dictate.app.placement import InsertResult, Piece, Placement
from tray_dictate.app.take import TakeRecord
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.core.ports import CaretReader, Output, Target
from tray_dictate.core.segments import Spoken
from tray_dictate.core.terminals import is_terminal
from tray_dictate.core.text.caret import Around
from tray_dictate.core.text.normalize import Space, clean, continues, fit
from tray_dictate.core.text.pipeline import Insert, Polished, Scratch, TextPipeline, TextRules
from tray_dictate.core.text.replacements import is_word
from tray_dictate.history.store import Store
from tray_dictate.system import threads
from tray_dictate.system.expressions import EXPRESSIONS


@dataclass(frozen=True, slots=True)
class Ways:
    """What a text goes through on its way to the window."""

    polisher: TextPipeline
    rewrite: Callable[[str, str], Awaitable[str]]  # text, application -> text
    placing: Placement
    history: Store
    tell: Callable[[str], None]
    caret: CaretReader
    watched: Callable[[], bool]  # whether it is seen what the user types
    submit: bool = False  # Enter at the end of a dictation
    space: Space = "smart"


def ways(parts: Components, tell: Callable[[str], None]) -> Ways:
    """Return what the settings and the parts that there are now make of it."""
    config, output = parts.config, parts.output
    lines = config.text.newline == "shift+enter"
    placing = Placement(
        output, config.output.focus, config.output.hold_seconds, breaks=lines,
        runs=config.text.newline_in_terminals or not config.server_writes,
    )  # fmt: skip
    return Ways(
        polisher=polisher(config),
        rewrite=parts.rewriter.apply,
        placing=placing,
        history=parts.history,
        tell=tell,
        caret=parts.caret,
        watched=parts.watches,
        submit=config.text.submit,
        space=config.text.space,
    )


def polisher(config: Config) -> TextPipeline:
    """Return what polishes segments; an engine may echo the hints that it was given."""
    text = config.text
    rules = TextRules(
        replacements=text.replacements, patterns=text.patterns,
        vocabulary=[term for term in config.terms if any(map(is_word, term))],
        commands=text.commands, fillers=text.fillers, unsaid=text.unsaid, newline=text.newline,
        longest=text.longest, prompt=config.engine.prompt, keywords=config.terms,
        languages=["en"] if config.engine.name == "offline" else config.engine.languages,
    )  # fmt: skip
    return TextPipeline(rules, partial(EXPRESSIONS.sub, "text.patterns"))


log = logging.getLogger(__name__)

BY_HAND = 0  # the number of no dictation: what redo and undo insert
REST_KEPT = "The rest is on the clipboard."
_NO_ENTER = (
    "in a terminal a new line runs what stands there, and the text comes from a server. To allow "
    "it, set text.newline_in_terminals = true."
)
_ASTRAY = "{} characters went into another window, which got the focus at that very moment."
_JOINED = f"A blank was written for each new line: {_NO_ENTER}"


class Delivery:
    """The way from segments to the window; `run` is its task."""

    def __init__(self, output: Output, ways: Ways, on_done: Callable[[int, str], None]) -> None:
        self.output, self.ways, self._on_done = output, ways, on_done
        self._queue: asyncio.Queue[tuple[int, Spoken]] = asyncio.Queue()
        self._aborted: set[int] = set()
        self._kept: dict[int, str] = {}  # dictation -> its text that is not in the window
        self._stories: dict[int, TakeRecord] = {}
        self.busy = asyncio.Lock()  # one at a time has the window
        self._ending: set[asyncio.Task[None]] = set()
        self._under_way: int | None = None  # whose text is on its way
        self._around = Around()  # what stood around the caret when a text was last composed
        self._raw = self._unwritten = ""  # it, while it is polished, and while it is rewritten
        self.inserted = InsertionLog(ways.polisher.spelling)
        self.locked = False  # the screen: no window behind it gets anything, nor the clipboard

    def change(self, output: Output, ways: Ways) -> None:
        """Deliver in other ways from now on; between dictations, and not while it is busy."""
        self.output, self.ways = output, ways
        self.inserted.spelling = ways.polisher.spelling

    def begin(self, dictation: int, story: TakeRecord) -> None:
        """Remember which window has the focus at the key-down; `story` is told what becomes."""
        self._stories[dictation] = story
        self.ways.placing.begin(dictation)
        self.ways.caret.look()

    def put(self, dictation: int, text: str, seconds: float | None = None) -> None:
        """Deliver a segment after those before it; `on_done` follows, whatever becomes of it.

        `seconds` is how long it was spoken, None where that is not known.
        """
        self._queue.put_nowait((dictation, Spoken(text, seconds)))

    def abort(self, dictation: int) -> None:
        """Drop what of this dictation is not yet delivered."""
        self._aborted.add(dictation)
        self._end(dictation, dropped=True)

    def close(self, dictation: int) -> None:
        """Forget a dictation that is over."""
        self._end(dictation, dropped=False)

    def settle(self) -> None:
        """Deliver no more: what has not arrived goes into the history only."""
        if self._under_way is not None and self._under_way in self._stories:
            story = self._stories[self._under_way]
            if self._raw:
                story.strand(self.ways.polisher.heard(self._raw))
            story.text = self._joined(story.text, self._unwritten)
            story.state = "partly" if story.inserted else "kept"
        while not self._queue.empty():
            dictation, spoken = self._queue.get_nowait()
            if dictation in self._stories:
                self._stories[dictation].strand(self.ways.polisher.heard(spoken.text))
        for dictation in list(self._stories):
            self._end(dictation, dropped=False)

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            dictation, spoken = await self._queue.get()
            if self._ending:  # the Enter of the dictation before
                await asyncio.wait(self._ending)
            trouble = ""
            if dictation not in self._aborted:
                async with self.busy:
                    self._under_way = dictation
                    trouble = await self._deliver_or_keep(dictation, spoken)
                    self._under_way = None
                    self._raw = self._unwritten = ""
            if self._queue.empty():
                self._aborted.clear()
            self._on_done(dictation, trouble)

    async def _deliver_or_keep(self, dictation: int, spoken: Spoken) -> str:
        """Whatever happens to one segment, the next can come; return what went wrong."""
        try:
            return await self._deliver(dictation, spoken)
        except Exception:
            log.exception("dictation %d: delivery failed", dictation)
            reason = "The text could not be inserted: the log has the details."
            heard = self.ways.polisher.heard(spoken.text)
            return await self._keep(dictation, heard, reason)

    async def _deliver(self, dictation: int, spoken: Spoken) -> str:
        """Do what one segment says; return what went wrong."""
        story = self._stories.setdefault(dictation, TakeRecord())
        # a user's expression may take its time; nothing that the thread has needs to be given back
        self._raw = spoken.text
        polished = await threads.run_in_thread(partial(self.ways.polisher.polish, *spoken))
        self._raw = ""
        story.raw = f"{story.raw} {polished.heard}".strip()
        if polished.refused:
            return await self._refuse(dictation, story, polished)
        if polished.note:
            self.ways.tell(polished.note)
        for said in polished.said:
            if dictation in self._aborted:
                return ""
            if isinstance(said, Scratch):
                trouble = await self._scratch(dictation, story)
            else:
                trouble = await self._say(dictation, story, said)
            if trouble:
                return trouble
        return ""

    async def _say(self, dictation: int, story: TakeRecord, said: Insert) -> str:
        """Insert a text, or keep it; return what went wrong."""
        self._unwritten = said.text
        text = await self._rewritten(dictation, said.text)
        self._unwritten = ""
        if dictation in self._aborted:
            return ""
        text = self.inserted.say(dictation, text, said.text, said.owed)
        story.text = self._joined(story.text, text)
        if dictation in self._kept:
            return await self._keep(dictation, text, "")
        try:
            return await self._insert_there(dictation, story, text)
        except DeliveryError as refused:
            reason = str(refused)
        except Exception:
            log.exception("dictation %d: delivery failed", dictation)
            reason = "the log has the details."
        if dictation in self._aborted:
            return ""
        story.state = "kept"
        return await self._keep(dictation, text, f"The text could not be inserted: {reason}")

    async def _refuse(self, dictation: int, story: TakeRecord, polished: Polished) -> str:
        """Keep what of a text that is too long is left of it; return why."""
        if dictation in self._aborted:
            return ""
        story.state, story.text = "kept", self._joined(story.text, polished.heard)
        reason = f"The text could not be inserted: {polished.refused}"
        return await self._keep(dictation, polished.heard, reason)

    async def _rewritten(self, dictation: int, text: str) -> str:
        if self.ways.polisher.refuses(text):
            return text
        words = text.strip("\n")  # new lines at its ends are no matter of the rewrite's
        if not words:
            return text
        target = await self.ways.placing.meant(dictation)
        new = await self.ways.rewrite(words, target.application if target else "")
        # it presses no Enter that was not said
        return text.replace(words, clean(new, lines="\n" in words), 1)

    async def _insert_there(self, dictation: int, story: TakeRecord, text: str) -> str:
        """Insert a text where it belongs; return what went wrong on the way.

        Raises DeliveryError where nothing was inserted.
        """
        if self.ways.polisher.refuses(text):
            raise DeliveryError(self.ways.polisher.refusal(text))
        began = time.monotonic()
        landing = await self.place(dictation, text)
        target, receipt = landing.target, landing.receipt
        if not landing.piece:
            return ""
        landing.log(dictation, time.monotonic() - began)
        if landing.joined:
            self.ways.tell(_JOINED)
        story.application = target.application if target else ""
        if receipt.method == "clipboard":  # the user's choice: what follows is added to it there
            self._kept[dictation] = landing.piece
            return ""
        story.inserted = asyncio.get_running_loop().time()
        self.inserted.put(landing.whole, target, self._around)
        if landing.rest:
            story.state = "partly"
            return await self._keep(dictation, landing.rest, landing.cut, partly=True)
        if receipt.method == "paste" and not receipt.confirmed and story.state == "delivered":
            story.state = "unconfirmed"
            with suppress(DeliveryError):
                await self.output.keep(story.text)
            self.ways.tell(
                "It is not sure that the window took the text. It is on the clipboard and in the "
                "history, and `tray-dictate redo` inserts it again."
            )
        return ""

    async def place(self, dictation: int, text: str) -> InsertResult:
        """Insert a text as it goes on from what stands before it. Raises DeliveryError."""
        self.check_lock()
        landing = await self.ways.placing.insert(
            dictation,
            lambda target: self._piece(dictation, text, target),
            lambda: self._give_up(dictation),
        )
        if landing.astray:
            self.ways.tell(_ASTRAY.format(landing.astray))
        return landing

    def repeated(self, landing: InsertResult) -> None:
        """Learn that the last dictation was inserted once more."""
        self.inserted.repeat(landing.whole, landing.target, self._around)

    async def _piece(self, dictation: int, text: str, target: Target | None) -> Piece:
        """Return how the text goes on there; nothing if it is not wanted any more."""
        if dictation in self._aborted:
            return Piece("")
        onward = self.ways.watched() and self.inserted.is_before_caret(target)
        around = self._around = await self._find(dictation, target)
        space, spelling, mark = self.ways.space, self.ways.polisher.spelling, ""
        if space == "never" and self.inserted.goes_on(dictation, target):
            space, around = "before", Around(around.before)  # the blank between two sentences
        if self.inserted.open and self.inserted.is_before_caret(target):
            mark = continues(self.inserted.open, text)
        around = around._replace(before=around.before + mark)
        return Piece(mark + fit(around, text, space, spelling), onward)

    async def _find(self, dictation: int, target: Target | None) -> Around:
        """Return what stands around the caret there.

        Where it stands as we have left it nobody is asked: the window may not be through with it.
        """
        inserted, watched, cells = self.inserted, self.ways.watched(), False
        surely = watched or inserted.goes_on(dictation, target)
        if not (surely and inserted.is_before_caret(target)):
            read = await self.ways.caret.around(target)
            if read is not None and not read.cells:
                own = await self._go_behind_own(dictation, target, read.selected)
                return Around(read.before + read.selected, read.after) if own else read
            cells = read is not None
        else:
            selected = await self.ways.caret.selected(target)
            await self._go_behind_own(dictation, target, selected)
        terminal = target is not None and is_terminal(target.application)
        window = target.window if target else ""
        return inserted.caret.around(window, terminal=terminal, cells=cells, watched=watched)

    async def _go_behind_own(self, dictation: int, target: Target | None, selected: str) -> bool:
        """Put the caret behind our own text, if the program has selected that; tell whether."""
        if not self.inserted.is_covered(dictation, target, selected):
            return False
        with suppress(FocusMovedError):  # which is learnt again before anything is inserted
            await self.output.press("right", target)
        return True

    async def erase(self, count: int, target: Target | None) -> None:
        """Take back so many characters in this window. Raises DeliveryError."""
        self.check_lock()
        try:
            await self.output.erase(count, target)
        except DeliveryError as failed:
            self.inserted.erased(failed.done)
            if not failed.done:
                raise
            raise DeliveryError(
                f"Only {failed.done} of {count} characters are taken back: {failed}"
            ) from failed
        self.inserted.erased(count)

    def check_lock(self) -> None:
        """Raise DeliveryError while the screen is locked."""
        if self.locked:
            raise DeliveryError("The screen is locked.")

    async def _scratch(self, dictation: int, story: TakeRecord) -> str:
        """Take back what was inserted last; return what stands in the way."""
        own = self.inserted.dictation == dictation
        if own and dictation in self._kept:
            return await self._scratch_kept(dictation, story)
        try:
            target = await self.output.target()
            await self.erase(self.inserted.last(target), target)
        except DeliveryError as refused:
            self.ways.tell(str(refused))
            return str(refused)
        self.inserted.scratched()
        if own:
            story.text = self.inserted.text
        return ""

    async def _scratch_kept(self, dictation: int, story: TakeRecord) -> str:
        """Take back the last of what is on the clipboard."""
        kept = self._kept[dictation].removesuffix(self.inserted.scratched()).rstrip(" ")
        self._kept[dictation] = ""
        story.text = self.inserted.text
        return await self._keep(dictation, kept, "")

    def _end(self, dictation: int, *, dropped: bool) -> None:
        kept = self._kept.pop(dictation, None)
        self.ways.placing.close(dictation)
        story = self._stories.pop(dictation, None)
        if story is None:
            return
        if dropped:
            story.state = "dropped"
        if story.raw or story.failed:
            self.ways.history.record(story.entry())
        if self.ways.submit and story.complete and kept is None and not self.locked:
            if not self.ways.placing.takes_enter(story.application):
                self.ways.tell(f"Enter was not pressed: {_NO_ENTER}")
                return
            task = asyncio.create_task(self._submit())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _submit(self) -> None:
        try:
            async with self.busy:
                await self.output.press("enter", self.inserted.target)
        except DeliveryError as refused:
            self.ways.tell(f"Enter was not pressed: {refused}")
        self.inserted.typed("enter")

    def _give_up(self, dictation: int) -> str:
        """Return why text should be held for its window no longer."""
        if dictation in self._aborted:
            return "it was cancelled"
        if dictation == BY_HAND:
            return ""
        others = any(
            number > dictation and story.transcribed for number, story in self._stories.items()
        )
        return "another dictation waits behind it" if others else ""

    async def _keep(self, dictation: int, text: str, reason: str, *, partly: bool = False) -> str:
        """Put all of the dictation that is not in the window on the clipboard."""
        self._kept[dictation] = kept = self._joined(self._kept.get(dictation, ""), text)
        if self.locked:  # the history has it, and the user is told of that in the end
            return ""
        try:
            await self.output.keep(kept)
            where = REST_KEPT if partly else "It is on the clipboard."
        except DeliveryError as failed:
            where = str(failed)
        if not reason:
            return ""
        trouble = f"{reason} {where}"
        self.ways.tell(trouble)
        return trouble

    def _joined(self, before: str, text: str) -> str:
        return before + Insert(text).after(before, self.ways.polisher.spelling)
