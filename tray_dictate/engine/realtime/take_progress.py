"""Keeps the sound, the turns and the ready texts of one take until all of it is transcribed."""

from __future__ import annotations

import asyncio

from tray_dictate.core.pcm import SAMPLE
from tray_dictate.core.segments import SessionEvent
from tray_dictate.engine.realtime.protocol.turns import Turns
from tray_dictate.engine.realtime.retry_budget import RetryBudget
from tray_dictate.engine.sound_buffer import Sound


class TakeProgress:
    """One take, whichever connection or engine transcribes it. Positions are samples."""

    def __init__(
        self, rate: int, budget: RetryBudget, recording: bytearray | None = None
    ) -> None:  # fmt: skip
        """`recording` holds all sound that is sent, if the caller keeps it anyway."""
        self.turns = Turns(rate)
        self.budget = budget
        self.changed = asyncio.Event()  # there is more sound, or a turn has ended
        self.events: asyncio.Queue[SessionEvent | None] = asyncio.Queue()  # None: no more
        self.sound, self._recording = Sound(), recording

    def append(self, chunk: bytes) -> None:
        """Append a chunk of PCM16 to the sound and to the open turn."""
        if self._recording is None:
            self.sound.append(chunk)
        self.turns.grow(len(chunk) // SAMPLE)

    def read(self, start: int, end: int) -> bytes:
        """Return the sound between two positions, as PCM16."""
        if self._recording is None:
            return self.sound.pcm(start, end)
        return bytes(self._recording[start * SAMPLE : end * SAMPLE])

    def hand_out(self) -> None:
        """Queue the texts that are ready in spoken order, and forget their sound."""
        for event in self.turns.due():
            self.budget.restore()
            self.events.put_nowait(event)
        self.sound.forget(self.turns.covered)
