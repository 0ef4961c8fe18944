"""Wakes a thread that sleeps in select()."""

from __future__ import annotations

import socket
from contextlib import suppress


class WakeUp:
    """An Event that select() can wait for.

    It is a socket pair, as Windows selects nothing else, and kept as objects: a late `set` by
    number could write into a file that was opened since.
    """

    def __init__(self) -> None:
        self._sleeper, self._waker = socket.socketpair()
        for end in (self._sleeper, self._waker):
            end.setblocking(False)

    def fileno(self) -> int:
        """Return the file that is readable once it is set; -1 after `close`."""
        return self._sleeper.fileno()

    def set(self) -> None:
        """Wake the thread, now or when it next waits; from any thread, also after `close`."""
        with suppress(OSError):  # closed, or set more often than it holds
            self._waker.send(b".")

    def clear(self) -> None:
        """Unset the event."""
        with suppress(BlockingIOError):
            self._sleeper.recv(4096)

    def close(self) -> None:
        """Close the sockets; idempotent."""
        self._sleeper.close()
        self._waker.close()
