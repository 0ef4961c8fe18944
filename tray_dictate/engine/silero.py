"""Who speaks when: Silero VAD on the onnxruntime that the recogniser needs anyway.

The model is shared; what it remembers of the sound belongs to one detector per session.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tray_dictate.engine.models import HOP, Samples
from tray_dictate.engine.onnx import Model
from tray_dictate.engine.sound import level

_CONTEXT = 64  # samples of the hop before that the model wants to see again
_RATE = np.array(16000, np.int64)
_LOUD = 0.08  # RMS that speech is brought up to (-22 dBFS)
_QUIET = 0.002  # RMS under which sound is not worth more gain: 40 times at most
_FALL = 0.998  # per hop: the gain forgets a loud sound in about 20 s


class Silero:
    """The loaded model."""

    def __init__(self, folder: Path) -> None:
        self._model = Model(folder / "silero_vad.onnx")

    def detector(self) -> Detector:
        """Return one that has heard nothing yet."""
        return Detector(self._model)


class Detector:
    """One session's ear."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._state = np.zeros((2, 1, 128), np.float32)
        self._heard = np.zeros((1, _CONTEXT + HOP), np.float32)
        self._peak = _QUIET

    def hear(self, hop: Samples) -> float:
        """Return how likely the hop is speech; fewer samples than a hop are the last ones."""
        self._heard[0, :_CONTEXT] = self._heard[0, HOP:]
        self._heard[0, _CONTEXT:] = 0
        self._heard[0, _CONTEXT : _CONTEXT + len(hop)] = self._louder(hop)
        feeds = {"input": self._heard, "state": self._state, "sr": _RATE}
        probability, self._state = self._model.run(None, feeds)
        return float(probability[0, 0])

    def _louder(self, hop: Samples) -> Samples:
        # Low volume blinds the detector, not the recogniser: only the detector gets the gain.
        self._peak = max(self._peak * _FALL, level(hop), _QUIET)
        return np.clip(hop * max(1.0, _LOUD / self._peak), -1, 1)
