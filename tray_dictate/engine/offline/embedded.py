"""The models of the embedded engine, loaded.

Importing this module imports onnxruntime, which takes its time: do it where waiting harms nobody.
"""

from __future__ import annotations

from tray_dictate.engine import model_files as assets
from tray_dictate.engine.models import Cancel, Decoded, Detector, Samples, Tokens
from tray_dictate.engine.offline.moonshine import Moonshine
from tray_dictate.engine.offline.onnx import Cancellation
from tray_dictate.engine.vad import Silero
from tray_dictate.system.memory import trim


class Embedded:
    """Moonshine tiny English and Silero VAD."""

    def __init__(self) -> None:
        self._silero = Silero(assets.find(assets.SILERO))
        self._moonshine = Moonshine(assets.find(assets.MOONSHINE))
        self.rest()

    def detector(self) -> Detector:
        """Return a voice detector for one session."""
        return self._silero.detector()

    def cancellation(self) -> Cancel:
        """Return what cancels one pass."""
        return Cancellation()

    def decode(self, samples: Samples, draft: Tokens, cancel: Cancel) -> Decoded:
        """Return the tokens spoken in the samples. Raises EngineError."""
        assert isinstance(cancel, Cancellation)  # ours, from above
        return self._moonshine.decode(samples, draft, cancel)

    def text(self, tokens: Tokens) -> str:
        """Return what the tokens spell."""
        return self._moonshine.text(tokens)

    def rest(self) -> None:
        """Give back the memory that is needed only while somebody dictates."""
        self._moonshine.shrink()
        trim()
