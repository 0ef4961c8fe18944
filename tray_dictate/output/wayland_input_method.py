"""Text into the focused text field, without keys and without the clipboard: zwp_input_method_v2.

A session has one input method at a time: we are it only for the moment of an insertion. Who is it
already (fcitx5, ibus) stays it. A program that reports what stands around its caret does so after
each insertion, and that is the receipt.

    bind ─▶ activate ─▶ is that window focused? ─▶ commit_string + commit + sync, as one
                                                    │ deactivate before the sync: not sure
                                                    └ surrounding_text ends with it: confirmed
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress

from tray_dictate.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.output.refused import MovedError
from tray_dictate.output.wayland_wire import PATIENCE, Arguments, Connection, WaylandError
from tray_dictate.ports import Receipt

MANAGER = "zwp_input_method_manager_v2"

_PIECE = 3800  # bytes: a message with more than 4096 ends the connection of who gets it
_SILENT = 32_000  # bytes at most for who does not answer: nothing tells whether it still reads
_ACTIVE = 0.1  # seconds for a program to say that a text field has the focus; it takes some ms
_ACTIVE_AGAIN = 0.01  # the same, where it had none the last time
_ANSWER = 0.03  # seconds to wait for the receipt; it takes 1 to 35 ms
_READING = 2.0  # seconds that a program may take to read a piece, before the next one
_TAIL = 16  # characters of a piece that are looked for in the receipt

_GET, _COMMIT_STRING, _COMMIT, _DESTROY = 0, 0, 3, 6  # requests
_HIDDEN = 0x40  # a hint of a text field
_PASSWORD, _PIN, _TERMINAL = 8, 9, 13  # purposes of text fields
_NOT_SURE = "The focus moved in that very moment: it is not sure whether the window has the text."
_NO_FIELD = "No text field of a Wayland program has the focus."


class SecretError(Exception):
    """The text field is for a password, and nothing was inserted."""


class _Field:
    """What has the focus, as long as we are the input method."""

    def __init__(self, connection: Connection, manager: int, seat: int) -> None:
        self._connection = connection
        self._serial = 0
        self._hint = self._purpose = 0
        self.active = self.taken = self.lost = self.answered = False
        self.before: str | None = None  # the text before the caret; None where it is not told
        self._id = connection.create(self._on_event)
        connection.request(manager, _GET, seat, self._id)

    @property
    def known(self) -> bool:
        """Whether all is said of a text field, or that we cannot be the input method."""
        return self.taken or (self.active and self._serial > 0)

    @property
    def secret(self) -> bool:
        """Whether it shows dots instead of what is inserted."""
        return bool(self._hint & _HIDDEN) or self._purpose in (_PASSWORD, _PIN)

    @property
    def terminal(self) -> bool:
        """Whether it is a terminal, by its own words."""
        return self._purpose == _TERMINAL

    def insert(self, piece: str) -> None:
        """Raises WaylandError, and DeliveryError where it is not sure what became of it."""
        self.lost = self.answered = False
        landed = list[bool]()
        with self._connection.together():
            self._connection.request(self._id, _COMMIT_STRING, piece)
            self._connection.request(self._id, _COMMIT, self._serial)
            self._connection.sync(lambda: landed.append(not self.lost))
        self._connection.wait(lambda: bool(landed), PATIENCE)
        if landed != [True]:
            raise DeliveryError(_NOT_SURE)

    def ends_with(self, piece: str) -> bool:
        """Tell whether the program has said that this stands before the caret."""
        last = piece.rpartition("\n")[2][-_TAIL:]  # some tell of the caret's line only
        line = (self.before or "").rpartition("\n")[2]
        return self.answered and (line.endswith(last) if last else not line)

    def end(self) -> None:
        """Be the input method no more."""
        self._connection.request(self._id, _DESTROY)
        self._connection.roundtrip()

    def _on_event(self, opcode: int, event: Arguments) -> None:
        match opcode:
            case 0:  # activate: all that was known is void
                self.active, self.before = True, None
                self._hint = self._purpose = 0
            case 1:  # deactivate
                self.active, self.lost = False, True
            case 2:  # surrounding_text
                text, caret = event.array()[:-1], event.uint()
                self.before, self.answered = text[:caret].decode(errors="replace"), True
            case 4:  # content_type
                self._hint, self._purpose = event.uint(), event.uint()
            case 5:  # done
                self._serial += 1
            case 6:  # unavailable
                self.taken = True
            case _:  # why the text has changed
                pass


class InputMethod:
    """Inserts; for one thread, with that thread's connection."""

    def __init__(self, connection: Connection) -> None:
        """Raises UnavailableError."""
        self._connection = connection
        self._patience = _ACTIVE
        try:
            self._manager = connection.bind(MANAGER)
            self._seat = connection.bind("wl_seat")
            with self._field(0):  # is there another input method?
                pass
        except WaylandError as reason:
            raise UnavailableError(f"The compositor refuses an input method: {reason}.") from None

    def commit(self, text: str, stop: threading.Event, stays: Callable[[], bool]) -> Receipt:
        """Insert into the text field that has the focus.

        Raises UnavailableError where there is none, SecretError, MovedError where `stays` says no:
        nothing was inserted then. Else DeliveryError.
        """
        done = 0
        try:
            with self._focused(text) as field:
                if not stays():
                    raise MovedError
                for piece in _pieces(text):
                    if done:
                        self._go_on(field, done, stop, stays)
                    field.insert(piece)
                    done += len(piece)
                if field.before is not None:
                    self._connection.wait(lambda: field.ends_with(text), _ANSWER)
                return Receipt(confirmed=field.ends_with(text), method="commit")
        except WaylandError as reason:
            raise DeliveryError(f"The text could not be inserted: {reason}.", done) from reason
        except FocusMovedError:
            raise
        except DeliveryError as partly:
            raise DeliveryError(str(partly), done) from partly

    def before(self) -> str | None:
        """Return the text before the caret; None where the program does not tell it."""
        try:
            with self._field(_ACTIVE) as field:
                return field.before if field.active else None
        except (WaylandError, UnavailableError):
            return None

    def is_native(self) -> bool:
        """Tell whether a text field of a Wayland program has the focus."""
        with suppress(WaylandError, UnavailableError), self._field(_ACTIVE_AGAIN) as field:
            return field.active
        return False

    def _go_on(
        self, field: _Field, done: int, stop: threading.Event, stays: Callable[[], bool]
    ) -> None:
        """Return when the next piece may follow. Raises DeliveryError."""
        if field.before is not None:  # more than the program reads would end it
            self._connection.wait(lambda: field.answered or stop.is_set(), _READING)
        if stop.is_set():
            raise DeliveryError("Dictation was ended while text was inserted.")
        if field.before is not None and not field.answered:
            raise DeliveryError("The window does not answer.")
        if not stays():
            raise FocusMovedError(done)
        if not self._connection.wait(lambda: field.active, _ACTIVE):
            raise DeliveryError("The text field has lost the focus.")

    @contextmanager
    def _focused(self, text: str) -> Generator[_Field]:
        """Yield the text field that has the focus. Raises UnavailableError and SecretError."""
        with self._field(self._patience) as field:
            self._patience = _ACTIVE if field.active else _ACTIVE_AGAIN
            if not field.active:
                raise UnavailableError(_NO_FIELD)
            if field.secret:
                raise SecretError
            if field.terminal and any(c in text for c in "\n\t"):
                raise UnavailableError(
                    "In a terminal, new lines and tabs that are not pasted would be keys."
                )
            if field.before is None and len(text.encode()) > _SILENT:
                raise UnavailableError("The text is long, and the program does not confirm it.")
            yield field

    @contextmanager
    def _field(self, patience: float) -> Generator[_Field]:
        """Be the input method; wait so long for a text field. Raises UnavailableError."""
        field = _Field(self._connection, self._manager, self._seat)
        try:
            self._connection.roundtrip()
            self._connection.wait(lambda: field.known, patience)
            if field.taken:
                raise UnavailableError(
                    "Another input method (fcitx5, ibus) is running.",
                )
            yield field
        finally:
            with suppress(WaylandError):
                field.end()


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
