"""Parses key names ("ctrl+alt+space") into canonical names, and spells them.

A chord is a set of *slots*. A slot is a set of key names any of which fills it: `ctrl` is filled
by `ctrl_l` or `ctrl_r`, `ctrl_r` only by itself. Back ends report canonical names only.

A key is named by its usual name, by the keysym that the keyboard map assigns to it
(XF86AudioMicMute), or by its position ("keycode 191", in X's numbers). Mouse buttons are keys, too.
"""

from __future__ import annotations

import re
from itertools import product

from tray_dictate.core.keys.keysyms import BY_NAME, keysym
from tray_dictate.core.suggestions import closest

SIDED = ("ctrl", "alt", "shift", "super")
MODIFIERS = frozenset(f"{name}_{side}" for name in SIDED for side in "lr") | {"alt_gr"}
NAMED = (
    "space enter tab escape backspace insert delete home end page_up page_down up down left right "
    "caps_lock num_lock scroll_lock pause print_screen menu"
).split()
FUNCTION = [f"f{n}" for n in range(1, 25)]
BUTTONS = (2, *range(8, 13))  # mouse buttons, in X's numbers; 4 to 7 are the wheel
_MODIFIER_NAMES = {
    "ctrl": ("ctrl", "control", "ctl"), "alt": ("alt", "option", "opt"), "shift": ("shift",),
    "super": ("super", "win", "windows", "cmd", "command", "meta", "logo"),
}  # fmt: skip
_SIDES = {"l": ("l", "left"), "r": ("r", "right")}


def _sided() -> dict[str, str]:
    """Return every usual name of a modifier: rctrl, right_ctrl, control_r, ctrlright ..."""
    names: dict[str, str] = {}
    for modifier, words in _MODIFIER_NAMES.items():
        names |= dict.fromkeys(words, modifier)
        for side, affixes in _SIDES.items():
            for word, affix in product(words, affixes):
                spelt = f"{affix}_{word}", f"{affix}{word}", f"{word}_{affix}", f"{word}{affix}"
                names |= dict.fromkeys(spelt, f"{modifier}_{side}")
    return names


_KEYPAD = ("numpad", "keypad", "num", "kp")  # before a digit, with or without a line between
ALIASES = {
    **_sided(),
    **{f"{pad}{line}{n}": f"kp_{n}" for pad in _KEYPAD for line in ("", "_") for n in range(10)},
    **{f"{pad}_{name}": "kp_enter" for pad in _KEYPAD for name in ("enter", "return")},
    "kp_plus": "kp_add", "kp_minus": "kp_subtract", "kp_times": "kp_multiply",
    "esc": "escape", "return": "enter", "spacebar": "space", "bksp": "backspace",
    "back_space": "backspace", "ins": "insert", "del": "delete", "pgup": "page_up",
    "pgdn": "page_down", "pgdown": "page_down", "pageup": "page_up", "pagedown": "page_down",
    "prtsc": "print_screen", "print": "print_screen", "printscreen": "print_screen",
    "capslock": "caps_lock", "numlock": "num_lock", "scrolllock": "scroll_lock",
    "apps": "menu", "altgr": "alt_gr", "alt_graph": "alt_gr", "altgraph": "alt_gr",
    "mode_switch": "alt_gr", "compose": "multi_key", "mic_mute": "xf86audiomicmute",
    "mouse_middle": "mouse2", "mouse_back": "mouse8", "mouse_forward": "mouse9",
}  # fmt: skip
KNOWN = frozenset([*SIDED, *MODIFIERS, *NAMED, *FUNCTION])
_PLACE = re.compile(r"(?:key_?)?code_?:?_?(\d+)")
_BUTTON = re.compile(r"(?:mouse_?)?(?:mouse|button|btn)_?(\d+)")
_POINT = ".,;:'\"!?-()"  # needed for typing, beside letters and digits
_MOVING = frozenset({"space", "enter", "tab", "backspace", "left", "right", "up", "down"})
_LOST = frozenset({"delete", "home", "end", "page_up", "page_down"})
_WORDS = {"alt_gr": "AltGr", "multi_key": "Compose", "plus": "+"}
_ADD = "Add modifiers, as in ctrl+alt+{}, or choose another key, such as f9"

Slot = frozenset[str]
Chord = tuple[Slot, ...]


def parse_key(name: str) -> Slot:
    """Return the canonical keys that `name` stands for; raises ValueError with a suggestion."""
    key = name.strip().lower()
    if len(key) > 1:
        key = key.replace("-", "_").replace(" ", "_")
    key = ALIASES.get(key, key)
    if key in SIDED:
        return frozenset({f"{key}_l", f"{key}_r"})
    if found := _BUTTON.fullmatch(key):
        return frozenset({_button(int(found[1]))})
    if found := _PLACE.fullmatch(key):
        return frozenset({f"keycode {int(found[1])}"})
    if key in KNOWN or (len(key) == 1 and key.isprintable()):
        return frozenset({key})
    if key in BY_NAME:
        return frozenset({BY_NAME[key]})
    close = closest(key, KNOWN) or closest(key, [*ALIASES, *BY_NAME])
    hint = f"; did you mean {close!r}?" if close else "; examples: ctrl_r, f9, ctrl+alt+space"
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


def place_of(key: str) -> int | None:
    """Return X's keycode of a key that is named by its position; None for other keys."""
    return int(key.removeprefix("keycode ")) if key.startswith("keycode ") else None


def button_of(key: str) -> int | None:
    """Return X's number of a mouse button; None for other keys."""
    found = _BUTTON.fullmatch(key)
    return int(found[1]) if found else None


def typing_conflict(chord: Chord) -> str:
    """Return why this hotkey would make typing impossible; "" if it would not."""
    if any(
        without_side(min(slot)) in ("ctrl", "alt", "super") for slot in chord if slot <= MODIFIERS
    ):
        return ""
    typed = [key for slot in chord for key in slot if _is_typed(key)]
    if len(typed) != 1 or (len(chord) > 1 and typed[0] in _POINT):
        return ""
    add = _ADD.format(_spelt(min(typed)))
    return f"as a hotkey it could no longer be typed. {add}"


def drawback(chord: Chord) -> str:
    """Return the drawback of a hotkey that works nevertheless; "" if it has none."""
    words = in_words(chord)
    keys = {key for slot in chord for key in slot}
    if len(chord) == 1 and is_bare(chord) and keys & {"ctrl_l", "alt_l", "super_l"}:
        return (
            f"{words} begins most shortcuts, and each of them would open the microphone for a "
            "moment. Choose a key that rarely does, such as ctrl_r or f9"
        )
    if len(chord) == 1 and is_bare(chord) and keys & {"shift_l", "shift_r", "alt_gr"}:
        return (
            f"{words} is needed for typing, and would open the microphone for a moment each time. "
            "Choose another key, such as ctrl_r or f9"
        )
    if sum(_is_typed(key) for key in keys) > 1 and not keys & MODIFIERS:
        return f"{words} consists of keys that could no longer be typed. {_ADD.format(min(keys))}"
    plain = [key for key in keys if key not in MODIFIERS]
    shifted = keys <= {"shift_l", "shift_r", "alt_gr", *plain}
    if shifted and plain and (keys & _LOST or all(len(key) == 1 for key in plain)):
        add = _ADD.format(_spelt(min(plain)))
        return f"{words} can do nothing else while tray_dictate runs. {add}"
    return ""


def spell(chord: Chord) -> str:
    """Return a chord as the user would write it; `parse_chord` reads it back."""
    return "+".join(_spell_slot(slot) for slot in chord)


def in_words(chord: Chord) -> str:
    """Return a chord as people call it: "right Ctrl", "Ctrl+Alt+Space"."""
    return "+".join(_slot_in_words(slot) for slot in chord)


def is_bare(chord: Chord) -> bool:
    """Whether a chord has only modifiers, so that other shortcuts begin with it, too."""
    return all(slot <= MODIFIERS for slot in chord)


def without_side(key: str) -> str:
    """Return a modifier's name without its side: ctrl_l -> ctrl; any other key unchanged."""
    return key.removesuffix("_l").removesuffix("_r") if key in MODIFIERS else key


def filled(slot: Slot, held: frozenset[str]) -> bool:
    """Whether one of the slot's keys is among those held."""
    return not slot.isdisjoint(held)


def _button(number: int) -> str:
    if number in BUTTONS:
        return f"mouse{number}"
    why = "every click needs it" if number in (1, 3) else "it is the wheel, or does not exist"
    raise ValueError(f"mouse button {number} cannot be a hotkey: {why}; examples: mouse8, mouse9")


def _is_typed(key: str) -> bool:
    single = len(key) == 1 and (key.isalnum() or key in _POINT)
    return single or key in _MOVING or re.fullmatch(r"kp_\d", key) is not None


def _slot_in_words(slot: Slot) -> str:
    name = _spell_slot(slot)
    if name in _WORDS:
        return _WORDS[name]
    if name.startswith("mouse"):
        return f"Mouse Button {name.removeprefix('mouse')}"
    if name.startswith("kp_"):
        return f"Keypad {name.removeprefix('kp_').title()}"
    if name in BY_NAME and name not in KNOWN and len(name) > 1:
        return keysym(name)
    side = {"_l": "left ", "_r": "right "}.get(name[-2:], "") if name in MODIFIERS else ""
    return side + (without_side(name) if side else name).replace("_", " ").title()


def _spell_slot(slot: Slot) -> str:
    if len(slot) == 1:
        return _spelt(next(iter(slot)))
    return next(iter(slot)).rsplit("_", 1)[0]  # the two sides of one modifier


def _spelt(key: str) -> str:
    return "plus" if key == "+" else key  # "+" separates the keys of a chord
