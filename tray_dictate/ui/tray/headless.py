"""A tray without an icon, which logs status and messages, and the wait of the main thread."""

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
    """Lets the main thread wait, while its signal handlers still run on every system.

    The system may deliver a signal to any thread, but Python runs its handler in the main thread
    only: if that waited for a lock, it would not run the handler. A byte in a socket wakes it.
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
        """Return whether `set` was called."""
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
    """A Tray that shows nothing, and logs messages."""

    def __init__(self) -> None:
        self._over = MainThreadWait()

    def run(self) -> None:
        """Block until `stop`."""
        self._over.wait()

    def show(self, status: Status, detail: str = "", *, listening: bool = False) -> None:
        """Log the status."""
        log.debug("%s", tooltip(status, detail, listening=listening))

    def offer(self, choices: MenuState) -> None:
        """Do nothing: there is no menu."""

    def level(self, level: float) -> None:
        """Do nothing: there is no icon."""

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
        """Do nothing: messages are logged at once."""
