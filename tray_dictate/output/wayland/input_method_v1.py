"""Puts text into the focused text field without keys or clipboard: zwp_input_method_v1, on KDE 6.7.

KWin tells any number of input methods of each text field that gets the focus, so ours does not end
another. But it describes a field only as it gets the focus: we are there before, from the start,
and read whatever we are told. What the user types is told, too, and is not kept.

    bind ─▶ activate ─▶ content_type, commit_state ─▶ is that window focused? ─▶ commit_string, sync
                                                       │ deactivate before the sync: not sure
                                                       └ surrounding_text ends with it: confirmed
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar

from typing_extensions import override

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import Clock
from tray_dictate.output.wayland.text_field import FieldInserter, FieldTiming, TextField
from tray_dictate.system.desktop.wayland import Arguments, Connection, WaylandError
from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)

INTERFACE = "zwp_input_method_v1"

_PAUSE = 0.1  # seconds between two reads: what is told at each of several keys is read at once
_DESCRIBED = 0.03  # seconds from a field's activation to its description, which comes with it
_ACTIVATE, _DEACTIVATE = 0, 1  # events of the input method
_DESTROY, _COMMIT_STRING = 0, 1  # requests to the context
_UNKNOWN = (
    "The text field has had the focus for longer than tray_dictate runs: whether it asks for a "
    "password is not known."
)


class _Context(TextField):
    """A text field, from when it gets the focus until it loses it."""

    SECRETS: ClassVar = (8,)  # password; KWin tells it for a PIN, too
    TERMINAL: ClassVar = 12

    def __init__(self, connection: Connection, patience: float, number: int) -> None:
        super().__init__(connection, patience)
        self.active = True
        self._id, self._serial = number, 0
        self._described = False
        connection.adopt(number, self._on_event)

    def end(self) -> None:
        """Note that it has lost the focus; whatever is sent to it now goes nowhere."""
        self.active, self.left = False, self.left + 1
        self._connection.request(self._id, _DESTROY)
        self._connection.forget(self._id)

    @override
    def _send(self, piece: str) -> None:
        self._connection.request(self._id, _COMMIT_STRING, self._serial, piece)

    def _on_event(self, opcode: int, event: Arguments) -> None:
        match opcode:
            case 0:
                self._on_surrounding_text(event)
            case 2:  # content_type
                self._hint, self._purpose = event.uint(), event.uint()
                self._described = True
            case 4:  # commit_state
                self._serial, self._complete = event.uint(), self._described
            case _:  # reset, the preferred language
                pass


class StandingInputMethod(FieldInserter):
    """Inserts into text fields; for one thread, beside its own that reads what is told."""

    def __init__(self, timing: FieldTiming | None = None, clock: Clock = time) -> None:
        """Raises UnavailableError."""
        super().__init__(Connection(), timing, clock)
        self._lock = threading.Lock()
        self._context: _Context | None = None
        try:
            self._connection.bind(INTERFACE, 1, self._on_event)
            self._connection.roundtrip()
        except UnavailableError:
            self._connection.close()
            raise
        except WaylandError as reason:
            self._connection.close()
            raise UnavailableError(f"The compositor refuses an input method: {reason}.") from None
        self.is_alive = True
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._listen, name="output-fields", daemon=True)
        self._thread.start()

    @override
    def check(self) -> None:
        """Raise nothing: any number of input methods work side by side here."""

    def disregard(self) -> None:
        """Disregard the text reported so far: it was changed by a paste, which GTK reports late."""
        with self._lock:
            if self._context:
                self._context.outdated = True

    def close(self) -> None:
        """End the connection; idempotent."""
        self._wake_up.set()
        self._thread.join()
        self._connection.close()
        self._wake_up.close()

    @override
    @contextmanager
    def _field(self, patience: float) -> Generator[TextField | None]:
        """Yield the field that has the focus, of which nothing new is read meanwhile."""
        with self._lock:
            try:
                self._connection.roundtrip()
                if self._connection.wait(lambda: self._context is not None, patience):
                    self._connection.wait(self._is_known, _DESCRIBED)
                if self._context and not self._context.known:
                    raise UnavailableError(_UNKNOWN)
                yield self._context
            except WaylandError:
                self.is_alive = False
                raise

    def _is_known(self) -> bool:
        return self._context is not None and self._context.known

    def _listen(self) -> None:
        """Read what is told: a client that does not is disconnected in the end."""
        files = [self._connection, self._wake_up]
        while self._wake_up not in select.select(files, [], [])[0]:
            with self._lock:
                try:
                    while select.select([self._connection], [], [], 0)[0]:
                        self._connection.dispatch()
                except WaylandError as reason:
                    log.info("text fields can no longer be heard of: %s", reason)
                    self.is_alive = False
                    return
            time.sleep(_PAUSE)

    def _on_event(self, opcode: int, event: Arguments) -> None:
        if opcode not in (_ACTIVATE, _DEACTIVATE):
            return
        if self._context:
            self._context.end()
            self._context = None
        if opcode == _ACTIVATE:
            self._context = _Context(self._connection, self._timing.compositor, event.uint())
