"""Which keys the made keymaps use, and what they are made of."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.keys.keycodes import CODES
from tray_dictate.core.keys.names import FUNCTION, MODIFIERS
from tray_dictate.output.wayland.keyboard import STRIDE
from tray_dictate.output.wayland.keymap import (
    ROOM,
    assign_keys,
    chord_codes,
    is_typed,
    keymap,
    mask,
)

SHORTCUTS = {
    CODES[key]
    for key in (
        *MODIFIERS, *FUNCTION, "escape", "backspace", "home", "end", "page_up", "page_down",
        "insert", "delete", "up", "down", "left", "right", "caps_lock", "num_lock", "scroll_lock",
        "pause", "print_screen", "menu",
    )
}  # fmt: skip
MEDIA = {*range(113, 117), *range(128, 179), *range(224, 240)}  # sound, power, brightness ...


@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_no_character_is_on_a_key_that_means_something_else(text: str) -> None:
    codes = assign_keys(text)
    assert SHORTCUTS.isdisjoint(codes.values())
    assert MEDIA.isdisjoint(codes.values())
    assert len(set(codes.values())) == len(codes)
    assert all(0 < code < 248 for code in codes.values())  # Xwayland has no more


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=400))
def test_the_beginning_of_a_text_has_its_keys(text: str) -> None:
    codes = assign_keys(text)
    wanted = [one for one in dict.fromkeys(text) if is_typed(one) and one not in "\n\t"]
    assert set(wanted[:ROOM]) <= codes.keys()


def test_what_a_us_keyboard_has_without_shift_is_in_its_place() -> None:
    codes = assign_keys(string.ascii_lowercase + string.digits + "äöü😀")
    for character in string.ascii_lowercase + string.digits + " ":
        assert codes[character] == CODES.get(character, CODES["space"])
    assert (codes["\n"], codes["\t"]) == (CODES["enter"], CODES["tab"])


def test_a_keymap_has_room_for_common_text_that_comes_later() -> None:
    codes = assign_keys("größe")
    assert set("The quick brown fox, jumps!\n") <= codes.keys()


def test_a_keymap_is_never_so_full_that_one_burst_does_not_fit() -> None:
    assert STRIDE <= ROOM


def test_a_keymap_names_each_character_once() -> None:
    text = keymap({"a": 30, "\n": 28, "😀": 2})
    assert "<K30> = 38;" in text
    assert "key <K30> {[U0061]};" in text
    assert "key <K28> {[Return]};" in text
    assert "key <K2> {[U1F600]};" in text


@pytest.mark.parametrize(
    ("character", "typed"),
    [
        pytest.param("\n", True, id="a newline is a key"),
        pytest.param("\t", True, id="a tab is a key"),
        pytest.param("\x1b", False, id="Escape is not text"),
        pytest.param("\ud800", False, id="half a character is none"),
        pytest.param("\u200d", True, id="what joins emoji is sent"),
    ],
)
def test_what_can_be_typed(character: str, typed: bool) -> None:
    assert is_typed(character) is typed


@pytest.mark.parametrize(
    ("chord", "codes", "modifiers"),
    [
        pytest.param("shift+insert", [42, 110], 1, id="the left key of two"),
        pytest.param("ctrl+shift+v", [29, 42, 47], 5, id="two modifiers, in order"),
        pytest.param("ctrl_r+v", [97, 47], 4, id="a right one where that is asked for"),
        pytest.param("super+alt+a", [125, 56, 30], 72, id="Super and Alt"),
        pytest.param("enter", [28], 0, id="a key alone"),
    ],
)
def test_the_keys_of_a_chord(chord: str, codes: list[int], modifiers: int) -> None:
    assert chord_codes(chord) == codes
    assert mask(codes) == modifiers


@pytest.mark.parametrize("chord", ["ö", "ctrl+ß", "", "no-such-key"])
def test_a_key_that_a_us_keyboard_lacks_is_an_error(chord: str) -> None:
    with pytest.raises(ValueError, match="key"):
        chord_codes(chord)
