"""What start, stop and toggle mean where a shortcut of the desktop runs a command for them.

Three things happen there that no person does. The commands of a key's press and of its release are
two processes, and in an instant tap the release's may come first: a stop that finds nothing to
stop cancels the start right after it. A desktop that knows no release repeats the command of the
press for as long as the key is down: a toggle or a start soon after another one is such a
repetition. And a compositor may never tell of a release, where another key was pressed meanwhile:
then the start of the next press, later than any repetition, means the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

STOP_FIRST = 0.3  # seconds that a stop may come before its start
REPEATING = 0.7  # seconds: GNOME waits 0.5 before it repeats, and then 0.03

_IGNORED = "Ignored: the last {} was just before,"
Name = Literal["start", "stop", "toggle"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What has been asked for lately; times in seconds of any one clock."""

    stopped: float | None = None  # the last stop, where it found nothing to stop
    toggled: float | None = None
    started: float | None = None
    ended: bool = False  # by the last start, whose own release is still to come


def ask(asked: Asked, name: Name, at: float, *, recording: bool) -> tuple[Asked, Name, str]:
    """Return what to remember, what to do, and why nothing is to be done: else empty."""
    if name == "stop":
        late = recording or asked.ended
        return replace(asked, stopped=None if late else at, started=None, ended=False), name, ""
    if name == "start":
        return _start(asked, at, recording=recording)
    after = replace(asked, toggled=at)  # each repetition is measured from the one before
    if _within(REPEATING, asked.toggled, at):
        return after, name, f"{_IGNORED.format('toggle')} as from a key that is held."
    return after, name, ""


def _start(asked: Asked, at: float, *, recording: bool) -> tuple[Asked, Name, str]:
    after = replace(asked, stopped=None, started=at, ended=False)  # a stop cancels one start
    if recording:
        if asked.started is None:  # begun elsewhere: nobody waits for a release
            return after, "start", ""
        if _within(REPEATING, asked.started, at):
            return replace(after, ended=asked.ended), "start", ""
        return replace(after, ended=True), "stop", ""
    if _within(STOP_FIRST, asked.stopped, at):
        tapped = "Not started: a stop came just before, as from a key that was tapped."
        return replace(after, started=None), "start", tapped
    if asked.ended and _within(REPEATING, asked.started, at):  # the end's key is still held
        return replace(after, ended=True), "start", f"{_IGNORED.format('start')} and ended it."
    return after, "start", ""


def _within(seconds: float, before: float | None, at: float) -> bool:
    return before is not None and at - before < seconds
