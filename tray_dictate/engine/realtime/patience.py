"""How long a server may yet be away or silent before the embedded engine does its work."""

from __future__ import annotations


class Patience:
    """One take's; times are of the loop, in seconds. A text that comes makes it whole again."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self._seconds = seconds
        self._since: float | None = None

    @property
    def answer(self) -> float:
        """How long one answer may take: there is time for another try."""
        return min(self._seconds / 2, self.left)

    def lose(self, since: float, now: float) -> None:
        """Learn that the server was silent since then; that wait counts, it was the user's."""
        self._since = since if self._since is None else min(self._since, since)
        self.left = max(0.0, self._since + self._seconds - now)

    def regain(self) -> None:
        """Learn that it serves."""
        self._since, self.left = None, self._seconds
