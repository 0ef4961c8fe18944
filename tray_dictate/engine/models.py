"""The interfaces of speech and voice models, without the libraries that run them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HOP = 512  # samples, 32 ms: the sound that a detector judges at once
Samples = NDArray[np.float32]  # mono, -1 to 1, at 16 kHz
Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The tokens that a pass found; those of a cancelled pass are a draft for the next."""

    tokens: Tokens
    cancelled: bool = False


class Detector(Protocol):
    """Detects speech in the sound of one session."""

    def hear(self, hop: Samples) -> float:
        """Return the probability that a hop is speech; only the last hop may be shorter."""
        ...


class DetectorModel(Protocol):
    """A loaded voice detection model."""

    def detector(self) -> Detector:
        """Return a detector for a new session."""
        ...


class Cancel(Protocol):
    """Ends one pass, from any thread."""

    def cancel(self) -> None:
        """End the pass within milliseconds; if it has not begun, it will end at once."""
        ...


class Models(Protocol):
    """The loaded models; `decode` and `rest` run on the worker thread, the others on the loop."""

    def detector(self) -> Detector:
        """Return a detector for a new session."""
        ...

    def cancellation(self) -> Cancel:
        """Return an object that can cancel one pass."""
        ...

    def decode(self, samples: Samples, draft: Tokens, cancel: Cancel) -> Decoded:
        """Return the tokens spoken in the samples. Raises EngineError."""
        ...

    def text(self, tokens: Tokens) -> str:
        """Return the text that the tokens spell."""
        ...

    def rest(self) -> None:
        """Free the memory that is needed only while the user dictates."""
        ...
