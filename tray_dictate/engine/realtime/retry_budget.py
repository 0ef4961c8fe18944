"""Limits how long a take waits for a server before the offline engine takes over."""

from __future__ import annotations

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 2.0  # seconds


class RetryBudget:
    """The waiting time of one take, in seconds; any text from the server restores it.

    Times are of the event loop's clock.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.delay = _FIRST_DELAY  # before the next try
        self._seconds = seconds
        self._since: float | None = None

    @property
    def answer_limit(self) -> float:
        """How long one answer may take, so that there is time for another try."""
        return min(self._seconds / 2, self.left)

    def spend(self, since: float, now: float) -> None:
        """Count the time that the server has been silent, from its beginning."""
        self._since = since if self._since is None else min(self._since, since)
        self.left = max(0.0, self._since + self._seconds - now)

    def back_off(self) -> None:
        """Double the delay before the next try."""
        self.delay = min(self.delay * 2, _LONGEST_DELAY)

    def restore(self) -> None:
        """Start from the full budget again: the server works."""
        self._since, self.left, self.delay = None, self._seconds, _FIRST_DELAY
