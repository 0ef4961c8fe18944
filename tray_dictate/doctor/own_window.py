"""What the doctor's windows share: text that arrives, and the thread that hears of it."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import ClassVar

from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)

CLASS = "tray-dictate-doctor"
TITLE = "tray_dictate checks whether text arrives here"
WIDTH, HEIGHT = 520, 60  # pixels
_ENDS = 5.0  # seconds for the thread


class OwnWindow(ABC):
    """Shown from the start until `close`; `text`, `clear` and `close` from any thread."""

    gone: ClassVar[tuple[type[Exception], ...]]  # what says that the connection has ended

    def __init__(self) -> None:
        self._text = ""
        self._stopped = False

    def text(self) -> str:
        """Return what has arrived since the start, or the last `clear`."""
        return self._text

    def clear(self) -> None:
        """Empty it; nothing may be on its way."""
        self._text = ""

    def close(self) -> None:
        """Take the window away; idempotent."""
        self._stopped = True
        self._wake_up.set()
        self._thread.join(_ENDS)

    def _start(self) -> None:
        """Hear from now on; the thread alone uses the connection then."""
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._run, name="window", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stopped:
                self._hear(self._wake_up)
        except self.gone as reason:
            log.info("the window went away: %s", type(reason).__name__)
        finally:
            self._disconnect()
            self._wake_up.close()

    @abstractmethod
    def _hear(self, wake_up: WakeUp) -> None:
        """Deal with what happens, until woken or longer."""

    @abstractmethod
    def _disconnect(self) -> None:
        """End the connection, and the window with it."""
