"""transcribe-cpp without a model: it hears the numbered words of tests/servers/realtime/words.py.

Its rules are those of the library: one stream at a time and no `run` meanwhile, no call after the
end, `cancel` ends what runs and is forgotten when the next one begins, committed text only grows.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from tests.engine.fakes import FakeDetector
from tests.servers.realtime.words import SECONDS, heard
from tray_dictate.engine.offline.transcribe_cpp import FileModels, Loaded, StreamingFileModels
from tray_dictate.engine.segmenter import RATE


class TranscribeError(RuntimeError):
    partial_result = None


ERRORS = (
    "ModelFileNotFound", "ModelLoadError", "UnsupportedRole", "OutOfMemory", "Aborted", "Busy",
    "OutputTruncated",
)  # fmt: skip
LIBRARY = SimpleNamespace(
    TranscribeError=TranscribeError,
    **{name: type(name, (TranscribeError,), {}) for name in ERRORS},
)


@dataclass
class Result:
    text: str
    language: str = ""


@dataclass
class StreamText:
    full: str
    committed: str
    tentative: str

    @property
    def display(self) -> str:
        return self.committed + self.tentative


@dataclass
class Capabilities:
    languages: tuple[str, ...] = ("en",)
    supports_language_detect: bool = False
    supports_streaming: bool = True
    max_audio_ms: int = 0


def spelt(samples: list[np.ndarray]) -> list[str]:
    return heard(np.round(np.concatenate(samples) * 32768).astype("<i2").tobytes(), RATE)


@dataclass
class Model:
    """`lag`: the words that a stream has not committed; `hold` lets no call end until `free`."""

    arch: str = "parakeet"
    capabilities: Capabilities = field(default_factory=Capabilities)
    detected: str = ""
    lag: int = 3
    most: float = 1000.0  # seconds of sound that a run comes to an end with
    pace: float = 0.0  # seconds that a stream takes for a second of sound
    broken: TranscribeError | None = None
    hold: bool = False
    closed: bool = False
    runs: list[dict] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    active: Stream | None = None
    free: threading.Event = field(default_factory=threading.Event)

    def supports(self, feature: str) -> bool:
        return feature == "vocabulary"

    def session(self, *, n_threads: int = 0) -> Session:
        assert n_threads > 0
        assert not self.closed
        return Session(self)

    def close(self) -> None:
        self.closed = True
        self.active = None

    def models(self, languages=(), words=()) -> FileModels:
        make = StreamingFileModels if self.capabilities.supports_streaming else FileModels
        return make(Loaded(LIBRARY, self, "words.gguf", self), languages, words)

    def detector(self) -> FakeDetector:
        return FakeDetector()


class Session:
    def __init__(self, model: Model) -> None:
        self.model, self.cancelled, self.closed = model, threading.Event(), False

    def cancel(self) -> None:
        self.cancelled.set()

    def close(self) -> None:
        self.closed = True
        if self.model.active and self.model.active.session is self:
            self.model.active = None

    def compute(self) -> None:
        if self.closed or self.model.closed:
            raise TranscribeError("session is closed")
        while self.model.hold and not self.model.free.is_set() and not self.cancelled.wait(0.002):
            pass
        if self.cancelled.is_set():
            raise LIBRARY.Aborted("aborted")
        if self.model.broken:
            raise self.model.broken

    def run(self, pcm, *, language=None, timestamps="auto", vocabulary=None) -> Result:
        self.cancelled.clear()
        if self.model.active:
            raise LIBRARY.Busy("a stream is active on this model")
        self.model.runs.append(
            {"samples": len(pcm), "language": language, "vocabulary": vocabulary}
        )
        self.compute()
        words = spelt([pcm])
        if len(pcm) > self.model.most * RATE:
            raise LIBRARY.OutputTruncated("went in circles")
        return Result(" ".join(words), "" if language else self.model.detected)

    def stream(self, *, language=None, vocabulary=None) -> Stream:
        self.cancelled.clear()
        if self.model.active:
            raise LIBRARY.Busy("a stream is already active on this model")
        if not self.model.capabilities.supports_streaming:
            raise TranscribeError("not implemented")
        self.model.active = Stream(self)
        self.model.streams.append(self.model.active)
        return self.model.active


class Stream:
    def __init__(self, session: Session) -> None:
        self.session, self.model = session, session.model
        self.pieces: list[np.ndarray] = []
        self.committed: list[str] = []
        self.words: list[str] = []
        self.ended = False

    def feed(self, pcm) -> None:
        self._check()
        assert len(pcm)
        self.pieces.append(np.array(pcm))
        threading.Event().wait(len(pcm) / RATE * self.model.pace)
        self.session.compute()
        sound = [*self.pieces, np.zeros(round(SECONDS * RATE), np.float32)]
        self.words = [word for word in spelt(sound) if word != "torn"]  # what is not over yet
        settled = self.words[: max(len(self.words) - self.model.lag, len(self.committed))]
        assert settled[: len(self.committed)] == self.committed
        self.committed = settled

    def finalize(self) -> None:
        self._check()
        self.session.compute()
        self.words = self.committed = spelt(self.pieces)
        self.ended = True
        self.model.active = None

    def text(self) -> StreamText:
        committed, tentative = self.committed, self.words[len(self.committed) :]
        gap = " " if committed and tentative else ""
        return StreamText(
            " ".join(self.words), " ".join(committed), gap + " ".join(tentative).upper()
        )

    def reset(self) -> None:
        if self.model.active is self:
            self.model.active = None
        self.ended = True

    def _check(self) -> None:
        if self.ended or self.model.active is not self:
            raise TranscribeError("stream has been reset")
