"""Shortcuts that the desktop watches for us: how their keys are spelt, and what they tell us.

A desktop knows modifiers by their kind and needs one other key: neither "right Ctrl" alone nor two
letters can be a shortcut there. It tells only that a shortcut was pressed or released; from that
come the edges that its keys would have given.

What start, stop and toggle mean where a shortcut of the desktop runs a command for them.

Three things happen there that no person does. The commands of a key's press and of its release are
two processes, and in an instant tap the release's may come first: a stop that finds nothing to
stop cancels the start right after it. A desktop that knows no release repeats the command of the
press for as long as the key is down: a toggle or a start soon after another one is such a
repetition. And a compositor may never tell of a release, where another key was pressed meanwhile:
then the start of the next press, later than any repetition, means the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tray_dictate.core.chord import Edge
from tray_dictate.core.keys import (
    MODIFIERS,
    Chord,
    button_of,
    in_words,
    parse_chord,
    place_of,
    without_side,
)
from tray_dictate.core.keysyms import keysym

DICTATE = "dictate"
SUBSTITUTE = parse_chord("ctrl+alt+space")  # for a hotkey that cannot be a shortcut

_ACCELERATOR = re.compile(r"((?:<\w+>)+)(\w+)")  # as GTK writes it
_GTK = {
    "control": "Ctrl", "ctrl": "Ctrl", "primary": "Ctrl", "alt": "Alt", "mod1": "Alt",
    "shift": "Shift", "super": "Super", "meta": "Super", "mod4": "Super",
}  # fmt: skip
_PORTAL = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "super": "LOGO"}
_QT_MODIFIERS = {"shift": 1 << 25, "ctrl": 1 << 26, "alt": 1 << 27, "super": 1 << 28}
_QT_KEYS = {
    "space": 0x20, "escape": 0x01000000, "tab": 0x01000001, "backspace": 0x01000003,
    "enter": 0x01000004, "insert": 0x01000006, "delete": 0x01000007, "pause": 0x01000008,
    "print_screen": 0x01000009, "home": 0x01000010, "end": 0x01000011, "left": 0x01000012,
    "up": 0x01000013, "right": 0x01000014, "down": 0x01000015, "page_up": 0x01000016,
    "page_down": 0x01000017, "caps_lock": 0x01000024, "num_lock": 0x01000025,
    "scroll_lock": 0x01000026, "menu": 0x01000055, "kp_enter": 0x21000005,
    "multi_key": 0x01001120, "xf86back": 0x01000061, "xf86forward": 0x01000062,
    "xf86audiolowervolume": 0x01000070, "xf86audiomute": 0x01000071,
    "xf86audioraisevolume": 0x01000072, "xf86audioplay": 0x01000080, "xf86audiostop": 0x01000081,
    "xf86audioprev": 0x01000082, "xf86audionext": 0x01000083, "xf86audiomicmute": 0x01000113,
} | {f"f{n}": 0x0100002F + n for n in range(1, 25)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trigger:
    """What the user does to dictate where the back end does not itself watch `hotkey.keys`."""

    keys: str = ""  # in words, as the desktop names them; "" while there are none
    advice: str = ""  # what to do where there are none, or why they are others than in the settings
    way: str = ""  # the value of hotkey.source that means this back end


def portal_trigger(chord: Chord) -> str | None:
    """Return a chord as the portals spell it, "CTRL+ALT+space"; None where it cannot be one."""
    parts = _parts(chord)
    if parts is None or not parts[0] <= _PORTAL.keys() or _is_place(parts[1]):
        return None
    modifiers, key = parts
    return "+".join([*(_PORTAL[name] for name in _PORTAL if name in modifiers), keysym(key)])


def qt_key(chord: Chord) -> int | None:
    """Return a chord as Qt numbers it, which KDE uses; None where it cannot be a shortcut."""
    parts = _parts(chord)
    if parts is None or not parts[0] <= _QT_MODIFIERS.keys():
        return None
    modifiers, key = parts
    number = ord(key.upper()) if len(key.upper()) == 1 else _QT_KEYS.get(key)
    return None if number is None else number | sum(_QT_MODIFIERS[name] for name in modifiers)


def replaced(chord: Chord) -> str:
    """Return why the substitute is there in place of this hotkey."""
    words = in_words(chord)
    return f"{words[0].upper()}{words[1:]} cannot be a shortcut on this desktop."


def is_other(keys: str, chord: Chord) -> bool:
    """Tell whether a desktop's "Ctrl+Alt+D" is certainly another chord; it may be in any language.

    A desktop knows no sides, and keeps what the user has once chosen there.
    """
    try:
        named = parse_chord(keys)
    except ValueError:
        return False
    return {without_side(min(slot)) for slot in named} != {
        without_side(min(slot)) for slot in chord
    }


def spoken_keys(description: str) -> str:
    """Return the keys that a desktop names: "Press <Control><Alt>space" -> "Ctrl+Alt+Space".

    The words around them are in the desktop's language. Where no keys are found in it, it is
    returned as it is.
    """
    if found := _ACCELERATOR.search(description):
        names: list[str] = re.findall(r"<(\w+)>", found[1])
        modifiers = [_GTK.get(name.lower(), name) for name in names]
        return "+".join([*modifiers, _in_words(found[2])])
    words = description.split()
    for length in range(len(words), 0, -1):
        for at in range(len(words) - length, -1, -1):
            span = " ".join(words[at : at + length])
            if len(span) > 1 and _in_words(span, ""):
                return span
    return description.strip()


def _in_words(keys: str, other: str | None = None) -> str:
    try:
        return in_words(parse_chord(keys))
    except ValueError:
        return keys if other is None else other


def _parts(chord: Chord) -> tuple[set[str], str] | None:
    """Return the modifiers' kinds and the one other key."""
    keys = [min(slot) for slot in chord if not slot <= MODIFIERS]
    modifiers = {without_side(min(slot)) for slot in chord if slot <= MODIFIERS}
    return (modifiers, keys[0]) if len(keys) == 1 else None


def _is_place(key: str) -> bool:
    return place_of(key) is not None or button_of(key) is not None


@dataclass(slots=True)
class ShortcutEdges:
    """Presses and releases of shortcuts, by their names -> edges of their chords.

    GNOME repeats a held shortcut as it repeats letters, first after a delay that is the user's
    setting, and a busy machine tells of it later still. So a press without a release since the last
    one is its repetition, whenever it comes. Where the desktop has lost a release, that of the next
    press ends the hold.
    """

    chords: Mapping[str, Chord]
    _down: dict[str, list[str]] = field(default_factory=dict[str, list[str]])  # held for which

    def pressed(self, name: str, at: float) -> list[Edge]:
        """Return the edges of a press; none for a repetition.

        Only the hotkey is held; the others have done their work at once.
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
        """Return the edges of a release; none where nothing was held."""
        return [Edge(key, down=False, at=at) for key in reversed(self._down.pop(name, []))]

    def held(self) -> frozenset[str]:
        """Return the keys that are down; from any thread."""
        return frozenset(key for keys in tuple(self._down.values()) for key in keys)

    def lost(self, at: float) -> list[Edge]:
        """Return the releases of what nobody will tell of any more."""
        return [edge for name in list(self._down) for edge in self.released(name, at)]


STOP_FIRST = 0.3  # seconds that a stop may come before its start
REPEATING = 0.7  # seconds: GNOME waits 0.5 before it repeats, and then 0.03

_IGNORED = "Ignored: the last {} was just before,"
Name = Literal["start", "stop", "toggle"]


@dataclass(frozen=True, slots=True)
class CommandDebounce:
    """What has been asked for lately; times in seconds of any one clock."""

    stopped: float | None = None  # the last stop, where it found nothing to stop
    toggled: float | None = None
    started: float | None = None
    ended: bool = False  # by the last start, whose own release is still to come


def ask(
    asked: CommandDebounce, name: Name, at: float, *, recording: bool
) -> tuple[CommandDebounce, Name, str]:
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


def _start(
    asked: CommandDebounce, at: float, *, recording: bool
) -> tuple[CommandDebounce, Name, str]:
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
