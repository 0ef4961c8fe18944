"""What the daemon shows of itself: each change goes to the tray and to whoever follows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tray_dictate.core.dictation import Status

_TAIL = 0.5  # seconds that a microphone may be open beyond a recording without being shown


class Shown:
    """The status, what goes with it, and since when; lives on the loop."""

    def __init__(self, tray: Callable[[Status, str, bool], None], hint: Callable[[], str]) -> None:
        self._tray = tray
        self.hint = hint  # how to begin, in words
        self._followers: list[Callable[[], None]] = []
        self.status, self.detail = Status.IDLE, ""
        self.is_open = False  # the microphone
        self.listening = False  # it is shown that it is open, as the status does not say so
        self._marking: asyncio.TimerHandle | None = None
        self.started = self.since = time.time()
        self._nothing = True  # was shown

    def put(self, status: Status, detail: str, *, is_open: bool) -> None:
        """Show it, where it is another; a microphone that is open, where it stays so."""
        listening = self._listens(status, is_open=is_open)
        before = self.status, self.detail, self.listening
        if (status, detail, listening) == before and not self._nothing:
            return
        if status is not self.status:
            self.since = time.time()
        self.status, self.detail, self.listening = status, detail, listening
        self._nothing = False
        self.again()

    def _listens(self, status: Status, *, is_open: bool) -> bool:
        """Return whether to show that the microphone is open; it may come to that in a moment."""
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
        """Show the same: the tray may be another, or the settings."""
        self._tray(self.status, self.detail, self.listening)
        for changed in tuple(self._followers):
            changed()

    def follow(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call it at every change; returns what ends that."""
        self._followers.append(changed)
        return lambda: self._followers.remove(changed)
