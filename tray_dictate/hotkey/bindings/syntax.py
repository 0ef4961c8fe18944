"""The lines of a compositor's configuration file that bind the user's keys to our commands.

What each compositor can do, by measurement and by their own issues: sway has presses and releases,
of a modifier alone by its code. River compares the modifiers from before an event, so at its own
release a modifier counts as held. So does Hyprland, where the flag "i" helps. Niri has no releases,
and labwc keeps one binding for a key: that of the release replaces that of the press.
None distinguishes left modifiers from right ones beside another key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import quoteattr

from tray_dictate.core.keys.keycodes import CODES, XKB
from tray_dictate.core.keys.keysyms import keysym
from tray_dictate.core.keys.names import (
    MODIFIERS,
    Chord,
    Slot,
    button_of,
    in_words,
    is_bare,
    place_of,
    spell,
    without_side,
)

Compositor = Literal["sway", "hyprland", "hyprland lua", "river", "niri", "labwc"]

_MODIFIERS: dict[Compositor, dict[str, str]] = {
    "sway": {"ctrl": "Ctrl", "alt": "Mod1", "shift": "Shift", "super": "Mod4", "alt_gr": "Mod5"},
    "hyprland": {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "super": "SUPER",
                 "alt_gr": "MOD5"},
    "river": {"ctrl": "Control", "alt": "Alt", "shift": "Shift", "super": "Super",
              "alt_gr": "Mod5"},
    "niri": {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift", "super": "Super",
             "alt_gr": "ISO_Level3_Shift"},
    "labwc": {"ctrl": "C", "alt": "A", "shift": "S", "super": "W", "alt_gr": "M"},
}  # fmt: skip
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_MAP = "riverctl map "
_CHOOSE = "Choose another key in the settings, such as f9"
_HYPRLAND = ("hyprland", "hyprland lua")  # before 0.55 and since
_BY_PLACE = ("sway", *_HYPRLAND)  # which bind keys by their codes, too
_PRESSES: dict[Compositor, str] = {  # why only a press runs a command
    "niri": "niri does not report key releases",
    "labwc": "labwc keeps one binding for a key, of its press or of its release",
}


@dataclass(frozen=True, slots=True)
class Bindings:
    """Lines of a configuration file, and notes on where they differ from the settings."""

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Key:
    """A chord as compositors see it: one key, and modifiers whichever side they are on."""

    name: str
    modifiers: tuple[str, ...]
    other: str = ""  # the other side's key, where a modifier alone may be either

    @property
    def bare(self) -> bool:
        return self.name in MODIFIERS

    @property
    def place(self) -> int | None:
        """The code of a key that is bound by code: a modifier alone, the keypad, a nameless key.

        By name a modifier would be found in no layout that maps the key to something else, and a
        key of the keypad only with Num Lock on.
        """
        if self.bare or self.name.startswith("kp_"):
            return CODES[self.name] + XKB
        return place_of(self.name)

    @property
    def typed(self) -> bool:
        """Whether the name is a character, and so another key in another layout."""
        return len(self.name) == 1


def bindings(
    compositor: Compositor,
    chord: Chord,
    others: Mapping[str, Chord],
    program: Sequence[str],
    *,
    toggle: bool,
) -> Bindings:
    """Return the lines for the hotkey, and for the other chords by the command that each runs.

    Raises ValueError, for the user to read, where this compositor cannot bind one of them.
    """
    notes: list[str] = []
    releases = compositor not in _PRESSES
    if not releases and not toggle:
        notes.append(f"{_PRESSES[compositor]}: press once to start and again to stop.")
    commands = (
        {"press": "toggle"} if toggle or not releases else {"press": "start", "release": "stop"}
    )
    lines = _lines(compositor, chord, commands, program, notes)
    for command, other in others.items():
        lines += _lines(compositor, other, {"press": command}, program, notes)
    return Bindings(tuple(lines), tuple(dict.fromkeys(notes)))


def unmapped(lines: Sequence[str]) -> list[str]:
    """Return the commands that undo river's bindings, which outlive their lines in its file."""
    keys = (
        line.partition(" spawn ")[0].removeprefix(_MAP) for line in lines if line.startswith(_MAP)
    )
    return [f"riverctl unmap {key}" for key in keys]


def quoted(words: Sequence[str]) -> str:
    """Return a command as a shell reads it."""
    return " ".join(
        word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"
        for word in words
    )


def accelerator(chord: Chord) -> str:
    """Return a chord as GNOME writes it: "<Control><Alt>space". Raises ValueError."""
    key = _key(chord, [])
    if place_of(key.name) is not None:
        raise ValueError(
            f"GNOME cannot bind {in_words(chord)}: it binds no keys by code. {_CHOOSE}."
        )
    if key.bare:
        raise ValueError(
            f"GNOME cannot bind a modifier alone, such as {in_words(chord)}. {_CHOOSE}."
        )
    modifiers = "".join(
        "<Mod5>" if name == "alt_gr" else f"<{name.title().replace('Ctrl', 'Control')}>"
        for name in key.modifiers
    )
    return modifiers + keysym(key.name)


def _lines(
    compositor: Compositor,
    chord: Chord,
    commands: Mapping[str, str],
    program: Sequence[str],
    notes: list[str],
) -> list[str]:
    key = _key(chord, notes)
    if key.bare and key.modifiers:
        raise ValueError(
            f"{in_words(chord)}: modifiers without another key cannot be bound. {_CHOOSE}."
        )
    if place_of(key.name) is not None and compositor not in _BY_PLACE:
        raise ValueError(
            f"{compositor} cannot bind {in_words(chord)}: it binds no keys by code. {_CHOOSE}."
        )
    if key.bare and compositor in _PRESSES:
        raise ValueError(
            f"{compositor} cannot bind a modifier alone, such as {in_words(chord)}. {_CHOOSE}."
        )
    if key.bare and compositor in _HYPRLAND and "release" in commands:
        notes.append(
            "Older Hyprland versions do not report the release of a modifier alone: press again to "
            "stop, or choose another key."
        )
    if key.modifiers and compositor in (*_HYPRLAND, "river") and "release" in commands:
        held, last = (in_words(tuple(part)) for part in (_modifiers(chord), _others(chord)))
        notes.append(
            f"Release {last} before {held}; otherwise the release is not seen, and you stop by "
            "pressing again."
        )
    line = {
        "sway": _sway,
        "hyprland": _hyprland,
        "hyprland lua": _hyprland_lua,
        "river": _river,
        "niri": _niri,
        "labwc": _labwc,
    }[compositor]
    return [
        text
        for name in filter(None, (key.name, key.other))
        for when, command in commands.items()
        for text in line(_Key(name, key.modifiers), when == "release", (*program, command))
    ]


def _key(chord: Chord, notes: list[str]) -> _Key:
    """Return the key to bind for a chord; note if that matches more than the chord."""
    plain, modifiers = _others(chord), _modifiers(chord)
    if any(button_of(key) is not None for slot in plain for key in slot):
        raise ValueError(
            f"{in_words(chord)} is a mouse button, which cannot be bound. "
            f'{_CHOOSE}, or set hotkey.source = "evdev".'
        )
    if len(plain) > 1:
        raise ValueError(f"{in_words(chord)}: two keys at once cannot be bound. {_CHOOSE}.")
    if is_bare(chord):
        names = sorted(modifiers.pop())
        return _Key(names[0], _without_sides(modifiers), names[1] if len(names) > 1 else "")
    if any(len(slot) == 1 and "alt_gr" not in slot for slot in modifiers):
        notes.append(f"{spell(chord)} works with the modifiers on either side, not only on one.")
    [name] = plain[0]
    return _Key(name, _without_sides(modifiers))


def _modifiers(chord: Chord) -> list[Slot]:
    return [slot for slot in chord if slot <= MODIFIERS]


def _others(chord: Chord) -> list[Slot]:
    return [slot for slot in chord if not slot <= MODIFIERS]


def _without_sides(slots: Sequence[Slot]) -> tuple[str, ...]:
    return tuple(without_side(min(slot)) for slot in slots)


def _sway(key: _Key, release: bool, command: Sequence[str]) -> list[str]:
    flags = ["--release", "--locked"] if release else ["--no-repeat"]  # a lock may come meanwhile
    if key.typed:
        flags.append("--to-code")  # the same key, also while another layout is active
    name = keysym(key.name) if key.place is None else str(key.place)
    chord = "+".join([*(_MODIFIERS["sway"][name] for name in key.modifiers), name])
    bind = "bindsym" if key.place is None else "bindcode"
    return [" ".join([bind, *flags, chord, _exec(command)])]


def _exec(command: Sequence[str]) -> str:
    return f"exec {quoted(command)}"


def _hyprland(key: _Key, release: bool, command: Sequence[str]) -> list[str]:
    flags = ""
    if release:  # "i" lets it stop also with another modifier down; but each space would fire it
        flags = "rl" if key.modifiers else "irl"
    name = keysym(key.name) if key.place is None else f"code:{key.place}"
    modifiers = " ".join(_MODIFIERS["hyprland"][name] for name in key.modifiers)
    shell = quoted(command).replace("#", "##")  # else a comment
    return [f"bind{flags} = {modifiers}, {name}, exec, {shell}"]


def _hyprland_lua(key: _Key, release: bool, command: Sequence[str]) -> list[str]:
    name = keysym(key.name) if key.place is None else f"code:{key.place}"
    chord = " + ".join([*(_MODIFIERS["hyprland"][name] for name in key.modifiers), name])
    options = ["release = true", "locked = true"] if release else []
    if release and not key.modifiers:  # as the flag "i"
        options.append("ignore_mods = true")
    last = f", {{ {', '.join(options)} }}" if options else ""
    return [f'hl.bind("{chord}", hl.dsp.exec_cmd({_string(quoted(command))}){last})']


def _string(text: str) -> str:
    """Return a string as Lua and KDL write it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _river(key: _Key, release: bool, command: Sequence[str]) -> list[str]:
    held = [key.name] if key.bare and release else []
    names = [_MODIFIERS["river"][name] for name in (*key.modifiers, *map(without_side, held))]
    modifiers = "+".join(names) or "None"
    flag = "-release " if release else ""
    spawned = quoted([quoted(command)])
    modes = ("normal", "locked") if release else ("normal",)
    return [f"{_MAP}{flag}{mode} {modifiers} {keysym(key.name)} spawn {spawned}" for mode in modes]


def _niri(key: _Key, release: bool, command: Sequence[str]) -> list[str]:
    assert not release
    names = [*(_MODIFIERS["niri"][name] for name in key.modifiers), keysym(key.name)]
    words = " ".join(map(_string, command))
    return [f"{'+'.join(names)} repeat=false {{ spawn {words}; }}"]


def _labwc(key: _Key, release: bool, command: Sequence[str]) -> list[str]:
    assert not release
    chord = "-".join([*(_MODIFIERS["labwc"][name] for name in key.modifiers), keysym(key.name)])
    action = f'<action name="Execute" command={quoteattr(quoted(command))} />'
    return [f"<keybind key={quoteattr(chord)}>{action}</keybind>"]
