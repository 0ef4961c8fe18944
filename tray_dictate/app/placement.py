"""Finds the window that a text is for, and inserts the whole text there, once.

A window may lose the focus at any moment. Until the first character is inserted, the window can
still change; after that the rest goes into the same window, or nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.core.ports import Output, Receipt, Target
from tray_dictate.core.terminals import is_terminal, on_one_line

log = logging.getLogger(__name__)

Policy = Literal["follow", "hold", "return"]
Origin = asyncio.Task[Target | None] | None  # the window that had the focus at the key-down
MOVES = 10  # times that a text is continued after its window has lost the focus
_LOOK = 0.1  # seconds between two checks of the focus, while text is held for its window
_SOON = 3.0  # seconds to wait for a window to get the focus back, by other policies than "hold"
_RESTLESS = "The focus kept changing. Click into the window that the text is for."


class Piece(NamedTuple):
    """A text to insert; `onward` if the user has done nothing since the text before it."""

    text: str
    onward: bool = False


@dataclass(frozen=True, slots=True)
class InsertResult:
    """The inserted part of a text and its window; the `rest`, and the reason, if it was cut."""

    target: Target | None
    piece: str
    receipt: Receipt
    rest: str = ""
    reason: str = ""
    joined: bool = False  # blanks replace its new lines
    astray: int = 0  # characters that went into a window that took the focus meanwhile

    @property
    def whole(self) -> str:
        """The inserted text, with what a rule has appended."""
        return self.piece if self.rest else self.piece + self.receipt.after

    @property
    def cut(self) -> str:
        """A sentence for the user: how much is in the window, and why not all of it."""
        done = len(self.piece)
        whole = done + len(self.rest)
        return f"Only the first {done} of {whole} characters are in the window: {self.reason}"

    def log(self, dictation: int, took: float) -> None:
        """Log the number of characters, the method, and the seconds that it `took`."""
        log.info(
            "dictation %d: %d characters by %s%s in %.0f ms, %d not inserted", dictation,
            len(self.piece), self.receipt.method,
            "" if self.receipt.confirmed else " (unconfirmed)", took * 1e3, len(self.rest),
        )  # fmt: skip


class Insertion(Protocol):
    """A text to insert."""

    @property
    def origin(self) -> Origin:
        """The window that the text is for."""
        ...

    async def compose(self, target: Target | None) -> Piece:
        """Return the text as it is to be inserted into this window."""
        ...

    def give_up(self) -> str:
        """Return why the text should no longer wait for its window; empty: it should wait."""
        ...


class Placement:
    """Inserts texts into the windows that the focus policy names."""

    def __init__(
        self,
        output: Output,
        policy: Policy,
        patience: float,
        *,
        breaks: bool = False,
        runs: bool = True,
    ) -> None:
        """`patience`: seconds that text is held for a window without the focus, by "hold".

        With `breaks`, a new line is Shift+Enter. Without `runs`, there are none in terminals.
        """
        self._output, self._policy = output, policy
        self._patience = patience if policy == "hold" else _SOON
        self._breaks, self._runs = breaks, runs

    def origin(self) -> Origin:
        """Begin to look up the window with the focus; None if the policy does not need it."""
        return None if self._policy == "follow" else asyncio.create_task(self._output.target())

    async def insert(self, text: Insertion) -> InsertResult:
        """Insert a text into its window. Raises DeliveryError if nothing was inserted."""
        astray = 0
        for _ in range(MOVES):
            target = await self.place(text)
            piece, onward = await text.compose(target)
            one_line = not self.takes_enter(target.application if target else "")
            try:
                landing = await self._whole(
                    Piece(on_one_line(piece) if one_line else piece, onward), target, text
                )
            except FocusMovedError as moved:
                astray += moved.astray
                continue
            joined = one_line and "\n" in piece
            return replace(landing, joined=joined, astray=landing.astray + astray)
        raise DeliveryError(_RESTLESS)

    def takes_enter(self, application: str) -> bool:
        """Return whether a new line may be inserted there: in a terminal it would run a command."""
        return self._runs or not is_terminal(application)

    async def place(self, text: Insertion) -> Target | None:
        """Return the window for a text, once that window has the focus as the policy requires.

        Raises DeliveryError if the text's own window does not get the focus.
        """
        now = await self._output.target()
        origin = await text.origin if text.origin else None
        if origin is None or (now and now.window == origin.window):
            return now
        await self._regain(origin, text)
        return origin

    async def meant(self, origin: Origin) -> Target | None:
        """Return the probable window of a text with this origin, without waiting for the focus."""
        return (await origin if origin else None) or await self._output.target()

    async def _whole(self, whole: Piece, target: Target | None, text: Insertion) -> InsertResult:
        """Insert a piece. Raises DeliveryError if nothing was inserted."""
        (piece, onward), done = whole, 0
        receipt = Receipt(confirmed=False, method="type")  # only what is typed can be cut short
        reason, astray = _RESTLESS, 0
        for _ in range(MOVES):
            try:
                receipt = await self._insert(Piece(piece[done:], onward and not done), target)
            except DeliveryError as failed:
                done += failed.done
                if not done:
                    raise
                if not isinstance(failed, FocusMovedError) or target is None:
                    reason = str(failed)
                    break
                astray += failed.astray
            else:
                return InsertResult(target, piece, receipt, astray=astray)
            try:
                await self._regain(target, text)
            except DeliveryError as failed:
                reason = str(failed)
                break
        return InsertResult(target, piece[:done], receipt, piece[done:], reason, astray=astray)

    async def _insert(self, whole: Piece, target: Target | None) -> Receipt:
        """Insert a piece; line by line if new lines are typed as Shift+Enter."""
        piece, onward = whole
        lines = piece.split("\n") if self._breaks else [piece]
        done = 0
        try:
            receipt = await self._output.deliver(lines[0], target, onward=onward)
            done += len(lines[0])
            if receipt.method == "clipboard" and len(lines) > 1:  # all of it at once, then
                return await self._output.deliver(piece, target)
            for line in lines[1:]:
                await self._output.press("shift+enter", target)
                done += 1
                receipt = await self._output.deliver(line, target)
                done += len(line)
        except DeliveryError as failed:
            failed.done += done
            raise
        return receipt

    async def _regain(self, target: Target, text: Insertion) -> None:
        """Return as soon as a window has the focus again. Raises DeliveryError."""
        if self._policy == "return":
            await self._still_there(target)
            await self._output.activate(target)
            return
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience
        reason = ""
        while loop.time() < end and not reason:
            await self._still_there(target)
            now = await self._output.target()
            if now and now.window == target.window:
                return
            await asyncio.sleep(_LOOK)
            reason = text.give_up()
        reason = reason or f"it has not had the focus for {self._patience:g} s"
        raise DeliveryError(f"The window that you dictated into did not get the text: {reason}.")

    async def _still_there(self, target: Target) -> None:
        if await self._output.is_gone(target):
            raise DeliveryError("The window that you dictated into is gone.")
