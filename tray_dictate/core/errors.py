"""Everything that we raise on purpose; each message names the thing, the cause and the remedy.

DictateError
├── ConfigError       what the user wrote cannot be used; lists every problem
├── UnavailableError  a back end cannot work here; the next one is tried
├── RunningError      a daemon runs in this session already; nothing is wrong
├── CaptureError      the microphone would not open, or went away
├── EngineError       speech could not be turned into text
├── AudioFileError    a file cannot be read as sound
├── ControlError      the daemon could not be asked, or said no
├── OutputError       what a command says could not be written
├── HistoryError      what was said could not be kept, or looked up
└── DeliveryError     text did not, or not all, reach the window
    └── FocusMovedError   because the window has lost the focus
"""

from __future__ import annotations


def why(reason: BaseException) -> str:
    """Return what an exception says, or its kind where it says nothing, as a TimeoutError."""
    return str(reason) or type(reason).__name__


class DictateError(Exception):
    """The root: its text may be shown to the user as it is."""


class ConfigError(DictateError):
    """A setting cannot be used."""

    def __init__(self, problems: list[str], where: str = "") -> None:
        self.problems = problems
        head = f"{where}:\n" if where else ""
        super().__init__(head + "\n".join(problems))


class UnavailableError(DictateError):
    """Where this is raised, a way of doing it cannot work here."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason} {remedy}".strip())


class RunningError(DictateError):
    """A daemon runs in this session already: the exit code is 0, so that nothing tries again."""


class CaptureError(DictateError):
    """The microphone would not open, or went away in mid-take."""


class EngineError(DictateError):
    """The engine could not turn speech into text."""


class AudioFileError(DictateError):
    """A file cannot be read as sound."""


class ControlError(DictateError):
    """The running daemon could not be asked, or it said no."""


class OutputError(DictateError):
    """What a command says could not be written to where it was sent."""


class HistoryError(DictateError):
    """The file of what was said cannot be used."""


class DeliveryError(DictateError):
    """Not all of a text reached the window; the caller keeps the rest.

    `done` characters of it were inserted, or taken back where that was asked for.
    """

    def __init__(self, message: str, done: int = 0) -> None:
        self.done = done
        super().__init__(message)


class FocusMovedError(DeliveryError):
    """Another window has the focus than the one that it was meant for.

    It has got `astray` characters in the very instant that it got the focus.
    """

    def __init__(self, done: int = 0, *, astray: int = 0) -> None:
        self.astray = astray
        super().__init__("Another window has the focus now.", done)
