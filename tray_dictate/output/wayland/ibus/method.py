"""Puts text into the focused text field without keys, clipboard or permission: by IBus.

Where a desktop hands to its windows what IBus's engines commit, as GNOME does, we are the engine in
use for the moment of an insertion. A program that reports the text around its caret does so after
each insertion, and that is the receipt.

    nothing is being composed ─▶ our engine in use ─▶ a text field? ─▶ commit ─▶ is it still that?
                                          │                  │             │ no: not sure
                                          └───── the user's engine again ◀─┴ its text ends with it
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError, why
from tray_dictate.core.ports import Receipt
from tray_dictate.core.text.caret import Around
from tray_dictate.output.base import FocusCheck, MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.ibus.engine import Engine, Field
from tray_dictate.output.wayland.ibus.link import Link
from tray_dictate.output.wayland.text_field import (
    KEYS_IN_TERMINAL,
    NOT_SURE,
    PIECE,
    READING,
    SILENT,
    TOO_LONG,
    SecretError,
    pieces,
)
from tray_dictate.system.desktop import dbus
from tray_dictate.system.lifetime import finish
from tray_dictate.system.threads import Bridge

log = logging.getLogger(__name__)
T = TypeVar("T")

_ATTEMPTS = 3  # how often to put our engine in use

_NO_FIELD = "IBus knows no text field that has the focus."
_COMPOSING = (
    "Something is being composed with the keyboard, which inserting a text would drop. "
    "Finish it first."
)


@dataclass(frozen=True, slots=True)
class IBusTiming:
    """How long an IBusMethod waits, in seconds."""

    active: float = 0.1  # for a field that has just got the focus; of others IBus tells at once
    answer: float = 0.1  # for a program to say that it has read a text; it takes 5 to 70 ms
    report: float = 0.05  # for a program to report its text, where it does
    composed: float = 3.0  # for the user to finish a composition


class IBusMethod:
    """Inserts by IBus; for one thread. Its own thread answers IBus."""

    def __init__(self, stop: threading.Event, timing: IBusTiming | None = None) -> None:
        """Raises UnavailableError where no IBus runs."""
        self._stop, self._timing = stop, timing or IBusTiming()
        self._link: Link | None = None
        self._bridge = Bridge("ibus")
        self._bridge.start()
        try:
            self.check()
        except UnavailableError:
            self._bridge.stop()
            raise

    def check(self) -> None:
        """Raise UnavailableError where no IBus runs."""
        self._run(self._reach())

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Insert into the text field that has the focus.

        Raises UnavailableError where there is none, SecretError, MovedError where `check` says no:
        nothing was inserted then. Else DeliveryError.
        """
        del treatment
        return self._run(finish(self._insert(text, check)))

    def around(self) -> Around | None:
        """Return the text around the caret; None if the program does not report it."""
        with suppress(UnavailableError):
            return self._run(finish(self._around()))
        return None

    def before(self) -> str | None:
        """Return the text before the caret; None if the program does not report it."""
        around = self.around()
        return around.before if around else None

    def close(self) -> None:
        """End the connection; idempotent."""
        with suppress(UnavailableError):
            self._run(self._close())
        self._bridge.stop()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Raises UnavailableError where IBus fails."""
        try:
            return self._bridge.run(work).result()
        except dbus.TROUBLE as reason:
            raise UnavailableError(f"IBus cannot be used: {why(reason)}.") from reason

    # The rest runs on our own thread.

    async def _reach(self) -> Link:
        """Raises one of dbus.TROUBLE."""
        if self._link and not self._link.is_open:  # IBus was restarted
            await self._close()
        if self._link is None:
            self._link = await Link.open()
        return self._link

    async def _close(self) -> None:
        link, self._link = self._link, None
        if link:
            with suppress(*dbus.TROUBLE):  # the session is over
                await link.close()

    @asynccontextmanager
    async def _field(self, patience: float) -> AsyncGenerator[Link]:
        """Be the engine in use; wait up to `patience` seconds for a text field to get the focus.

        Raises UnavailableError where there is no text field, and one of dbus.TROUBLE.
        """
        link = await self._reach()
        try:
            for _ in range(_ATTEMPTS):
                await link.take()
                found = await link.engine.heard(
                    lambda field: field.placed or field.secret or field.lost, patience
                )
                if not found or link.engine.field.secret or not link.engine.field.lost:
                    break  # else GNOME had it lost, with the password field that lost the focus
            if not (link.engine.field.placed or link.engine.field.secret):
                raise UnavailableError(_NO_FIELD)
            yield link
        finally:
            try:
                await link.give_back()
            except dbus.TROUBLE as reason:
                log.warning("IBus does not answer: %s", why(reason))
                await self._close()

    async def _insert(self, text: str, check: FocusCheck) -> Receipt:
        link = await self._reach()
        if not await link.composition.over(self._timing.composed):
            raise DeliveryError(_COMPOSING)  # a pasting method's keys would go into it
        done = 0
        async with self._field(self._timing.active) as link:
            if not await asyncio.to_thread(check.is_focused):
                raise MovedError
            size = len(text.encode())
            await self._demand_taking(link.engine, text, size)
            field = link.engine.field
            try:
                read = False
                for piece in pieces(text):
                    if done:
                        await self._go_on(link, done, check)
                    read = await self._commit(link, piece, is_long=size > PIECE)
                    done += len(piece)
                    if done < len(text):
                        _demand_reading(read)
            except dbus.TROUBLE as reason:
                words = f"The text could not be inserted: IBus failed ({why(reason)})."
                raise DeliveryError(words, done) from reason
            except FocusMovedError:
                raise
            except DeliveryError as partly:
                raise DeliveryError(str(partly), done) from partly
            return Receipt(confirmed=read and field.ends_with(text), method="ibus")

    async def _go_on(self, link: Link, done: int, check: FocusCheck) -> None:
        """Return when the next piece may follow. Raises DeliveryError."""
        field = link.engine.field
        if self._stop.is_set():
            raise DeliveryError("Dictation ended while the text was being inserted.")
        if not await asyncio.to_thread(check.is_focused):
            raise FocusMovedError(done)
        if not field.placed:
            raise DeliveryError("The text field has lost the focus.")

    async def _demand_taking(self, engine: Engine, text: str, size: int) -> None:
        """Raise SecretError or UnavailableError where the field must not get the text.

        `size` is that of the text, in bytes. Raises MovedError, too.
        """
        engine.ask()
        reports = size > PIECE and await engine.heard(
            lambda field: bool(field.around), self._timing.report
        )
        if engine.field.secret:  # also where GNOME has put out of use any engine but a layout
            raise SecretError
        if not engine.field.placed:
            raise MovedError
        if engine.field.terminal and any(c in text for c in "\n\t"):
            raise UnavailableError(KEYS_IN_TERMINAL)
        if size > SILENT and not reports:
            raise UnavailableError(TOO_LONG)

    async def _commit(self, link: Link, piece: str, *, is_long: bool) -> bool:
        """Insert a piece; tell whether the program was seen to read it.

        A piece that follows before that may take its place. Of a long text the first report was
        waited for. Raises DeliveryError if it may not have arrived.
        """
        engine, before = link.engine, replace(link.engine.field)

        def read(field: Field) -> bool:
            """Tell whether it reports the piece, or else says where its caret is now."""
            knew = is_long or before.around is not None  # or it may report what was there before
            if knew and field.around:
                return field.around != before.around and field.ends_with(piece)
            return field.placings > before.placings

        engine.commit(piece)
        if await link.ibus.engine() != link.name:  # IBus has handled the commit when it answers
            raise DeliveryError(NOT_SURE)
        await engine.heard(
            lambda field: field.left > before.left or read(field),
            READING if is_long else self._timing.answer,
        )
        if engine.field.around:  # some report it after that
            await engine.heard(
                lambda field: field.left > before.left or field.ends_with(piece),
                self._timing.report,
            )
        if engine.field.left > before.left and not (
            read(engine.field) and engine.field.ends_with(piece)
        ):
            raise DeliveryError(NOT_SURE)
        return read(engine.field)

    async def _around(self) -> Around | None:
        link = await self._reach()
        if not await link.composition.over(0):
            return None
        async with self._field(0) as link:
            field = link.engine.field
            if field.secret or field.terminal:
                return None
            link.engine.ask()
            await link.engine.heard(lambda now: now.around is not None, self._timing.report)
            return field.around


def _demand_reading(read: bool) -> None:
    """Raise DeliveryError where a program has not read a piece: more would end it."""
    if not read:
        raise DeliveryError("The program does not answer.")
