"""The interfaces of speech and voice models, without the libraries that run them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tray_dictate.core import pcm

HOP = round(pcm.HOP * 16000)  # samples, 512
Samples = NDArray[np.float32]  # mono, -1 to 1, at 16 kHz
Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text that a pass found, and its tokens, which are a draft for the next pass.

    A model without drafts has no tokens. What a cancelled pass found is no more than a draft.
    """

    text: str
    tokens: Tokens = ()
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Segmentation:
    """How a model wants the sound to be divided; in seconds."""

    before: float = 0.25  # of sound that is decoded before the first word of a segment,
    after: float = 0.20  # and after its last: quiet consonants
    longest: float = 24.0  # segment; of more sound the text gets worse, or too late
    # Between two passes over a segment that is still spoken; 0: there are none. Passes every half
    # second make the decoder work nearly twice as much; after 5 s of speech the text is about 20 ms
    # sooner there.
    step: float = 0.9
    share: float = 0.2  # of the time, at most, that these passes may take
    pause: float = 0.22  # of quiet, after which there is a pass: the key may go up now


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

    def hurry(self) -> None:
        """Say that the key is up: a text that is there sooner counts more than a better one."""
        ...


class Models(Protocol):
    """The loaded models; `decode`, `rest` and `close` run on the worker, the others on the loop."""

    @property
    def segmentation(self) -> Segmentation:
        """How the speech model wants the sound to be divided."""
        ...

    def detector(self) -> Detector:
        """Return a detector for a new session."""
        ...

    def cancellation(self) -> Cancel:
        """Return an object that can cancel one pass."""
        ...

    def decode(self, samples: Samples, draft: Tokens, cancel: Cancel, *, urgent: bool) -> Decoded:
        """Return what is spoken in the samples; `urgent`: the key is up, the user waits for it.

        Raises EngineError.
        """
        ...

    def rest(self) -> None:
        """Free the memory that is needed only while the user dictates."""
        ...

    def close(self) -> None:
        """Free all memory: the models are not used any more."""
        ...


class SpeechStream(Protocol):
    """Transcribes one segment while it is spoken; used on the worker thread only."""

    def feed(self, samples: Samples) -> str:
        """Add the sound that follows; return the text so far. Raises EngineError."""
        ...

    def finish(self) -> str:
        """Return the whole text: no more sound will come. Raises EngineError."""
        ...

    def close(self) -> None:
        """Free what is left of the stream; idempotent."""
        ...


@runtime_checkable
class StreamingModels(Models, Protocol):
    """Models that also transcribe a segment while it is spoken, one segment at a time."""

    def stream(self, cancel: Cancel) -> SpeechStream:
        """Begin the stream of a segment, on the worker thread; `cancel` ends it.

        Until it is closed, `decode` and `stream` fail. Raises EngineError.
        """
        ...
