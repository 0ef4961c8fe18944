"""Puts text into the focused text field without keys or clipboard: zwp_input_method_v2.

A session has one input method at a time. We become it only for the moment of an insertion, and not
where another program (fcitx5, ibus) is the input method already. A program that reports the text
around its caret does so after each insertion, and that is the receipt.

    bind ─▶ activate ─▶ is that window focused? ─▶ commit_string + commit + sync, as one
                                                    │ deactivate before the sync: not sure
                                                    └ surrounding_text ends with it: confirmed

A program may answer late, when the input method that it answers has ended: the next input method is
activated by that, deactivated, and activated again by the answer to itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Clock, Receipt
from tray_dictate.core.text.caret import Around
from tray_dictate.output.base import FocusCheck, MovedError
from tray_dictate.system.desktop.wayland import PATIENCE, Arguments, Connection, WaylandError

MANAGER = "zwp_input_method_manager_v2"

_PIECE = 3800  # bytes: a message of more than 4096 ends the connection of the program
_SILENT = 32_000  # bytes at most for a program that confirms nothing: it may have stopped reading
# seconds where programs wait for a processor: a password field must not be taken for no field
_ACTIVE_BUSY = 0.6
_ACTIVE_AGAIN = 0.01  # seconds for a window that had no text field
_FIELDLESS = 30.0  # seconds until that window is asked again: it may have been busy
_LATE = 0.5  # seconds after an input method ended unanswered: its answer may come to the next one
_FOLLOWS = 0.03  # seconds, if it was that, until the program answers its end, too
_ANSWER = 0.03  # seconds to wait for the receipt; it takes 1 to 35 ms
_READING = 2.0  # seconds that a program may take to read a piece, before the next one
_TAIL = 16  # characters of a piece that are looked for in the receipt

_GET, _COMMIT_STRING, _COMMIT, _DESTROY = 0, 0, 3, 6  # requests
_HIDDEN = 0x40  # a hint of a text field
_PASSWORD, _PIN, _TERMINAL = 8, 9, 13  # purposes of text fields
_NOT_SURE = "The focus changed at that very moment: the window may or may not have the text."
_HANGS = "The compositor does not answer: the window may or may not have the text."
_NO_FIELD = "No text field of a Wayland program has the focus."


@dataclass(frozen=True, slots=True)
class FieldTiming:
    """How long an InputMethod waits, in seconds."""

    active: float = 0.1  # for a program to say that a text field has the focus; it takes some ms
    compositor: float = PATIENCE  # for the compositor to say what became of an insertion


class SecretError(Exception):
    """The text field is for a password, and nothing was inserted."""


class _Field:
    """The text field that has the focus, while we are the input method."""

    def __init__(self, connection: Connection, manager: int, seat: int, patience: float) -> None:
        """`patience` is how long the compositor gets to answer an insertion, in seconds."""
        self._connection, self._patience = connection, patience
        self._serial = 0
        self._hint = self._purpose = 0
        self._complete = self._hangs = False
        self.active = self.taken = self.lost = self.answered = False
        self.left = 0  # how often it lost the focus
        self.around: Around | None = None  # None if the program does not report its text
        self._id = connection.create(self._on_event)
        connection.request(manager, _GET, seat, self._id)

    @property
    def known(self) -> bool:
        """Whether a text field is described completely, or another input method is running."""
        return self.taken or (self.active and self._complete)

    @property
    def secret(self) -> bool:
        """Whether it shows dots instead of what is inserted."""
        return bool(self._hint & _HIDDEN) or self._purpose in (_PASSWORD, _PIN)

    @property
    def terminal(self) -> bool:
        """Whether it says that it is a terminal."""
        return self._purpose == _TERMINAL

    def insert(self, piece: str) -> None:
        """Insert a piece. Raises WaylandError, and DeliveryError if it may not have arrived."""
        self.lost = self.answered = False
        landed = list[bool]()
        with self._connection.together():
            self._connection.request(self._id, _COMMIT_STRING, piece)
            self._connection.request(self._id, _COMMIT, self._serial)
            self._connection.sync(lambda: landed.append(not self.lost))
        self._hangs = not self._connection.wait(lambda: bool(landed), self._patience)
        if landed != [True]:
            raise DeliveryError(_HANGS if self._hangs else _NOT_SURE)

    def ends_with(self, piece: str) -> bool:
        """Tell whether the program has reported this text before the caret."""
        last = piece.rpartition("\n")[2][-_TAIL:]  # some report only the caret's line
        line = (self.around.before if self.around else "").rpartition("\n")[2]
        return self.answered and (line.endswith(last) if last else not line)

    def end(self) -> None:
        """Stop being the input method."""
        self._connection.request(self._id, _DESTROY)
        if not self._hangs:
            self._connection.roundtrip()

    def _on_event(self, opcode: int, event: Arguments) -> None:
        match opcode:
            case 0:  # activate: all that was known is void
                self.active, self._complete, self.around = True, False, None
                self._hint = self._purpose = 0
            case 1:  # deactivate
                self.active, self.lost, self.left = False, True, self.left + 1
            case 2:  # surrounding_text
                text, *places = event.array()[:-1], event.uint(), event.uint()
                start, end = sorted(places)  # caret and anchor, in bytes: between is selected
                before, selected, after = (
                    part.decode(errors="replace")
                    for part in (text[:start], text[start:end], text[end:])
                )
                self.around, self.answered = Around(before, after, selected=selected), True
            case 4:  # content_type
                self._hint, self._purpose = event.uint(), event.uint()
            case 5:  # done
                self._serial, self._complete = self._serial + 1, True
            case 6:  # unavailable
                self.taken = True
            case _:  # why the text has changed
                pass


class InputMethod:
    """Inserts into text fields; for one thread, with that thread's connection."""

    def __init__(
        self, connection: Connection, timing: FieldTiming | None = None, clock: Clock = time
    ) -> None:
        """Raises UnavailableError if the compositor allows none; `check`, if another is running."""
        self._connection, self._clock = connection, clock
        self._timing = timing or FieldTiming()
        self._fieldless, self._fieldless_until = "", 0.0  # a window without a text field
        self._owed, self._ended_at = (
            0,
            0.0,
        )  # input methods that ended unanswered, and when the last did
        try:
            self._manager = connection.bind(MANAGER)
            self._seat = connection.bind("wl_seat")
        except WaylandError as reason:
            raise _refuses(reason) from None

    def check(self) -> None:
        """Raise UnavailableError where another input method is running."""
        try:
            with self._field(self._patience()):
                pass
        except WaylandError as reason:
            raise _refuses(reason) from None

    def commit(
        self, text: str, stop: threading.Event, check: FocusCheck, window: str = ""
    ) -> Receipt:
        """Insert into the text field that has the focus; `window` is the name of its window.

        Raises UnavailableError where there is none, SecretError, MovedError where `check` says no:
        nothing was inserted then. Else DeliveryError.
        """
        done = 0
        try:
            with self._focused(text, window) as field:
                if not check.is_focused():
                    raise MovedError
                for piece in _pieces(text):
                    if done:
                        self._go_on(field, done, stop, check)
                    field.insert(piece)
                    done += len(piece)
                if field.around is not None:
                    self._connection.wait(lambda: field.ends_with(text), _ANSWER)
                return Receipt(confirmed=field.ends_with(text), method="commit")
        except WaylandError as reason:
            raise DeliveryError(f"The text could not be inserted: {reason}.", done) from reason
        except FocusMovedError:
            raise
        except DeliveryError as partly:
            raise DeliveryError(str(partly), done) from partly

    def around(self, window: str = "") -> Around | None:
        """Return the whole text around the caret; None if the program does not report it.

        `window` is the name of its window. That of a terminal or a password field is not returned.
        """
        with suppress(WaylandError, UnavailableError), self._known(window) as field:
            if not field.secret and not field.terminal:
                return field.around
        return None

    def before(self) -> str | None:
        """Return the text before the caret; None if the program does not report it."""
        with suppress(WaylandError, UnavailableError), self._field(self._patience()) as field:
            if field.known and field.around:
                return field.around.before
        return None

    def is_native(self) -> bool:
        """Tell whether a text field of a Wayland program has the focus."""
        with suppress(WaylandError, UnavailableError), self._field(_ACTIVE_AGAIN) as field:
            return field.known
        return False

    def _go_on(self, field: _Field, done: int, stop: threading.Event, check: FocusCheck) -> None:
        """Return when the next piece may follow. Raises DeliveryError."""
        if field.around is not None:  # more than the program reads would end it
            self._connection.wait(lambda: field.answered or stop.is_set(), _READING)
        if stop.is_set():
            raise DeliveryError("Dictation ended while the text was being inserted.")
        if field.around is not None and not field.answered:
            raise DeliveryError("The program does not answer.")
        if not check.is_focused():
            raise FocusMovedError(done)
        if not self._connection.wait(lambda: field.known, self._patience()):
            raise DeliveryError("The text field has lost the focus.")

    @contextmanager
    def _focused(self, text: str, window: str) -> Generator[_Field]:
        """Yield the field that has the focus, if it takes this text.

        Raises UnavailableError and SecretError.
        """
        with self._known(window) as field:
            if field.secret:
                raise SecretError
            if field.terminal and any(c in text for c in "\n\t"):
                raise UnavailableError(
                    "In a terminal, new lines and tabs would act as keys unless they are pasted."
                )
            if field.around is None and len(text.encode()) > _SILENT:
                raise UnavailableError(
                    "The text is too long for a program that does not confirm what it gets."
                )
            yield field

    @contextmanager
    def _known(self, window: str) -> Generator[_Field]:
        """Yield the text field that has the focus. Raises UnavailableError where there is none."""
        known = window == self._fieldless and self._clock.monotonic() < self._fieldless_until
        with self._field(_ACTIVE_AGAIN if known else self._patience()) as field:
            if not field.known:
                if not known:
                    self._fieldless = window
                    self._fieldless_until = self._clock.monotonic() + _FIELDLESS
                raise UnavailableError(_NO_FIELD)
            yield field

    @contextmanager
    def _field(self, patience: float) -> Generator[_Field]:
        """Become the input method; wait up to `patience` seconds for a text field.

        Raises UnavailableError.
        """
        field = _Field(self._connection, self._manager, self._seat, self._timing.compositor)
        try:
            self._connection.roundtrip()
            self._hear(field, patience)
            if field.taken:
                raise UnavailableError("Another input method (fcitx5, ibus) is running.")
            yield field
        finally:
            with suppress(WaylandError):
                field.end()

    def _hear(self, field: _Field, patience: float) -> None:
        """Wait for a text field; longer where answers to earlier input methods may come first."""
        wait, owed = self._connection.wait, self._owed
        if self._clock.monotonic() - self._ended_at > _LATE:
            owed = 0
        while not field.taken and (field.left < owed or not field.known):
            left = field.left
            if field.known:  # maybe by the answer to one of before, which ends soon then
                if not wait(lambda left=left: field.left > left, _FOLLOWS):
                    break
            elif not wait(lambda left=left: field.known or field.left > left, patience):
                break
            patience = self._patience()  # there is a text field
        self._owed = 0
        if not field.known:
            self._owed = max(owed - field.left, 0) + 1
            self._ended_at = self._clock.monotonic()

    def _patience(self) -> float:
        """Return how long a program gets to say that a text field has the focus, in seconds."""
        busy = os.getloadavg()[0] > (os.cpu_count() or 1)
        return _ACTIVE_BUSY if busy else self._timing.active


def _refuses(reason: WaylandError) -> UnavailableError:
    return UnavailableError(f"The compositor refuses an input method: {reason}.")


def _pieces(text: str) -> Iterator[str]:
    """Yield the text in pieces that fit into a message."""
    piece, size = list[str](), 0
    for character in text:
        width = len(character.encode())
        if size + width > _PIECE:
            yield "".join(piece)
            piece, size = [], 0
        piece.append(character)
        size += width
    yield "".join(piece)
