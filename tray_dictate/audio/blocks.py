"""Passes the sound of a stream from PortAudio's thread to the loop, several blocks at once.

Blocks are small, because speech arrives two of them late. But each hand-over wakes the loop, the
dictation and its session, which costs more than the work on the samples. So blocks wait in here
until something can be done with them.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import Protocol

from tray_dictate.system.threads import Bridge

NOT_YET = sys.maxsize  # bytes: the stream is still being opened, or closed already


class StreamListener(Protocol):
    """Receives what a stream reports, on the loop."""

    def heard(self, blocks: Blocks) -> None:
        """Take the blocks: as much sound as was wanted has come."""
        ...

    def ended(self, blocks: Blocks) -> None:
        """Note that the stream has ended by itself."""
        ...


class Blocks:
    """The blocks of one stream that the loop has not taken yet.

    `put` and `end` run on PortAudio's thread, all else on the loop. Each counter has one writer.
    """

    def __init__(self, serial: int, bridge: Bridge, listener: StreamListener) -> None:
        self.serial = serial  # of the stream
        self.wanted = NOT_YET  # bytes of sound that are handed over at once
        self.at = 0.0  # when the last block came, on the loop's clock
        self._bridge, self._listener = bridge, listener
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._recorded = self._taken = 0  # bytes
        self._over = False

    def put(self, block: bytes, lost: bool) -> None:
        """Add a block of PCM16 mono; `lost`: samples before it were lost."""
        if self._over:
            return
        self.at = time.monotonic()
        self._waiting.append((block, lost))
        self._recorded += len(block)
        if self._recorded - self._taken >= self.wanted:
            self._bridge.post(self._listener.heard, self)

    def end(self) -> None:
        """Report the end of the open stream: no block after it counts.

        While a stream is being opened, this may be the end of a first attempt.
        """
        if self.wanted != NOT_YET:
            self._over = True
            self._bridge.post(self._listener.ended, self)

    def take(self) -> tuple[bytes, int]:
        """Return the sound of all blocks that wait, and the number of losses before them."""
        blocks: list[bytes] = []
        losses = 0
        while self._waiting:
            block, lost = self._waiting.popleft()
            self._taken += len(block)
            blocks.append(block)
            losses += lost
        return b"".join(blocks), losses
