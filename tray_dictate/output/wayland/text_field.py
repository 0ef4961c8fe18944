"""Puts text into the focused text field, by whichever protocol makes us an input method.

A program that reports the text around its caret does so after each insertion, and that is the
receipt. A program that confirms nothing may have stopped reading: it gets less at a time.
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import ClassVar

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Clock, Receipt
from tray_dictate.core.text.caret import Around
from tray_dictate.output.base import FocusCheck, MovedError
from tray_dictate.system.desktop.wayland import PATIENCE, Arguments, Connection, WaylandError

ACTIVE_AGAIN = 0.01  # seconds for a window that had no text field
PIECE = 3800  # bytes: a message of more than 4096 ends the connection of the program
SILENT = 32_000  # bytes at most for a program that confirms nothing: it may have stopped reading
READING = 2.0  # seconds that a program may take to read a piece, before the next one
NOT_SURE = "The focus changed at that very moment: the window may or may not have the text."
KEYS_IN_TERMINAL = "In a terminal, new lines and tabs would act as keys unless they are pasted."
TOO_LONG = "The text is too long for a program that does not confirm what it gets."

# seconds where programs wait for a processor: a password field must not be taken for no field
_ACTIVE_BUSY = 0.6
_FIELDLESS = 30.0  # seconds until that window is asked again: it may have been busy
_TAIL = 16  # characters of a piece that are looked for in the receipt
_HIDDEN = 0x40  # a hint of a text field
_HANGS = "The compositor does not answer: the window may or may not have the text."
_LEFT = "The text field has lost the focus."
_NO_FIELD = "No text field of a Wayland program has the focus."


@dataclass(frozen=True, slots=True)
class FieldTiming:
    """How long an input method waits, in seconds."""

    active: float = 0.1  # for a program to say that a text field has the focus; it takes some ms
    compositor: float = PATIENCE  # for the compositor to say what became of an insertion
    answer: float = 0.03  # for the program to confirm it; it takes 1 to 35 ms


class SecretError(Exception):
    """The text field is for a password, and nothing was inserted."""


class TextField(ABC):
    """A text field, as its program describes it; a subclass sends by its protocol."""

    SECRETS: ClassVar[tuple[int, ...]]  # purposes of fields that show dots
    TERMINAL: ClassVar[int]  # the purpose of a terminal

    def __init__(self, connection: Connection, patience: float) -> None:
        """`patience` is how long the compositor gets to answer an insertion, in seconds."""
        self._connection, self._patience = connection, patience
        self.active = self.answered = self.hangs = False
        self.left = 0  # how often it lost the focus
        self.around: Around | None = None  # None if the program does not report its text
        self.outdated = False  # the text has changed since, and the program may not report that
        self._hint = self._purpose = 0
        self._complete = False

    @property
    def known(self) -> bool:
        """Whether it has the focus, and is described completely."""
        return self.active and self._complete

    @property
    def secret(self) -> bool:
        """Whether it shows dots instead of what is inserted."""
        return bool(self._hint & _HIDDEN) or self._purpose in self.SECRETS

    @property
    def terminal(self) -> bool:
        """Whether it says that it is a terminal."""
        return self._purpose == self.TERMINAL

    def insert(self, piece: str) -> None:
        """Insert a piece. Raises WaylandError, and DeliveryError if it may not have arrived."""
        if not self.known:
            raise DeliveryError(_LEFT)
        self.answered = False
        left, landed = self.left, list[bool]()
        with self._connection.together():
            self._send(piece)
            self._connection.sync(lambda: landed.append(self.left == left))
        self.hangs = not self._connection.wait(lambda: bool(landed), self._patience)
        if landed != [True]:
            raise DeliveryError(_HANGS if self.hangs else NOT_SURE)

    def ends_with(self, piece: str) -> bool:
        """Tell whether the program has reported this text before the caret."""
        return self.answered and is_end(self.around.before if self.around else "", piece)

    @abstractmethod
    def _send(self, piece: str) -> None:
        """Send the requests that insert a piece. Raises WaylandError."""

    def _on_surrounding_text(self, event: Arguments) -> None:
        text, caret, anchor = event.array()[:-1], event.uint(), event.uint()
        start, end = sorted((caret, anchor))  # in bytes
        parts = (text[:start], text[end:], text[start:end])
        before, after, selected = (part.decode(errors="replace") for part in parts)
        around = Around(before, after, selected=selected)
        if around != self.around:  # KWin repeats the last report at other changes of the field
            self.around, self.outdated = around, self.outdated and self.around is None
        self.answered = True


class FieldInserter(ABC):
    """Inserts into text fields; for one thread. A subclass finds the field that has the focus."""

    def __init__(
        self, connection: Connection, timing: FieldTiming | None = None, clock: Clock = time
    ) -> None:
        self._connection, self._clock = connection, clock
        self._timing = timing or FieldTiming()
        self._fieldless, self._fieldless_until = "", 0.0  # a window without a text field

    def commit(
        self, text: str, stop: threading.Event, check: FocusCheck, window: str = ""
    ) -> Receipt:
        """Insert into the text field that has the focus; `window` is the name of its window.

        Raises UnavailableError where there is none, SecretError, MovedError where `check` says no:
        nothing was inserted then. Else DeliveryError.
        """
        done = 0
        try:
            with self._field(self._patience_with(window)) as found:
                field = self._usable(found, text, window)
                if not check.is_focused():
                    raise MovedError
                for piece in pieces(text):
                    if done:
                        self._go_on(field, done, stop, check)
                    field.insert(piece)
                    done += len(piece)
                if field.around is not None:
                    self._connection.wait(lambda: field.ends_with(text), self._timing.answer)
                return Receipt(confirmed=field.ends_with(text), method="commit")
        except WaylandError as reason:
            raise DeliveryError(f"The text could not be inserted: {reason}.", done) from reason
        except FocusMovedError:
            raise
        except DeliveryError as partly:
            raise DeliveryError(str(partly), done) from partly

    def around(self, window: str = "") -> Around | None:
        """Return the whole text around the caret; None if the program does not report it.

        `window` is the name of its window. The text of a terminal or of a password field is not
        returned.
        """
        patience = self._patience_with(window)
        with suppress(WaylandError, UnavailableError), self._field(patience) as field:
            if field is None:
                self._note_fieldless(window)
            elif not field.secret and not field.terminal:
                return None if field.outdated else field.around
        return None

    def before(self) -> str | None:
        """Return the text before the caret; None if the program does not report it.

        What is selected counts as before it: a key that removes characters removes it first.
        """
        with suppress(WaylandError, UnavailableError), self._field(self._patience()) as field:
            if field and field.around and not field.outdated:
                return field.around.before + field.around.selected
        return None

    def is_native(self) -> bool:
        """Tell whether a text field of a Wayland program has the focus."""
        with suppress(WaylandError, UnavailableError), self._field(ACTIVE_AGAIN) as field:
            return field is not None
        return False

    @abstractmethod
    def check(self) -> None:
        """Raise UnavailableError where another input method keeps us from inserting."""

    @abstractmethod
    def _field(self, patience: float) -> AbstractContextManager[TextField | None]:
        """Yield the field that has the focus; wait up to `patience` seconds for one.

        Raises WaylandError, and UnavailableError where it cannot be inserted into.
        """

    def _patience(self) -> float:
        """Return how long a program gets to say that a text field has the focus, in seconds."""
        busy = os.getloadavg()[0] > (os.cpu_count() or 1)
        return _ACTIVE_BUSY if busy else self._timing.active

    def _patience_with(self, window: str) -> float:
        return ACTIVE_AGAIN if self._is_fieldless(window) else self._patience()

    def _is_fieldless(self, window: str) -> bool:
        return window == self._fieldless and self._clock.monotonic() < self._fieldless_until

    def _note_fieldless(self, window: str) -> None:
        if not self._is_fieldless(window):
            self._fieldless = window
            self._fieldless_until = self._clock.monotonic() + _FIELDLESS

    def _usable(self, field: TextField | None, text: str, window: str) -> TextField:
        """Return the field, if it takes the text. Raises UnavailableError and SecretError."""
        if field is None:
            self._note_fieldless(window)
            raise UnavailableError(_NO_FIELD)
        if field.secret:
            raise SecretError
        if field.terminal and any(c in text for c in "\n\t"):
            raise UnavailableError(KEYS_IN_TERMINAL)
        if field.around is None and len(text.encode()) > SILENT:
            raise UnavailableError(TOO_LONG)
        return field

    def _go_on(self, field: TextField, done: int, stop: threading.Event, check: FocusCheck) -> None:
        """Return when the next piece may follow. Raises DeliveryError."""
        if field.around is not None:  # more than the program reads would end it
            self._connection.wait(lambda: field.answered or stop.is_set(), READING)
        if stop.is_set():
            raise DeliveryError("Dictation ended while the text was being inserted.")
        if field.around is not None and not field.answered:
            raise DeliveryError("The program does not answer.")
        if not check.is_focused():
            raise FocusMovedError(done)
        if not self._connection.wait(lambda: field.known, self._patience()):
            raise DeliveryError(_LEFT)


def is_end(before: str, piece: str) -> bool:
    """Tell whether the text before the caret ends with a piece, as far as programs report it."""
    last = piece.rpartition("\n")[2][-_TAIL:]  # some report only the caret's line
    line = before.rpartition("\n")[2]
    return line.endswith(last) if last else not line


def pieces(text: str) -> Iterator[str]:
    """Yield the text in pieces that fit into a message."""
    piece, size = list[str](), 0
    for character in text:
        width = len(character.encode())
        if size + width > PIECE:
            yield "".join(piece)
            piece, size = [], 0
        piece.append(character)
        size += width
    yield "".join(piece)
