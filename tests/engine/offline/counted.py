"""A decoder that counts its runs, and cancels in one of them."""

from __future__ import annotations

from pathlib import Path

from tray_dictate.engine.offline.onnx import Model


class Counted(Model):
    """The model of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reset()

    def reset(self, cancel_at: int | None = None) -> None:
        self.runs, self.cancel_at = 0, cancel_at

    def run(self, outputs, feeds, cancel=None):
        self.runs += 1
        if self.runs == self.cancel_at:
            cancel.cancel()
        return super().run(outputs, feeds, cancel)
