"""A server's own time: what it calls a moment is so much of what we have sent it."""

from __future__ import annotations

from bisect import bisect_right


class Timeline:
    """Where in a take each sample of a connection is from; both in samples."""

    def __init__(self) -> None:
        self._appended = 0
        self._jumps = [(0, 0)]  # appended until then, position in the take from there on

    def append(self, samples: int) -> None:
        """Learn that so much was sent."""
        self._appended += samples

    def jump(self, position: int) -> None:
        """Learn that what is sent next is from another place, or another take."""
        self._jumps.append((self._appended, position))

    def position(self, appended: int) -> int:
        """Return where in its take the sample is that was sent after so many others."""
        index = bisect_right(self._jumps, appended, key=lambda jump: jump[0]) - 1
        start, position = self._jumps[index]
        return position + appended - start
