"""What the daemon shows of itself: each change goes to the tray and to whoever follows."""

from __future__ import annotations

import time
from collections.abc import Callable

from tray_dictate.core.dictation import Status


class Shown:
    """The status, what goes with it, and since when; lives on the loop."""

    def __init__(self, tray: Callable[[Status, str, bool], None], hint: Callable[[], str]) -> None:
        self._tray = tray
        self.hint = hint  # how to begin, in words
        self._followers: list[Callable[[], None]] = []
        self.status, self.detail = Status.IDLE, ""
        self.listening = False  # the microphone is open
        self.started = self.since = time.time()
        self._nothing = True  # was shown

    def put(self, status: Status, detail: str, *, listening: bool) -> None:
        """Show it, where it is another."""
        before = self.status, self.detail, self.listening
        if (status, detail, listening) == before and not self._nothing:
            return
        if status is not self.status:
            self.since = time.time()
        self.status, self.detail, self.listening = status, detail, listening
        self._nothing = False
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
