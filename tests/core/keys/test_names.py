"""Key names and chords."""

import pytest

from tray_dictate.core.keys.keycodes import CODES
from tray_dictate.core.keys.keysyms import BY_NAME
from tray_dictate.core.keys.names import (
    KNOWN,
    SIDED,
    button_of,
    drawback,
    filled,
    in_words,
    is_bare,
    parse_chord,
    parse_key,
    place_of,
    spell,
    typing_conflict,
    without_side,
)

CTRL = frozenset({"ctrl_l", "ctrl_r"})

CHORDS = [
    ("one sided modifier", "ctrl_r", (frozenset({"ctrl_r"}),)),
    ("an unsided modifier is either side", "ctrl", (CTRL,)),
    (
        "a chord keeps its order",
        "ctrl+alt+space",
        (CTRL, frozenset({"alt_l", "alt_r"}), frozenset({"space"})),
    ),
    ("capitals and blanks do not matter", " Ctrl + F9 ", (CTRL, frozenset({"f9"}))),
    ("other names for the same key", "right ctrl", (frozenset({"ctrl_r"}),)),
    ("a dash is an underscore", "page-up", (frozenset({"page_up"}),)),
    ("a letter", "ctrl+ö", (CTRL, frozenset({"ö"}))),
    ("a key by what X calls it", "XF86AudioMicMute", (frozenset({"xf86audiomicmute"}),)),
    ("a letter by what X calls it", "Odiaeresis", (frozenset({"ö"}),)),
    ("a key of the keypad", "kp_enter", (frozenset({"kp_enter"}),)),
    ("the same, as it is without Num Lock", "KP_Home", (frozenset({"kp_7"}),)),
    ("a key by its place", "keycode 191", (frozenset({"keycode 191"}),)),
    ("a place without a blank", "ctrl+Keycode191", (CTRL, frozenset({"keycode 191"}))),
    ("a button of the mouse", "mouse8", (frozenset({"mouse8"}),)),
    ("a button by a word", "Mouse Back", (frozenset({"mouse8"}),)),
    ("the compose key", "Compose", (frozenset({"multi_key"}),)),
    ("the sign between keys", "ctrl+plus", (CTRL, frozenset({"+"}))),
    ("windows' own key", "win+h", (frozenset({"super_l", "super_r"}), frozenset({"h"}))),
]


@pytest.mark.parametrize(("text", "chord"), [r[1:] for r in CHORDS], ids=[r[0] for r in CHORDS])
def test_a_chord_is_parsed(text, chord):
    assert parse_chord(text) == chord


SIDES = [
    f"{side}{line}{name}" if first else f"{name}{line}{side}"
    for side in ("r", "right") for line in ("", "_", " ", "-") for first in (True, False)
    for name in ("ctrl", "control", "Ctrl", "Control")
]  # fmt: skip


@pytest.mark.parametrize("spelling", SIDES)
def test_a_side_of_a_modifier_has_many_spellings(spelling):
    assert parse_key(spelling) == {"ctrl_r"}
    for name, key in (("alt", "alt"), ("shift", "shift"), ("win", "super"), ("cmd", "super")):
        other = spelling.lower().replace("control", name).replace("ctrl", name)
        assert parse_key(other) == {f"{key}_r"}
        left = other.replace("right", "left") if "right" in other else None
        assert left is None or parse_key(left) == {f"{key}_l"}


def test_keys_of_every_sort_are_parsed_from_what_they_are_spelt_as():
    for key in {*KNOWN, *BY_NAME.values(), *CODES, "keycode 9"} - set(SIDED):
        assert parse_key(spell((frozenset({key}),))) == {key}


NUISANCES = ["a", "space", "enter", "shift+a", "alt_gr+e", ",", "kp_5", "left", "ß", "5"]
DOUBTFUL = [
    "ctrl",
    "shift",
    "alt",
    "super",
    "ctrl_l",
    "shift_r",
    "alt_gr",
    "`",
    "home",
    "delete",
    "a+b",
    "shift+.",
]
GOOD = [
    "ctrl_r", "alt_r", "super_r", "f9", "f13", "pause", "insert", "menu", "caps_lock", "kp_enter",
    "mouse8", "ctrl+alt+space", "ctrl+a", "ctrl+alt", "xf86audiomicmute", "keycode 191",
]  # fmt: skip


def test_what_is_typed_all_the_time_is_no_hotkey():
    assert [keys for keys in NUISANCES if typing_conflict(parse_chord(keys))] == NUISANCES
    assert [keys for keys in [*DOUBTFUL, *GOOD] if typing_conflict(parse_chord(keys))] == []
    assert "as in ctrl+alt+a, " in typing_conflict(parse_chord("a"))


def test_what_is_in_the_way_of_typing_is_told():
    assert [keys for keys in DOUBTFUL if drawback(parse_chord(keys))] == DOUBTFUL
    assert [keys for keys in GOOD if drawback(parse_chord(keys))] == []


@pytest.mark.parametrize("button", [1, 3, 4, 7, 13, 99])
def test_clicks_and_the_wheel_are_no_hotkeys(button):
    with pytest.raises(ValueError, match="mouse button"):
        parse_key(f"mouse{button}")


def test_places_and_buttons_are_told_from_names():
    assert [place_of(key) for key in ("keycode 191", "f9")] == [191, None]
    assert [button_of(key) for key in ("mouse8", "f9")] == [8, None]


WRONG = [
    (
        "an unknown name suggests the nearest",
        "cntrl+x",
        "unknown key 'cntrl'; did you mean 'ctrl'?",
    ),
    ("nothing alike gives examples", "qqqqqq", "examples: ctrl_r, f9"),
    ("an empty chord names no key", "  ", "no key named"),
    ("a trailing plus names an unknown key", "ctrl+", "unknown key ''"),
    ("the same key twice", "ctrl+space+space", "named twice"),
    ("both sides and one side overlap", "ctrl+ctrl_l", "named twice"),
]


@pytest.mark.parametrize(("text", "message"), [r[1:] for r in WRONG], ids=[r[0] for r in WRONG])
def test_a_wrong_chord_is_explained(text, message):
    with pytest.raises(ValueError, match=r"key|twice") as error:
        parse_chord(text)
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["ctrl_r", "ctrl+alt+space", "alt_gr+f24", "super+ö"])
def test_a_chord_is_spelt_as_it_was_written(text):
    assert spell(parse_chord(text)) == text
    assert parse_chord(spell(parse_chord(text))) == parse_chord(text)


def test_only_modifiers_make_a_bare_chord():
    assert is_bare(parse_chord("ctrl+alt"))
    assert not is_bare(parse_chord("ctrl+space"))


def test_a_slot_is_filled_by_any_of_its_keys():
    assert filled(parse_key("ctrl"), frozenset({"ctrl_r", "x"}))
    assert not filled(parse_key("ctrl_l"), frozenset({"ctrl_r"}))


def test_the_two_sides_of_a_modifier_are_of_one_kind():
    assert without_side("ctrl_l") == without_side("ctrl_r") == "ctrl"
    assert without_side("alt_gr") == "alt_gr"
    assert without_side("a_l") == "a_l"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ctrl_r", "right Ctrl"),
        ("super_l", "left Super"),
        ("ctrl+alt+space", "Ctrl+Alt+Space"),
        ("alt_gr", "AltGr"),
        ("page_up", "Page Up"),
        ("shift+f9", "Shift+F9"),
        ("ctrl+ö", "Ctrl+Ö"),
        ("mouse8", "Mouse Button 8"),
        ("kp_enter", "Keypad Enter"),
        ("compose", "Compose"),
        ("ctrl+plus", "Ctrl++"),
        ("xf86audiomicmute", "XF86AudioMicMute"),
        ("keycode 191", "Keycode 191"),
    ],
)
def test_a_chord_in_words(text, words):
    assert in_words(parse_chord(text)) == words
