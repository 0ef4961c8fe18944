"""What a layout has where a US keyboard has it; tests/desktop/sway has what a compositor sends."""

from __future__ import annotations

import sys

import pytest

from tray_dictate.output.wayland.keymap import US, characters_like_us

if sys.platform != "linux":
    pytest.skip("no Wayland there, and no libxkbcommon", allow_module_level=True)

KEYMAP = """
xkb_keymap {
    xkb_keycodes { <AE02> = 11; <AD01> = 24; <AD06> = 29; <AB10> = 61; <SPCE> = 65; <FK01> = 67; };
    xkb_types { include "complete" };
    xkb_compat { include "complete" };
    xkb_symbols { %s };
};
"""
NAMES = """
    key <AE02> {	[               2,        quotedbl,     twosuperior,          oneeighth ] };
    key <AD01> {	type= "FOUR_LEVEL_SEMIALPHABETIC", symbols[Group1]= [ q, Q, at, Greek_OMEGA ] };
    key <AD06> {	[ z, Z ] };
    key <AB10> {	[ minus, underscore ] };
    key <SPCE> {	[ space ] };
    key <FK01> {	type= "CTRL+ALT", symbols[Group1]= [ F1, F1 ] };
"""
NUMBERS = """
    key <AE02> {	[ 0x32, 0x22, 0xb2, 0xac3 ] };
    key <AD01> {	type= "FOUR_LEVEL_SEMIALPHABETIC", [ 0x71, 0x51, 0x40, 0x7d9 ] };
    key <AD06> {	[ 0x7a, 0x5a ] };
    key <AB10> {	[ 0x2d, 0x5f ] };
    key <SPCE> {	[ 0x20 ] };
    key <FK01> {	type= "CTRL+ALT", [ 0xffbe, 0xffbe ] };
"""
TWO_BY_NAME = """
    key <AD01> {	type[Group1]= "ALPHABETIC",	type[Group2]= "ALPHABETIC",
		symbols[Group1]= [ q, Q ],	symbols[Group2]= [ Cyrillic_shorti, Cyrillic_SHORTI ]
    };
"""
TWO_BY_NUMBER = """
    key <AD01> {	type[1]= "ALPHABETIC",	type[2]= "ALPHABETIC",
		symbols[1]= [ 0x71, 0x51 ],	symbols[2]= [ 0x6ca, 0x6ea ]
    };
"""


@pytest.mark.parametrize("symbols", [NAMES, NUMBERS])
def test_a_character_counts_only_on_its_own_key_and_level(symbols: str) -> None:
    assert characters_like_us(KEYMAP % symbols) == set("2qQ \n\t")


@pytest.mark.parametrize("symbols", [TWO_BY_NAME, TWO_BY_NUMBER])
def test_of_two_layouts_nobody_tells_which_is_in_use(symbols: str) -> None:
    assert characters_like_us(KEYMAP % symbols) == frozenset()


def test_a_us_layout_has_all_that_ascii_has() -> None:
    assert characters_like_us(US) == {*map(chr, range(32, 127)), "\n", "\t"}


@pytest.mark.parametrize("text", ["", "xkb_keymap {", KEYMAP % "key <AE02> { [ 3 ] };"])
def test_a_keymap_of_nothing_gives_nothing(text: str) -> None:
    assert characters_like_us(text) == frozenset()
