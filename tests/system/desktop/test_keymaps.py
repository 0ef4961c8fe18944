"""What the keys of a keymap give, in the two ways in which libxkbcommon writes it."""

from __future__ import annotations

import sys

import pytest

from tray_dictate.system.desktop.keymaps import read_keymap

if sys.platform != "linux":
    pytest.skip("no libxkbcommon there", allow_module_level=True)

NAMES = "a adiaeresis EuroSign Cyrillic_zhe U4F60 U1F680 Return Tab space KP_1 BackSpace F9 Shift_L"
NUMBERS = (
    "0x61 0xe4 0x20ac 0x6d6 0x1004f60 0x101f680 0xff0d 0xff09 0x20 0xffb1 0xff08 0xffc6 0xffe1"
)
CHARACTERS = ["a", "ä", "€", "ж", "你", "🚀", "\n", "\t", " ", "1", "", "", ""]


def one_key(symbols: str) -> str:
    return (
        'xkb_keymap { xkb_keycodes { <K1> = 9; }; xkb_types { include "complete" }; xkb_compat { };'
        f" xkb_symbols {{ key <K1> {{ {symbols} }}; }}; }};"
    )


@pytest.mark.parametrize("spelt", [NAMES, NUMBERS])
def test_a_keysym_gives_its_character_by_name_and_by_number(spelt: str) -> None:
    found = [read_keymap(one_key(f"[ {keysym} ]"))[9][0][0] for keysym in spelt.split()]
    assert found == CHARACTERS


@pytest.mark.parametrize("first", ["Group", ""])
def test_each_layout_has_its_levels(first: str) -> None:
    keymap = one_key(f"[ q, Q ], symbols[{first}2] = [ 0x6ca, Cyrillic_SHORTI ]")
    assert read_keymap(keymap) == {9: [["q", "Q"], ["й", "Й"]]}


def test_several_keysyms_at_once_are_no_character() -> None:
    assert read_keymap(one_key("[ { a, b }, c ]")) == {9: [["", "c"]]}


def test_a_zero_width_joiner_is_text_and_an_escape_is_not() -> None:
    assert read_keymap(one_key("[ U200D, Escape ]")) == {9: [["\u200d", ""]]}


@pytest.mark.parametrize("text", ["", "xkb_keymap {", one_key("[ a")])
def test_a_keymap_with_faults_gives_nothing(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert read_keymap(text) == {}
    assert capfd.readouterr().err == ""
