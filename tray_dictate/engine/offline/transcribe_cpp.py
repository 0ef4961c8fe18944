"""Models in a single file, which transcribe-cpp runs: whisper, parakeet, canary, nemotron, others.

The library is an optional extra. Its interface still changes from version to version, so exactly
one is accepted. It takes no sockets and no threads of its own but those that compute.

TRANSCRIBE_BACKEND in the environment chooses what computes, such as "vulkan" or "metal"; without
it that is the processor, because a graphics driver that crashes would end a dictation.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np

from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.core.text.normalize import join
from tray_dictate.engine import load_detector
from tray_dictate.engine.models import (
    Cancel,
    Decoded,
    Detector,
    DetectorModel,
    Samples,
    Segmentation,
    Tokens,
)
from tray_dictate.engine.segmenter import RATE
from tray_dictate.engine.sound_buffer import quietest
from tray_dictate.system.memory import trim
from tray_dictate.system.programs import own_python

PACKAGE, VERSION = "transcribe-cpp", "0.4.1"

_GROUP = "transcribe_cpp.native"  # entry points of packages that carry the library
_LIBRARIES = ("libtranscribe.so", "libtranscribe.dylib", "transcribe.dll")
_SHORTEST = RATE // 2  # samples; some models refuse less
_DIVISIBLE = RATE * 2  # samples; less is not divided any more
_MOST_THREADS = 8  # more gain little
_QUIET = RATE // 10  # samples, of the place where sound is divided
_WHISPER = "whisper"  # as the library calls the family
_WINDOW = Segmentation(longest=28, step=0)  # of whisper: it computes 30 s, however short


def load(path: Path, languages: Sequence[str] = (), words: Sequence[str] = ()) -> FileModels:
    """Load the model in a file; it is one of StreamingModels if it can transcribe a stream.

    `languages` are those that the user speaks, as in the settings, empty for any; `words` are
    names and terms that the model should know. Raises UnavailableError.
    """
    _check_version(_installed())
    library = _library()
    try:
        backend = "auto" if "TRANSCRIBE_BACKEND" in os.environ else "cpu"
        model = library.Model(path, backend=backend)
        streams = model.capabilities.supports_streaming
    except (library.TranscribeError, UnicodeError) as error:
        raise UnavailableError(
            f"The model {path.name} cannot be loaded: {_cause(library, error)}.",
            "Get the model again, or set engine.local_model to another one.",
        ) from error
    make = StreamingFileModels if streams else FileModels
    return make(Loaded(library, model, path.name, load_detector()), languages, words)


def _installed() -> str | None:
    """Return the version that is installed, if any."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_version(found: str | None) -> None:
    if found is None:
        reason = f"Models in a single file need {PACKAGE}, which is not installed."
    elif found != VERSION:
        reason = f"{PACKAGE} {found} is installed, but only {VERSION} is known to work."
    else:
        return
    raise UnavailableError(reason, f"Install it: {own_python.PIP} install {PACKAGE}=={VERSION}")


def _library() -> Any:
    """Return the library, which has no types. Raises UnavailableError."""
    try:
        _silence()
        library = cast("Any", import_module("transcribe_cpp"))
    except (ImportError, OSError, RuntimeError) as error:  # its own errors are RuntimeErrors
        raise UnavailableError(
            f"{PACKAGE} cannot be loaded: {error}.",
            f"Install it again: {own_python.PIP} install --force-reinstall {PACKAGE}=={VERSION}",
        ) from error
    library.set_log_callback(None)
    return library


_LogSink = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


@_LogSink
def _ignore(level: int, message: bytes, context: int) -> None:
    """Log nothing: messages of the library may contain what was spoken."""


def _silence() -> None:
    """Silence the library before it is imported: it writes to stderr while it loads."""
    for carrier in importlib.metadata.entry_points(group=_GROUP):
        match carrier.load()():
            case {"artifact_dir": str(folder)}:
                for path in filter(Path.exists, (Path(folder, name) for name in _LIBRARIES)):
                    with suppress(OSError):  # the import will say what is wrong with it
                        ctypes.CDLL(str(path)).transcribe_log_set(_ignore, None)
            case _:
                pass


def _cause(library: Any, error: Exception) -> str:
    """Return in plain words why a call has failed."""
    match error:
        case library.ModelFileNotFound():
            return "the file does not exist"
        case library.ModelLoadError():
            return f"the file is damaged, or no model that {PACKAGE} {VERSION} can run"
        case library.UnsupportedRole():
            return "it is no model that turns speech into text"
        case library.OutOfMemory():
            return "this computer has too little free memory for it"
        case _:
            return str(error)


class Cancellation:
    """Ends one pass or stream, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Any = None
        self.cancelled = False

    def cancel(self) -> None:
        """End the pass that uses this object; later ones end at once."""
        with self._lock:
            self.cancelled = True
            if self._session:
                self._session.cancel()

    def hurry(self) -> None:
        """Do nothing: one model has one speed."""

    @contextmanager
    def ends(self, session: Any) -> Generator[None]:
        """Cancel the library's session meanwhile, and at no other time: others use it, too."""
        with self._lock:
            self._session = session
        try:
            yield
        finally:
            with self._lock:
                self._session = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a model consists of."""

    library: Any  # the module, for its exceptions
    model: Any  # the library's
    name: str  # of its file
    detection: DetectorModel

    def failure(self, error: Exception) -> EngineError:
        """Return the error of a call that failed because of `error`."""
        return EngineError(f"The model {self.name} failed: {_cause(self.library, error)}.")


class FileModels:
    """A model of transcribe-cpp, and the detector: the Models of the offline engine."""

    def __init__(
        self, loaded: Loaded, languages: Sequence[str] = (), words: Sequence[str] = ()
    ) -> None:
        """Raises UnavailableError if the model knows none of the languages."""
        self._loaded, self._library, self._model = loaded, loaded.library, loaded.model
        self._asked = self._known(languages)
        # Whisper takes them for what was said just before, and then may leave out what is said:
        # "Please ask Wojciech Kowalczyk for the report" became "for the report".
        takes_words = self._model.supports("vocabulary") and self._model.arch != _WHISPER
        self._words = list(words) if takes_words else []
        self._session: Any = None  # of the library; opened when a pass needs it

    @property
    def segmentation(self) -> Segmentation:
        """How the speech model wants the sound to be divided."""
        if self._model.arch == _WHISPER:
            return _WINDOW
        usual = Segmentation()
        most = self._model.capabilities.max_audio_ms / 1000 - usual.before - usual.after
        return Segmentation(longest=min(usual.longest, most)) if most > 0 else usual

    def detector(self) -> Detector:
        """Return a detector for a new session."""
        return self._loaded.detection.detector()

    def cancellation(self) -> Cancel:
        """Return an object that can cancel one pass."""
        return Cancellation()

    def decode(
        self,
        samples: Samples,
        draft: Tokens,  # noqa: ARG002
        cancel: Cancel,
        *,
        urgent: bool,  # noqa: ARG002
    ) -> Decoded:
        """Return what is spoken in the samples. Raises EngineError."""
        assert isinstance(cancel, Cancellation)  # ours, from above
        try:
            return Decoded(self._whole(samples, cancel))
        except self._library.Aborted:
            return Decoded("", cancelled=True)
        except self._library.TranscribeError as error:
            raise self._loaded.failure(error) from error

    def rest(self) -> None:
        """Free the memory that is needed only while the user dictates."""
        if self._session:
            self._session.close()
            self._session = None
        trim()

    def close(self) -> None:
        """Free all memory: the models are not used any more."""
        self._session = None  # the model closes it
        self._model.close()
        trim()

    def _known(self, languages: Sequence[str]) -> list[str]:
        """Return the model's own names of the languages that it knows."""
        known = self._model.capabilities.languages
        named = [name for code in languages if (name := _name(code, known))]
        if languages and known and not named:
            spoken = " or ".join(languages)
            raise UnavailableError(
                f"The model {self._loaded.name} does not know the language {spoken}.",
                "Set engine.local_model to a model that knows it, or change engine.languages.",
            )
        return named

    @property
    def _language(self) -> str | None:
        """The language to ask for; None: the model detects it, or has a usual one."""
        several = len(self._asked) > 1 and self._model.capabilities.supports_language_detect
        return None if several or not self._asked else self._asked[0]

    def _whole(self, samples: Samples, cancel: Cancellation) -> str:
        """Return the text; if the model comes to no end, decode two halves one after the other."""
        try:
            return self._spoken(samples, cancel)
        except self._library.OutputTruncated as stopped:
            if len(samples) < _DIVISIBLE:
                return stopped.partial_result.text.strip() if stopped.partial_result else ""
        middle = quietest(samples, _QUIET)
        before = self._whole(samples[:middle], cancel)
        return before + join(before, self._whole(samples[middle:], cancel))

    def _spoken(self, samples: Samples, cancel: Cancellation) -> str:
        found = self._run(samples, self._language, cancel)
        spoken = {_base(name) for name in self._asked}
        if not self._language and spoken and found.language and _base(found.language) not in spoken:
            found = self._run(samples, self._asked[0], cancel)  # nobody speaks what was detected
        return found.text.strip()

    def _run(self, samples: Samples, language: str | None, cancel: Cancellation) -> Any:
        if cancel.cancelled:
            raise self._library.Aborted("It was cancelled before it began.")
        if len(samples) < _SHORTEST:
            samples = np.pad(samples, (0, _SHORTEST - len(samples)))
        session = self._opened()
        # A cancel() is lost in the moment until `run` itself begins; that costs time, not text.
        with cancel.ends(session):
            return session.run(
                samples, language=language, timestamps="none", vocabulary=self._words or None
            )

    def _opened(self) -> Any:
        self._session = self._session or self._model.session(n_threads=_threads())
        return self._session


class StreamingFileModels(FileModels):
    """A model that also transcribes speech while it is spoken: the StreamingModels."""

    def stream(self, cancel: Cancel) -> FileStream:
        """Begin the stream of a segment, on the worker thread; `cancel` ends it.

        Until it is closed, `decode` and `stream` fail. Raises EngineError.
        """
        assert isinstance(cancel, Cancellation)  # ours
        session = self._opened()
        try:
            stream = session.stream(language=self._language, vocabulary=self._words or None)
        except self._library.TranscribeError as error:
            raise self._loaded.failure(error) from error
        return FileStream(self._loaded, session, stream, cancel)


class FileStream:
    """One segment, transcribed while it is spoken."""

    def __init__(self, loaded: Loaded, session: Any, stream: Any, cancel: Cancellation) -> None:
        self._loaded, self._library = loaded, loaded.library
        self._session, self._stream, self._cancel = session, stream, cancel

    def feed(self, samples: Samples) -> str:
        """Add the sound that follows; return the text so far. Raises EngineError."""
        with self._computing():
            self._stream.feed(samples)
            return self._stream.text().display.strip()

    def finish(self) -> str:
        """Return the whole text: no more sound will come. Raises EngineError."""
        with self._computing():
            self._stream.finalize()
            text = self._stream.text()
            return (text.full or text.display).strip()  # revised, where the model has revised it

    def close(self) -> None:
        """Free what is left of the stream; idempotent."""
        with suppress(self._library.TranscribeError):  # its session is closed
            self._stream.reset()

    @contextmanager
    def _computing(self) -> Generator[None]:
        if self._cancel.cancelled:
            raise EngineError("The stream was cancelled.")
        try:
            with self._cancel.ends(self._session):
                yield
        except self._library.TranscribeError as error:
            raise self._loaded.failure(error) from error


_ALIASES = {"nb": "no", "jv": "jw"}  # codes that whisper has under another name


def _name(code: str, known: Sequence[str]) -> str | None:
    """Return a model's name of a language: "de" or "de-DE" for de-AT; None if it has none."""
    exact = [name for name in known if name.lower() == code.lower()]
    alike = [name for name in known if _base(name) in (_base(code), _ALIASES.get(_base(code)))]
    return next(iter(exact + alike), None)


def _base(code: str) -> str:
    """Return a language's code without region."""
    return code.partition("-")[0].lower()


def _threads() -> int:
    """Return how many threads compute.

    One processor in four is left to the program that gets the text: threads that wait for the
    slowest of them keep their processors busy, so one too many makes all of them slow.
    """
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(usable * 3 // 4, _MOST_THREADS))
