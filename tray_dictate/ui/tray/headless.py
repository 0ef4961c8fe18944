"""No icon: what would be shown and said goes to the log."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from contextlib import suppress

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuState, Urgency
from tray_dictate.ui.labels import plain, tooltip

log = logging.getLogger(__name__)


class MainThreadWait:
    """What the main thread waits for; signal handlers run meanwhile, on every system.

    The system may hand a signal to any thread, and Python runs its handler in the main thread
    only: asleep on a lock, that one would never hear of it. A byte wakes it.
    """

    def __init__(self) -> None:
        self._set = False
        self._waker: socket.socket | None = None

    def set(self) -> None:
        """End the wait; from any thread, idempotent."""
        self._set = True
        if waker := self._waker:
            with suppress(OSError):  # it has ended already
                waker.send(b".")

    def is_set(self) -> bool:
        """Tell whether it was set."""
        return self._set

    def wait(self) -> None:
        """Block until `set`."""
        sleeper, waker = socket.socketpair()
        waker.setblocking(False)
        in_main = threading.current_thread() is threading.main_thread()
        with sleeper, waker:
            self._waker = waker
            before = in_main and signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
            try:
                while not self._set:
                    sleeper.recv(64)
            finally:
                self._waker = None
                if in_main:
                    signal.set_wakeup_fd(before)


class Headless:
    """A Tray without anything to see."""

    def __init__(self) -> None:
        self._over = MainThreadWait()

    def run(self) -> None:
        """Block until `stop`."""
        self._over.wait()

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        """Log the status."""
        log.debug("%s", tooltip(status, detail, listening=listening))

    def offer(self, choices: MenuState) -> None:
        """There is no menu."""

    def level(self, level: float) -> None:
        """There is no icon."""

    def notify(
        self,
        message: str,
        cause: str = "",  # noqa: ARG002
        urgency: Urgency = Urgency.NORMAL,  # noqa: ARG002
        buttons: tuple[str, ...] = (),  # noqa: ARG002
    ) -> None:
        """Log the message."""
        if message:
            log.warning("%s", plain(message))

    def stop(self) -> None:
        """End `run`."""
        self._over.set()

    async def close(self) -> None:
        """Nothing is on its way."""
