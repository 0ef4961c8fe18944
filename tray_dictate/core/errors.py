"""The exceptions that we raise on purpose; a message names what failed, the cause and the remedy.

DictateError
├── ConfigError       settings cannot be used; lists every problem
├── UnavailableError  a back end cannot work here; the next one is tried
├── RunningError      a daemon runs in this session already; nothing is wrong
├── CaptureError      the microphone would not open, or went away
├── EngineError       speech could not be turned into text
├── ModelError        a speech model is not known, or could not be installed or removed
├── AudioFileError    a file cannot be read as sound
├── ControlError      the daemon could not be reached, or refused
├── OutputError       a command's output could not be written
├── HistoryError      the history could not be written or read
└── DeliveryError     text did not, or not all, reach the window
    └── FocusMovedError   because the window lost the focus
"""

from __future__ import annotations


def why(reason: BaseException) -> str:
    """Return an exception's message, or its class's name if it has none, as a TimeoutError."""
    return str(reason) or type(reason).__name__


class DictateError(Exception):
    """The base class of our exceptions; its text can be shown to the user."""


class ConfigError(DictateError):
    """A setting cannot be used."""

    def __init__(self, problems: list[str], where: str = "") -> None:
        self.problems = problems
        head = f"{where}:\n" if where else ""
        super().__init__(head + "\n".join(problems))


class UnavailableError(DictateError):
    """A back end or a service cannot work here."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason} {remedy}".strip())


class RunningError(DictateError):
    """A daemon runs in this session already; the exit code is 0, so that nothing tries again."""


class CaptureError(DictateError):
    """The microphone would not open, or went away in mid-take."""


class EngineError(DictateError):
    """The engine could not turn speech into text."""


class ModelError(DictateError):
    """A speech model is not known, or it could not be downloaded, installed or removed."""


class AudioFileError(DictateError):
    """A file cannot be read as sound."""


class ControlError(DictateError):
    """The running daemon could not be reached, or it refused."""


class OutputError(DictateError):
    """The output of a command could not be written."""


class HistoryError(DictateError):
    """The file of the history cannot be used."""


class DeliveryError(DictateError):
    """Not all of a text reached the window; the caller keeps the rest.

    `done` characters of it were inserted, or removed if it was an undo.
    """

    def __init__(self, message: str, done: int = 0) -> None:
        self.done = done
        super().__init__(message)


class FocusMovedError(DeliveryError):
    """Another window has the focus than the one that the text was meant for.

    That window received `astray` characters in the instant that it got the focus.
    """

    def __init__(self, done: int = 0, *, astray: int = 0) -> None:
        self.astray = astray
        super().__init__("Another window has the focus now.", done)
