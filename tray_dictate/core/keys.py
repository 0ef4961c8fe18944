"""Key names: "ctrl+alt+space" -> canonical names, and back.

A chord is a set of *slots*. A slot is a set of key names any of which fills it: `ctrl` is filled
by `ctrl_l` or `ctrl_r`, `ctrl_r` only by itself. Back ends report canonical names only.
"""

from __future__ import annotations

import difflib

SIDED = ("ctrl", "alt", "shift", "super")
MODIFIERS = frozenset(f"{name}_{side}" for name in SIDED for side in "lr") | {"alt_gr"}
NAMED = (
    "space enter tab escape backspace insert delete home end page_up page_down up down left right "
    "caps_lock num_lock scroll_lock pause print_screen menu"
).split()
FUNCTION = [f"f{n}" for n in range(1, 25)]
ALIASES = {
    "control": "ctrl", "cmd": "super", "win": "super", "meta": "super", "option": "alt",
    "esc": "escape", "return": "enter", "altgr": "alt_gr", "ins": "insert", "del": "delete",
    "pgup": "page_up", "pgdn": "page_down", "prtsc": "print_screen",
    "left_ctrl": "ctrl_l", "right_ctrl": "ctrl_r", "left_alt": "alt_l", "right_alt": "alt_r",
    "left_shift": "shift_l", "right_shift": "shift_r", "left_super": "super_l",
    "right_super": "super_r",
}  # fmt: skip
KNOWN = frozenset([*SIDED, *MODIFIERS, *NAMED, *FUNCTION])

Slot = frozenset[str]
Chord = tuple[Slot, ...]


def parse_key(name: str) -> Slot:
    """Return the canonical keys that `name` stands for; raises ValueError with a suggestion."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    key = ALIASES.get(key, key)
    if key in SIDED:
        return frozenset({f"{key}_l", f"{key}_r"})
    if key in KNOWN or (len(key) == 1 and key.isprintable()):
        return frozenset({key})
    close = difflib.get_close_matches(key, [*KNOWN, *ALIASES], n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "; examples: ctrl_r, f9, ctrl+alt+space"
    raise ValueError(f"unknown key {name.strip()!r}{hint}")


def parse_chord(text: str) -> Chord:
    """Return the slots of "ctrl+alt+space"; raises ValueError where it names no usable chord."""
    if not text.strip():
        raise ValueError("no key named; examples: ctrl_r, f9, ctrl+alt+space")
    slots: list[Slot] = []
    for name in text.split("+"):
        slot = parse_key(name)
        if any(slot & other for other in slots):
            raise ValueError(f"{name.strip()!r} is named twice in {text!r}")
        slots.append(slot)
    return tuple(slots)


def spell(chord: Chord) -> str:
    """Return a chord as the user would write it; `parse_chord` reads it back to the same."""
    return "+".join(_spell_slot(slot) for slot in chord)


def in_words(chord: Chord) -> str:
    """Return a chord as people say it: "right Ctrl", "Ctrl+Alt+Space"."""
    return "+".join(_slot_in_words(slot) for slot in chord)


def is_bare(chord: Chord) -> bool:
    """Whether only modifiers are in it, so that it begins every shortcut with them, too."""
    return all(slot <= MODIFIERS for slot in chord)


def kind(key: str) -> str:
    """Return what a modifier is whichever side it is on; any other key as it is."""
    return key.removesuffix("_l").removesuffix("_r") if key in MODIFIERS else key


def filled(slot: Slot, held: frozenset[str]) -> bool:
    """Whether one of the slot's keys is among those held."""
    return not slot.isdisjoint(held)


def _slot_in_words(slot: Slot) -> str:
    name = _spell_slot(slot)
    if name == "alt_gr":
        return "AltGr"
    side = {"_l": "left ", "_r": "right "}.get(name[-2:], "") if name in MODIFIERS else ""
    return side + (kind(name) if side else name).replace("_", " ").title()


def _spell_slot(slot: Slot) -> str:
    if len(slot) == 1:
        return next(iter(slot))
    return next(iter(slot)).rsplit("_", 1)[0]  # the two sides of one modifier
