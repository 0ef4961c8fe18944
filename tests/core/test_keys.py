"""Key names and chords."""

import pytest

from tray_dictate.core.keys import filled, in_words, is_bare, kind, parse_chord, parse_key, spell

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
    ("windows' own key", "win+h", (frozenset({"super_l", "super_r"}), frozenset({"h"}))),
]


@pytest.mark.parametrize(("text", "chord"), [r[1:] for r in CHORDS], ids=[r[0] for r in CHORDS])
def test_a_chord_is_parsed(text, chord):
    assert parse_chord(text) == chord


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
    assert kind("ctrl_l") == kind("ctrl_r") == "ctrl"
    assert kind("alt_gr") == "alt_gr"
    assert kind("a_l") == "a_l"


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
    ],
)
def test_a_chord_in_words(text, words):
    assert in_words(parse_chord(text)) == words
