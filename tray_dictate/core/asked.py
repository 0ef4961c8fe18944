"""What start, stop and toggle mean where a shortcut of the desktop runs a command for them.

Two things happen there that no person does. The commands of a key's press and of its release are
two processes, and in an instant tap the release's may come first: a stop that finds nothing to
stop cancels the start right after it. And a desktop that knows no release repeats the command of
the press for as long as the key is down: a toggle soon after another one is such a repetition.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

STOP_FIRST = 0.3  # seconds that a stop may come before its start
REPEATING = 0.7  # seconds: GNOME waits 0.5 before it repeats, and then 0.03

Name = Literal["start", "stop", "toggle"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What has been asked for lately; times in seconds of any one clock."""

    stopped: float | None = None  # the last stop, where it found nothing to stop
    toggled: float | None = None


def ask(asked: Asked, name: Name, at: float, *, recording: bool) -> tuple[Asked, str]:
    """Return what to remember, and why nothing is to be done: empty where it is to be done."""
    if name == "stop":
        return replace(asked, stopped=None if recording else at), ""
    if name == "start":
        after = replace(asked, stopped=None)  # a stop cancels one start
        if not recording and _within(STOP_FIRST, asked.stopped, at):
            return after, "Not started: a stop came just before, as from a key that was tapped."
        return after, ""
    after = replace(asked, toggled=at)  # each repetition is measured from the one before
    if _within(REPEATING, asked.toggled, at):
        return after, "Ignored: the last toggle was just before, as from a key that is held."
    return after, ""


def _within(seconds: float, before: float | None, at: float) -> bool:
    return before is not None and at - before < seconds
