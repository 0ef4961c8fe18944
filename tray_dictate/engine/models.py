"""What the embedded engine asks of its models, without the library that runs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HOP = 512  # samples, 32 ms: what a detector hears at once
Samples = NDArray[np.float32]  # mono, -1 to 1, at 16 kHz
Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a pass found; a cancelled one keeps what is known, as a draft for the next."""

    tokens: Tokens
    cancelled: bool = False


class Detector(Protocol):
    """Hears one session's sound."""

    def hear(self, hop: Samples) -> float:
        """Return how likely a hop is speech; fewer are the last ones."""
        ...


class Cancel(Protocol):
    """Ends one pass, from any thread."""

    def cancel(self) -> None:
        """End it within milliseconds; one that has not begun does not begin."""
        ...


class Models(Protocol):
    """What decodes; `decode` and `rest` run on the worker thread, the others on the loop."""

    def detector(self) -> Detector:
        """Return one that has heard nothing."""
        ...

    def cancellation(self) -> Cancel:
        """Return what cancels one pass."""
        ...

    def decode(self, samples: Samples, draft: Tokens, cancel: Cancel) -> Decoded:
        """Return the tokens spoken in the samples. Raises EngineError."""
        ...

    def text(self, tokens: Tokens) -> str:
        """Return what the tokens spell."""
        ...

    def rest(self) -> None:
        """Give back the memory that is needed only while somebody dictates."""
        ...
