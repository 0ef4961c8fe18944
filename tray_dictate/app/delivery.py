"""Delivers segments into the window, one after the other; keeps what cannot be inserted.

    segment ──pipeline──▶ rewrite ──▶ placement ──▶ output ──▶ history
                                          └──refused──▶ clipboard

Once a segment of a dictation could not be inserted, the rest of it is kept as well: text with a
hole in the middle is worse than text that waits on the clipboard.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from tray_dictate.app.components import Components
from tray_dictate.app.composer import Composer
from tray_dictate.app.insertion_log import InsertionLog
from tray_dictate.app.placement import InsertResult, Origin, Piece, Placement
from tray_dictate.app.take import TakeRecord
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Notifier, PatientOutput, PreparedOutput, Target
from tray_dictate.core.segments import Spoken
from tray_dictate.core.text.normalize import clean
from tray_dictate.core.text.pipeline import Insert, Polished, Scratch, TextPipeline, TextRules
from tray_dictate.core.text.replacements import is_word
from tray_dictate.system import ordinary_words, threads
from tray_dictate.system.expressions import EXPRESSIONS
from tray_dictate.system.threads import TaskSet

log = logging.getLogger(__name__)

_BY_HAND = 0  # the number of no dictation: what redo inserts
_REST_KEPT = "The rest is on the clipboard."
_NO_ENTER = (
    "in a terminal a new line would run a command, and the text comes from a server. To allow it, "
    "set text.newline_in_terminals = true."
)
_ASTRAY = "{} characters went into another window, which took the focus at that moment."
_JOINED = f"Each new line was replaced by a space: {_NO_ENTER}"
_UNSEEN = (
    "Cannot undo safely: this desktop does not show tray_dictate what you have typed since. Use "
    "your program's own undo."
)
_UNSURE = (
    "The window may not have received the text. It is on the clipboard and in the history, and "
    "`tray-dictate redo` inserts it again."
)


def build_pipeline(config: Config) -> TextPipeline:
    """Build the text pipeline from the settings; it also removes echoes of the engine's hints."""
    text = config.text
    words = [term for term in config.terms if any(map(is_word, term))]
    rules = TextRules(
        replacements=text.replacements, patterns=text.patterns,
        words=words, ordinary=ordinary_words.english() if words else (),
        commands=text.commands, fillers=text.fillers, unsaid=text.unsaid, newline=text.newline,
        longest=text.longest, prompt=config.engine.prompt,
        languages=config.written_languages,
    )  # fmt: skip
    return TextPipeline(rules, partial(EXPRESSIONS.sub, "text.patterns"))


@dataclass(slots=True, eq=False)
class _Dictation:
    """A dictation whose text is on its way to the window."""

    number: int
    record: TakeRecord
    origin: Origin  # the window that had the focus at the key-down
    live: dict[int, _Dictation]  # all such dictations by number
    kept: str | None = None  # text on the clipboard instead of in the window, if there is any
    aborted: bool = False
    raw: str = ""  # the segment that the pipeline is processing
    unwritten: str = ""  # the text that is being rewritten

    def give_up(self) -> str:
        """Return why its text should no longer wait for its window; empty: it should wait."""
        if self.aborted:
            return "it was cancelled"
        others = any(
            number > self.number and other.record.transcribed for number, other in self.live.items()
        )
        return "another dictation waits behind it" if others else ""


@dataclass(frozen=True, slots=True)
class _Text:
    """One text of a dictation; a placement.Insertion."""

    dictation: _Dictation
    text: str
    composer: Composer

    @property
    def origin(self) -> Origin:
        """The window that had the focus when the dictation began."""
        return self.dictation.origin

    async def compose(self, target: Target | None) -> Piece:
        """Return the text as it continues in this window; empty if the dictation was cancelled."""
        if self.dictation.aborted:
            return Piece("")
        return await self.composer.compose(self.dictation.number, self.text, target)

    def give_up(self) -> str:
        """See _Dictation.give_up."""
        return self.dictation.give_up()


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """The spoken form of a rewritten text, for the window it was in; a placement.Insertion."""

    text: str
    target: Target | None
    origin: Origin = None

    async def compose(self, target: Target | None) -> Piece:
        """Return the text in its window, and nothing in any other."""
        return Piece(self.text if target == self.target else "")

    def give_up(self) -> str:
        """Return empty: the text waits for its window as long as the settings allow."""
        return ""


class DeliveryObserver(Protocol):
    """Follows the delivery; called on the loop."""

    def delivered(self, number: int, trouble: str) -> None:
        """A segment of this dictation is over; `trouble` is why it was not inserted, or empty."""
        ...


class Delivery:
    """Inserts segments into windows; `run` is its task.

    Owns the log of what stands before the caret. `redo`, `undo` and `copy` act on the last
    dictation, and raise DeliveryError with a message for the user.
    """

    def __init__(
        self,
        components: Components,
        notices: Notifier,
        observer: DeliveryObserver,
    ) -> None:
        self._components, self._notices, self._observer = components, notices, observer
        self._queue: asyncio.Queue[tuple[_Dictation, Spoken]] = asyncio.Queue()
        self._live: dict[int, _Dictation] = {}
        self._under_way: _Dictation | None = None  # the dictation whose segment is being delivered
        self._busy = asyncio.Lock()  # one at a time has the window
        self._submitting = TaskSet()
        self._insertions = InsertionLog()
        self._composer = Composer(components, self._insertions)
        self.locked = False  # the screen; then neither windows nor the clipboard get any text
        self.apply_components()

    def apply_components(self) -> None:
        """Apply the current settings and components. Call between dictations, while paused."""
        config = self._components.config
        self._pipeline = build_pipeline(config)
        self._insertions.spelling = self._pipeline.spelling
        self._placement = Placement(
            self._components.output, config.output.focus, config.output.hold_seconds,
            breaks=config.text.newline == "shift+enter",
            runs=config.text.newline_in_terminals or not config.server_writes,
        )  # fmt: skip

    @property
    def inserts(self) -> bool:
        """Whether text is being inserted or erased."""
        return self._busy.locked()

    @asynccontextmanager
    async def paused(self) -> AsyncGenerator[None]:
        """Wait until nothing is being inserted, and insert nothing meanwhile."""
        async with self._busy:
            yield

    def begin(self, number: int, record: TakeRecord) -> None:
        """Begin a dictation: note which window has the focus. `record` is filled in later."""
        origin = self._placement.origin()
        self._live[number] = _Dictation(number, record, origin, self._live)
        self._components.caret.look()
        if isinstance(output := self._components.output, PreparedOutput):
            output.prepare()

    def put(self, number: int, text: str, seconds: float | None = None) -> None:
        """Deliver a segment after those before it; `DeliveryObserver.delivered` always follows.

        `seconds` is how long it was spoken, None where that is not known.
        """
        if dictation := self._live.get(number):  # all have ended when the program ends
            self._queue.put_nowait((dictation, Spoken(text, seconds)))

    def abort(self, number: int) -> None:
        """Drop the undelivered text of a dictation."""
        if dictation := self._live.get(number):
            dictation.aborted = True
            if dictation is self._under_way and isinstance(
                output := self._components.output, PatientOutput
            ):
                output.drop()
            self._end(dictation)

    def close(self, number: int) -> None:
        """End a dictation: write its record into the history."""
        if dictation := self._live.get(number):
            self._end(dictation)

    def settle(self) -> None:
        """Stop delivering: undelivered text goes into the history only."""
        dictation = self._under_way
        if dictation and dictation.number in self._live:
            record = dictation.record
            if dictation.raw:
                record.strand(self._pipeline.heard(dictation.raw))
            record.text = self._joined(record.text, dictation.unwritten)
            record.state = "partly" if record.inserted else "kept"
        while not self._queue.empty():
            dictation, spoken = self._queue.get_nowait()
            if dictation.number in self._live:
                dictation.record.strand(self._pipeline.heard(spoken.text))
        for dictation in list(self._live.values()):
            self._end(dictation)

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            dictation, spoken = await self._queue.get()
            await self._submitting.wait()  # the Enter of the dictation before
            trouble = ""
            if not dictation.aborted:
                async with self._busy:
                    self._under_way = dictation
                    trouble = await self._deliver_or_keep(dictation, spoken)
                    self._under_way = None
                    dictation.raw = dictation.unwritten = ""
            self._observer.delivered(dictation.number, trouble)

    async def redo(self) -> str:
        """Insert the last dictation again where the focus is now; return a message for the user.

        Raises DeliveryError: then it is on the clipboard, unless the screen is locked.
        """
        text = self._last()
        dictation = _Dictation(_BY_HAND, TakeRecord(), None, {})
        async with self._busy:
            try:
                landing = await self._place(_Text(dictation, text, self._composer))
            except DeliveryError as reason:
                await self._components.output.copy_to_clipboard(text)
                raise DeliveryError(f"{reason} The text is on the clipboard.") from reason
            if landing.receipt.method == "clipboard":
                return "The last dictation is on the clipboard."
            self._insertions.repeated(landing.whole, landing.target, self._composer.around)
            await self._keep_rest(landing)
        return f"Inserted {len(landing.piece)} characters again."

    async def undo(self) -> str:
        """Erase the last dictation, or first replace its rewritten text by the spoken text.

        Returns a message for the user. Raises DeliveryError.
        """
        if not self._components.watches():
            raise DeliveryError(_UNSEEN)
        async with self._busy:
            target = await self._components.output.target()
            count, said = self._insertions.removable(target), self._insertions.unwritten
            await self._erase(count, target)
            if said:
                return await self._unwrite(said, target)
        return f"Removed {count} characters."

    async def copy(self) -> str:
        """Copy the last dictation to the clipboard; return a message. Raises DeliveryError."""
        await self._components.output.copy_to_clipboard(self._last())
        return "The last dictation is on the clipboard."

    def recall(self, text: str) -> None:
        """Load the last dictation of an earlier run, for redo and copy."""
        self._insertions.recall(text)

    def forget(self) -> None:
        """Forget the text of the last dictation."""
        self._insertions.forget()

    def key_pressed(self, key: str, held: frozenset[str]) -> None:
        """Note that the user has pressed a key while these modifiers were down."""
        self._insertions.typed(key, held)

    def clicked(self, at: float) -> None:
        """Note a click of the user, which moves the caret unless it was on our own menu."""
        self._insertions.clicked(at)

    def own_menu_clicked(self, at: float) -> None:
        """Note that the latest click was on our icon or its menu."""
        self._insertions.own_menu_clicked(at)

    async def _deliver_or_keep(self, dictation: _Dictation, spoken: Spoken) -> str:
        """Deliver a segment, or keep it whatever goes wrong; return what went wrong."""
        try:
            return await self._deliver(dictation, spoken)
        except Exception:
            log.exception("dictation %d: delivery failed", dictation.number)
            reason = "Could not insert the text: the log has the details."
            return await self._keep(dictation, self._pipeline.heard(spoken.text), reason)

    async def _deliver(self, dictation: _Dictation, spoken: Spoken) -> str:
        """Insert the text of a segment, or obey its commands; return what went wrong."""
        # on a thread, since a user's expression may be slow; the thread holds nothing to give back
        dictation.raw = spoken.text
        polished = await threads.run_in_thread(partial(self._pipeline.polish, *spoken))
        dictation.raw = ""
        record = dictation.record
        record.raw = f"{record.raw} {polished.heard}".strip()
        if polished.refused:
            return await self._refuse(dictation, polished)
        if polished.note:
            self._tell(polished.note)
        for said in polished.said:
            if dictation.aborted:
                return ""
            if isinstance(said, Scratch):
                trouble = await self._scratch(dictation)
            else:
                trouble = await self._say(dictation, said)
            if trouble:
                return trouble
        return ""

    async def _say(self, dictation: _Dictation, said: Insert) -> str:
        """Rewrite and insert a text, or keep it; return what went wrong."""
        dictation.unwritten = said.text
        text = await self._rewritten(dictation, said.text)
        dictation.unwritten = ""
        if dictation.aborted:
            return ""
        text = self._insertions.started(dictation.number, text, said.text, said.owed)
        dictation.record.text = self._joined(dictation.record.text, text)
        if dictation.kept is not None:
            return await self._keep(dictation, text, "")
        try:
            return await self._insert_there(dictation, text)
        except DeliveryError as refused:
            reason = str(refused)
        except Exception:
            log.exception("dictation %d: delivery failed", dictation.number)
            reason = "the log has the details."
        if dictation.aborted:
            return ""
        dictation.record.state = "kept"
        return await self._keep(dictation, text, f"Could not insert the text: {reason}")

    async def _refuse(self, dictation: _Dictation, polished: Polished) -> str:
        """Keep the beginning of a text that is too long; return why it was not inserted."""
        if dictation.aborted:
            return ""
        record = dictation.record
        record.state, record.text = "kept", self._joined(record.text, polished.heard)
        reason = f"Could not insert the text: {polished.refused}"
        return await self._keep(dictation, polished.heard, reason)

    async def _rewritten(self, dictation: _Dictation, text: str) -> str:
        if self._pipeline.refuses(text):
            return text
        words = text.strip("\n")  # new lines at its ends are not rewritten
        if not words:
            return text
        target = await self._placement.meant(dictation.origin)
        new = await self._components.rewriter.apply(words, target.application if target else "")
        # a rewrite must not add an Enter that was not spoken
        return text.replace(words, clean(new, lines="\n" in words), 1)

    async def _insert_there(self, dictation: _Dictation, text: str) -> str:
        """Insert a text where it belongs; return what went wrong on the way.

        Raises DeliveryError where nothing was inserted.
        """
        if self._pipeline.refuses(text):
            raise DeliveryError(self._pipeline.refusal(text))
        began = time.monotonic()
        landing = await self._place(_Text(dictation, text, self._composer))
        target, receipt, record = landing.target, landing.receipt, dictation.record
        if not landing.piece:
            return ""
        landing.log(dictation.number, time.monotonic() - began)
        if landing.joined:
            self._tell(_JOINED)
        record.application = target.application if target else ""
        if receipt.method == "clipboard":  # the user's choice: what follows is added to it there
            dictation.kept = landing.piece
            return ""
        record.inserted = asyncio.get_running_loop().time()
        self._insertions.inserted(landing.whole, target, self._composer.around)
        if landing.rest:
            record.state = "partly"
            return await self._keep(dictation, landing.rest, landing.cut, partly=True)
        if receipt.method == "paste" and not receipt.confirmed and record.state == "delivered":
            record.state = "unconfirmed"
            with suppress(DeliveryError):
                await self._components.output.copy_to_clipboard(record.text)
            self._tell(_UNSURE)
        return ""

    async def _place(self, text: _Text) -> InsertResult:
        """Insert a text as a continuation of what stands before it. Raises DeliveryError."""
        self._check_lock()
        landing = await self._placement.insert(text)
        if landing.astray:
            self._tell(_ASTRAY.format(landing.astray))
        return landing

    async def _erase(self, count: int, target: Target | None) -> None:
        """Erase characters before the caret of this window. Raises DeliveryError."""
        self._check_lock()
        try:
            await self._components.output.erase(count, target)
        except DeliveryError as failed:
            self._insertions.erased(failed.done)
            if not failed.done:
                raise
            raise DeliveryError(
                f"Removed only {failed.done} of {count} characters: {failed}"
            ) from failed
        self._insertions.erased(count)

    async def _unwrite(self, said: str, target: Target | None) -> str:
        """Insert the spoken text into this window; return a message for the user.

        Raises DeliveryError where that fails; then the text is on the clipboard.
        """
        try:
            landing = await self._placement.insert(_Unwritten(said, target))
        except DeliveryError as reason:
            await self._components.output.copy_to_clipboard(said)
            raise DeliveryError(f"{reason} What you said is on the clipboard.") from reason
        if landing.receipt.method == "clipboard" or not landing.piece:
            await self._components.output.copy_to_clipboard(said)
            return "What you said is on the clipboard, as it was before the rewrite."
        self._insertions.unwritten_again(landing.whole, landing.target)
        await self._keep_rest(landing)
        return "Replaced the rewritten text by what you said."

    def _last(self) -> str:
        """Return the text of the last dictation. Raises DeliveryError."""
        self._check_lock()
        if not self._insertions.text:
            raise DeliveryError("Nothing has been dictated yet.")
        return self._insertions.text

    def _check_lock(self) -> None:
        """Raise DeliveryError while the screen is locked."""
        if self.locked:
            raise DeliveryError("The screen is locked.")

    async def _scratch(self, dictation: _Dictation) -> str:
        """Erase the last text ("scratch that"); return what went wrong."""
        own = self._insertions.dictation == dictation.number
        if own and dictation.kept is not None:
            return await self._scratch_kept(dictation, dictation.kept)
        try:
            target = await self._components.output.target()
            await self._erase(self._insertions.last(target), target)
        except DeliveryError as refused:
            self._tell(str(refused))
            return str(refused)
        self._insertions.removed_last()
        if own:
            dictation.record.text = self._insertions.text
        return ""

    async def _scratch_kept(self, dictation: _Dictation, kept: str) -> str:
        """Remove the last text from those on the clipboard."""
        kept = kept.removesuffix(self._insertions.removed_last()).rstrip(" ")
        dictation.kept = ""
        dictation.record.text = self._insertions.text
        return await self._keep(dictation, kept, "")

    def _end(self, dictation: _Dictation) -> None:
        del self._live[dictation.number]
        if dictation.origin:
            dictation.origin.cancel()
        record = dictation.record
        if dictation.aborted:
            record.state = "dropped"
        if record.raw or record.failed:
            self._components.history.record(record.entry())
        submit = self._components.config.text.submit and not self.locked
        if submit and record.complete and dictation.kept is None:
            if not self._placement.takes_enter(record.application):
                self._tell(f"Enter was not pressed: {_NO_ENTER}")
                return
            self._submitting.start(self._submit())

    async def _submit(self) -> None:
        try:
            async with self._busy:
                await self._components.output.press("enter", self._insertions.target)
        except DeliveryError as refused:
            self._tell(f"Enter was not pressed: {refused}")
        self._insertions.typed("enter")

    async def _keep_rest(self, landing: InsertResult) -> None:
        """Copy the rest of a text that was cut short. Raises DeliveryError if there is any."""
        if landing.rest:
            await self._components.output.copy_to_clipboard(landing.rest)
            raise DeliveryError(f"{landing.cut} {_REST_KEPT}")

    async def _keep(
        self, dictation: _Dictation, text: str, reason: str, *, partly: bool = False
    ) -> str:
        """Copy everything that is not in the window to the clipboard; return what to report."""
        dictation.kept = kept = self._joined(dictation.kept or "", text)
        if self.locked:  # it is in the history, as the user is told after the unlock
            return ""
        try:
            await self._components.output.copy_to_clipboard(kept)
            where = _REST_KEPT if partly else "The text is on the clipboard."
        except DeliveryError as failed:
            where = str(failed)
        if not reason:
            return ""
        trouble = f"{reason} {where}"
        self._tell(trouble)
        return trouble

    def _tell(self, message: str) -> None:
        self._notices.tell(message, "delivery")

    def _joined(self, before: str, text: str) -> str:
        return before + Insert(text).after(before, self._pipeline.spelling)
