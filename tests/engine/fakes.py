"""Models that need no speech: loud is voiced, and every pass does as the test says."""

from __future__ import annotations

import threading

import numpy as np

from tray_dictate.core.errors import EngineError
from tray_dictate.engine.models import Decoded, Segmentation


class FakeCancel:
    def __init__(self):
        self.event = threading.Event()
        self.hurried = False

    def cancel(self):
        self.event.set()

    def hurry(self):
        self.hurried = True


class FakeDetector:
    def hear(self, hop):
        return 0.9 if np.abs(hop).max() > 0.1 else 0.0


class FakeModels:
    """A token per started 0.1 s of sound; `hold` keeps passes waiting until cancelled or freed."""

    segmentation = Segmentation()

    def __init__(self):
        self.passes = []  # (samples, draft)
        self.cancelled = []
        self.rests = 0
        self.closed = False
        self.hold = False
        self.free = threading.Event()
        self.broken = False

    def detector(self):
        return FakeDetector()

    def cancellation(self):
        return FakeCancel()

    def decode(self, samples, draft, cancel, *, urgent):
        self.passes.append((len(samples), draft))
        if self.broken:
            raise EngineError("The offline model failed: out of order.")
        while self.hold and not self.free.is_set():
            if cancel.event.wait(0.002):
                break
        if cancel.event.is_set():
            self.cancelled.append(len(samples))
            return Decoded("", (7, 7, 7), cancelled=True)
        tokens = tuple(range(-(-len(samples) // 1600)))
        return Decoded(f"{len(tokens)} tokens", tokens)

    def rest(self):
        self.rests += 1

    def close(self):
        self.closed = True
