"""A decoder that counts its runs, cancels in one of them, and waits in them while it is held."""

from __future__ import annotations

import threading
from pathlib import Path

from tray_dictate.engine.offline.onnx import Model


class Counted(Model):
    """The model of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.free = threading.Event()
        self.free.set()
        self.reset()

    def reset(self, cancel_at: int | None = None) -> None:
        self.runs, self.cancel_at = 0, cancel_at

    def run(self, outputs, feeds, cancel=None):
        self.runs += 1
        if self.runs == self.cancel_at:
            cancel.cancel()
        self.free.wait()
        return super().run(outputs, feeds, cancel)
