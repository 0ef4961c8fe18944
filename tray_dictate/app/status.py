"""The status that the daemon publishes, for the tray and for the clients of the control socket."""

from __future__ import annotations

import asyncio
import time

from tray_dictate.core.dictation import Status
from tray_dictate.core.signals import Signal

_TAIL = 0.5  # seconds that a microphone may be open beyond a recording without being shown


class StatusPublisher:
    """The status with its detail, and since when; lives on the loop.

    `status_changed` emits status, detail, and whether to show that the microphone is open although
    the status does not say so; `level_changed` the input level, from 0.0 to 1.0.
    """

    def __init__(self) -> None:
        self.status_changed: Signal[Status, str, bool] = Signal()
        self.level_changed: Signal[float] = Signal()
        self.status, self.detail = Status.IDLE, ""
        self.is_open = False  # the microphone
        self.listening = False  # an open microphone is shown although the status is another
        self._marking: asyncio.TimerHandle | None = None
        self.started = self.since = time.time()
        self._published = False

    def put(self, status: Status, detail: str, *, is_open: bool) -> None:
        """Publish a status if it has changed; show an open microphone if it stays open."""
        listening = self._listens(status, is_open=is_open)
        before = self.status, self.detail, self.listening
        if (status, detail, listening) == before and self._published:
            return
        if status is not self.status:
            self.since = time.time()
        self.status, self.detail, self.listening = status, detail, listening
        self._published = True
        self.again()

    def _listens(self, status: Status, *, is_open: bool) -> bool:
        """Return whether to show the microphone as open now, or start the delay until then."""
        self.is_open = is_open
        unsaid = is_open and status not in (Status.OPENING, Status.RECORDING)
        if self._marking and not unsaid:
            self._marking.cancel()
            self._marking = None
        elif unsaid and not self.listening and not self._marking:
            self._marking = asyncio.get_running_loop().call_later(_TAIL, self._mark)
        return self.listening and unsaid

    def _mark(self) -> None:
        self._marking, self.listening = None, True
        self.again()

    def again(self) -> None:
        """Publish the same status again, as for another tray, other settings or other keys."""
        self.status_changed.emit(self.status, self.detail, self.listening)
