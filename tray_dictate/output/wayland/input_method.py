"""Puts text into the focused text field without keys or clipboard: zwp_input_method_v2.

A session has one input method at a time. We become it only for the moment of an insertion, and not
where another program (fcitx5, ibus) is the input method already.

    bind ─▶ activate ─▶ is that window focused? ─▶ commit_string + commit + sync, as one
                                                    │ deactivate before the sync: not sure
                                                    └ surrounding_text ends with it: confirmed

A program may answer late, when the input method that it answers has ended: the next input method is
activated by that, deactivated, and activated again by the answer to itself.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import ClassVar

from typing_extensions import override

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import Clock
from tray_dictate.output.wayland.text_field import FieldInserter, FieldTiming, TextField
from tray_dictate.system.desktop.wayland import Arguments, Connection, WaylandError

MANAGER = "zwp_input_method_manager_v2"

_LATE = 0.5  # seconds after an input method ended unanswered: its answer may come to the next one
_FOLLOWS = 0.03  # seconds, if it was that, until the program answers its end, too

_GET, _COMMIT_STRING, _COMMIT, _DESTROY = 0, 0, 3, 6  # requests


class _Field(TextField):
    """The text field that has the focus, while we are the input method."""

    SECRETS: ClassVar = (8, 9)  # password, PIN
    TERMINAL: ClassVar = 13

    def __init__(self, connection: Connection, manager: int, seat: int, patience: float) -> None:
        super().__init__(connection, patience)
        self._serial = 0
        self.taken = False  # another input method is running
        self._id = connection.create(self._on_event)
        connection.request(manager, _GET, seat, self._id)

    def end(self) -> None:
        """Stop being the input method."""
        self._connection.request(self._id, _DESTROY)
        if not self.hangs:
            self._connection.roundtrip()

    @override
    def _send(self, piece: str) -> None:
        self._connection.request(self._id, _COMMIT_STRING, piece)
        self._connection.request(self._id, _COMMIT, self._serial)

    def _on_event(self, opcode: int, event: Arguments) -> None:
        match opcode:
            case 0:  # activate: all that was known is void
                self.active, self._complete, self.around = True, False, None
                self._hint = self._purpose = 0
            case 1:  # deactivate
                self.active, self.left = False, self.left + 1
            case 2:
                self._on_surrounding_text(event)
            case 4:  # content_type
                self._hint, self._purpose = event.uint(), event.uint()
            case 5:  # done
                self._serial, self._complete = self._serial + 1, True
            case 6:  # unavailable
                self.taken = True
            case _:  # why the text has changed
                pass


class InputMethod(FieldInserter):
    """Inserts into text fields; for one thread, with that thread's connection."""

    def __init__(
        self, connection: Connection, timing: FieldTiming | None = None, clock: Clock = time
    ) -> None:
        """Raises UnavailableError if the compositor allows none; `check`, if another is running."""
        super().__init__(connection, timing, clock)
        self._owed, self._ended_at = (
            0,
            0.0,
        )  # input methods that ended unanswered, and when the last did
        try:
            self._manager = connection.bind(MANAGER)
            self._seat = connection.bind("wl_seat")
        except WaylandError as reason:
            raise _refuses(reason) from None

    @override
    def check(self) -> None:
        try:
            with self._field(self._patience()):
                pass
        except WaylandError as reason:
            raise _refuses(reason) from None

    @override
    @contextmanager
    def _field(self, patience: float) -> Generator[TextField | None]:
        """Become the input method; wait up to `patience` seconds for a text field."""
        field = _Field(self._connection, self._manager, self._seat, self._timing.compositor)
        try:
            self._connection.roundtrip()
            self._hear(field, patience)
            if field.taken:
                raise UnavailableError("Another input method (fcitx5, ibus) is running.")
            yield field if field.known else None
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
            elif not wait(lambda left=left: _answers(field) or field.left > left, patience):
                break
            patience = self._patience()  # there is a text field
        self._owed = 0
        if not _answers(field):
            self._owed = max(owed - field.left, 0) + 1
            self._ended_at = self._clock.monotonic()


def _answers(field: _Field) -> bool:
    """Tell whether the field is described, or another input method is running."""
    return field.taken or field.known


def _refuses(reason: WaylandError) -> UnavailableError:
    return UnavailableError(f"The compositor refuses an input method: {reason}.")
