"""Shortcuts that the desktop watches for us, and the commands that it runs for them.

A desktop reports only that a shortcut was pressed or released; `ShortcutEdges` turns that into the
edges of its keys.

Where a shortcut runs one of our commands, `debounce` decides what start, stop and toggle mean:
three sequences arrive that the user did not intend. A press and its release run two processes, and
in a quick tap the release's may come first: a stop that finds nothing to stop cancels the start
right after it. A desktop without releases repeats the command of the press for as long as the key
is down: a toggle or a start soon after another one is such a repetition; how soon depends on the
keyboard's delay, which the user can set. And a compositor may never report a release if another key
was pressed meanwhile: then the start of the next press, later than any repetition, means the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.names import Chord, in_words, parse_chord

DICTATE = "dictate"
SUBSTITUTE = parse_chord("ctrl+alt+space")  # for a hotkey that cannot be a shortcut
TITLES = {  # of the shortcuts, in the desktop's own settings
    DICTATE: "Dictate", "redo": "Insert last dictation again",
    "undo": "Undo last dictation", "copy": "Copy last dictation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trigger:
    """The keys that the desktop has assigned to the hotkey, and advice for the user about them."""

    keys: str = ""  # as the desktop names them; "" while there are none
    advice: str = ""  # what to do if there are none, or why they differ from the settings
    source: str = ""  # the value of hotkey.source that means this back end


def replaced(chord: Chord) -> str:
    """Return why the substitute is used instead of this hotkey."""
    words = in_words(chord)
    return f"{words[0].upper()}{words[1:]} cannot be a shortcut on this desktop."


@dataclass(slots=True)
class ShortcutEdges:
    """Turns presses and releases of named shortcuts into the edges of their chords.

    GNOME repeats a held shortcut like a letter, first after a delay that the user can set, and a
    busy machine reports it later still. So a press without a release since the last press is a
    repetition, whenever it comes. If the desktop has lost a release, that of the next press ends
    the hold.
    """

    chords: Mapping[str, Chord]
    _down: dict[str, list[str]] = field(default_factory=dict[str, list[str]])  # held for which

    def pressed(self, name: str, at: float) -> list[Edge]:
        """Return the edges of a press; none for a repetition.

        Only the hotkey stays held; the other shortcuts act at once.
        """
        if name not in self.chords or name in self._down:
            return []
        held = self.held()
        keys = [min(slot) for slot in self.chords[name] if not slot & held]
        edges = [Edge(key, down=True, at=at) for key in keys]
        if name == DICTATE:
            self._down[name] = keys
            return edges
        self._down[name] = []
        return edges + [Edge(key, down=False, at=at) for key in reversed(keys)]

    def released(self, name: str, at: float) -> list[Edge]:
        """Return the edges of a release; none if nothing was held."""
        return [Edge(key, down=False, at=at) for key in reversed(self._down.pop(name, []))]

    def held(self) -> frozenset[str]:
        """Return the keys that are down; from any thread."""
        return frozenset(key for keys in tuple(self._down.values()) for key in keys)

    def lost(self, at: float) -> list[Edge]:
        """Return the releases of all held keys: their own will not be reported any more."""
        return [edge for name in list(self._down) for edge in self.released(name, at)]


STOP_FIRST = 0.3  # seconds that a stop may come before its start
REPEATING = 0.7  # seconds within which a held key repeats, where its delay is unknown
_LATE = 0.3  # seconds that the repeated command may come after the keyboard's delay

_IGNORED = "Ignored: the last {} was a moment ago"
Name = Literal["start", "stop", "toggle"]


@dataclass(frozen=True, slots=True)
class CommandDebounce:
    """Remembers the latest commands; times are in seconds of one clock."""

    stopped: float | None = None  # the last stop, if it found nothing to stop
    toggled: float | None = None
    started: float | None = None
    ended: bool = False  # the last start ended a dictation, and its key is still to be released
    repeating: float = REPEATING  # seconds within which a held key repeats

    def with_delay(self, delay: float) -> CommandDebounce:
        """Return the state for a keyboard that begins to repeat after `delay` seconds."""
        return replace(self, repeating=delay + _LATE)


def debounce(
    state: CommandDebounce, name: Name, at: float, *, recording: bool
) -> tuple[CommandDebounce, Name, str]:
    """Return the new state, the command to carry out, and why it is ignored ("" if it is not)."""
    if name == "stop":
        late = recording or state.ended
        return replace(state, stopped=None if late else at, started=None, ended=False), name, ""
    if name == "start":
        return _start(state, at, recording=recording)
    after = replace(state, toggled=at)  # each repetition is measured from the one before
    if _within(state.repeating, state.toggled, at):
        return after, name, f"{_IGNORED.format('toggle')}; the key seems to be held down."
    return after, name, ""


def _start(
    state: CommandDebounce, at: float, *, recording: bool
) -> tuple[CommandDebounce, Name, str]:
    after = replace(state, stopped=None, started=at, ended=False)  # a stop cancels one start
    if recording:
        if state.started is None:  # begun elsewhere: no release of a key is to come
            return after, "start", ""
        if _within(state.repeating, state.started, at):
            return replace(after, ended=state.ended), "start", ""
        return replace(after, ended=True), "stop", ""
    if _within(STOP_FIRST, state.stopped, at):
        tapped = "Not started: a stop came a moment ago; the key seems to have been tapped."
        return replace(after, started=None), "start", tapped
    if state.ended and _within(state.repeating, state.started, at):  # the end's key is still held
        return (
            replace(after, ended=True),
            "start",
            f"{_IGNORED.format('start')} and ended the dictation.",
        )
    return after, "start", ""


def _within(seconds: float, before: float | None, at: float) -> bool:
    return before is not None and at - before < seconds
