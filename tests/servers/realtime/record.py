"""What a test may know of a connection afterwards. Times are time.monotonic(), the test's too."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Record:
    """One connection, from the server's side."""

    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    header_names: list[str] = field(default_factory=list)
    auth: str = "none"  # "bearer", "api-key", "query", "x-api-key", joined by +
    status: int = 0  # of the HTTP answer
    handshake_start: float = 0
    handshake_end: float = 0
    events: list[list[Any]] = field(default_factory=list)  # [type, how many in a row]
    sessions: list[dict[str, Any]] = field(default_factory=list)  # bodies of the updates
    audio_bytes: int = 0
    first_append: float = 0
    last_append: float = 0
    commits: list[float] = field(default_factory=list)  # received
    completed: list[float] = field(default_factory=list)  # sent
    items: int = 0
    transcripts: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    fired: list[str] = field(default_factory=list)  # the faults that happened
    live: bool = True
    end: float = 0
    close_code: int = 0

    def event(self, kind: str) -> None:
        """Note a client event."""
        if self.events and self.events[-1][0] == kind:
            self.events[-1][1] += 1
        else:
            self.events.append([kind, 1])
        if kind == "input_audio_buffer.commit":
            self.commits.append(time.monotonic())

    def audio(self, size: int) -> None:
        """Note an append."""
        self.last_append = time.monotonic()
        self.first_append = self.first_append or self.last_append
        self.audio_bytes += size

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can carry it."""
        return asdict(self)
