"""What wakes a thread that sleeps in select(); shared by everything that has such a thread."""

from __future__ import annotations

import socket
from contextlib import suppress


class WakeUp:
    """An Event that select() can wait for.

    A socket pair, as Windows selects nothing else; and kept as objects: a late `set` by number
    could go into a file that somebody else has opened since.
    """

    def __init__(self) -> None:
        self._sleeper, self._waker = socket.socketpair()
        for end in (self._sleeper, self._waker):
            end.setblocking(False)

    def fileno(self) -> int:
        """Return what can be read once it is set; -1 after `close`."""
        return self._sleeper.fileno()

    def set(self) -> None:
        """Wake who waits, or the next who does; from any thread, also after `close`."""
        with suppress(OSError):  # closed, or set more often than it holds
            self._waker.send(b".")

    def clear(self) -> None:
        """Wait for the next `set`."""
        with suppress(BlockingIOError):
            self._sleeper.recv(4096)

    def close(self) -> None:
        """Let go of it; idempotent."""
        self._sleeper.close()
        self._waker.close()
