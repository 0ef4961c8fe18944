"""What a layout has where a US keyboard has it; tests/desktop/sway has what a compositor sends."""

from __future__ import annotations

from tray_dictate.output.wayland.keymap import characters_like_us

ONE = """
    key <AE02> {	[               2,        quotedbl,     twosuperior,          oneeighth ] };
    key <AD01> {	type= "FOUR_LEVEL_SEMIALPHABETIC", symbols[Group1]= [ q, Q, at, Greek_OMEGA ] };
    key <AD06> {	[ z, Z ] };
    key <AB10> {	[ minus, underscore ] };
    key <SPCE> {	[ space ] };
    key <FK01> {	type= "CTRL+ALT", symbols[Group1]= [ F1, F1 ] };
"""
TWO = """
    key <AD01> {	type[Group1]= "ALPHABETIC",	type[Group2]= "ALPHABETIC",
		symbols[Group1]= [ q, Q ],	symbols[Group2]= [ Cyrillic_shorti, Cyrillic_SHORTI ]
    };
"""


def test_a_character_counts_only_on_its_own_key_and_level() -> None:
    assert characters_like_us(ONE) == set("2qQ \n\t")


def test_of_two_layouts_nobody_tells_which_is_in_use() -> None:
    assert characters_like_us(TWO) == frozenset()


def test_a_keymap_of_nothing_gives_nothing() -> None:
    assert characters_like_us("") == frozenset()
