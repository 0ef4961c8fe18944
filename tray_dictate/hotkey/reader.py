"""Base class of hotkeys whose key events are read by a thread of their own."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections import deque

from tray_dictate.core.ports import HotkeyListener
from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)


class KeyReader(ABC):
    """ports.Hotkey with a thread that reads until `stop`; a subclass knows the source."""

    def __init__(self) -> None:
        self._wake_up = WakeUp()
        self._marks: deque[int] = deque()  # reported when all events before them are read
        self._thread = threading.Thread(target=self._run, name="hotkey", daemon=True)
        self._stopped = False

    def start(self, listener: HotkeyListener) -> None:
        """Report every edge of the user's keys, on the reader's thread."""
        self._listener = listener
        self._begin()
        self._thread.start()

    def catch_up(self, mark: int) -> None:
        """Report the mark on the reader's thread, after all events that have happened by now."""
        self._marks.append(mark)
        if not self._stopped:
            self._wake_up.set()

    def stop(self) -> None:
        """End the thread and close the source; idempotent."""
        if self._stopped:
            return
        self._stopped = True
        self._wake_up.set()
        if self._thread.ident:
            self._thread.join()
        self._close()
        self._wake_up.close()

    @abstractmethod
    def _begin(self) -> None:
        """Have the source report keys from now on; called before the thread starts."""

    @abstractmethod
    def _close(self) -> None:
        """Close the source; called after the thread has ended."""

    # On the reader's thread

    @abstractmethod
    def _read(self) -> None:
        """Report edges until `_stopped`; call `_report_marks` at each wake-up."""

    @abstractmethod
    def _read_all(self) -> None:
        """Report the edges of all events that have happened by now."""

    def _report_marks(self) -> None:
        """Report the marks that wait, after the edges of all events that have happened by now."""
        if not (count := len(self._marks)):
            return
        self._read_all()
        for _ in range(count):
            self._listener.caught_up(self._marks.popleft())

    def _run(self) -> None:
        try:
            self._read()
        except Exception:
            log.exception("reading the keyboard failed")
            self._listener.lost("Reading the keyboard failed; the log has the details.")
