"""Which keysym gives which character."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("python-xlib is there on Linux only", allow_module_level=True)

from tray_dictate.output.x11.typist import TypingStyle, keysym_of


@pytest.mark.parametrize(
    ("character", "keysym"),
    [
        pytest.param("a", 0x61, id="ASCII is itself"),
        pytest.param("ü", 0xFC, id="Latin-1 is itself"),
        pytest.param("€", 0x010020AC, id="the rest is Unicode"),
        pytest.param("😀", 0x0101F600, id="beyond the first plane, too"),
        pytest.param("\n", 0xFF0D, id="a newline is Return"),
        pytest.param("\t", 0xFF09, id="a tab is Tab"),
    ],
)
def test_keysym_of(character: str, keysym: int) -> None:
    assert keysym_of(character) == keysym


def test_an_input_method_gets_no_letter_of_a_keyboard() -> None:
    style = TypingStyle(composed=True)
    assert [style.keysym(c) for c in "aü\n"] == [0x01000061, 0xFC, 0xFF0D]


@pytest.mark.parametrize(
    ("character", "keysym"),
    [
        pytest.param("a", 0x61, id="ASCII is itself"),
        pytest.param("ü", 0xFC, id="Latin-1 is itself"),
        pytest.param("Ł", 0x01A3, id="Latin-2, large"),
        pytest.param("ł", 0x01B3, id="Latin-2, small"),
        pytest.param("ħ", 0x02B1, id="Latin-3"),
        pytest.param("ā", 0x03E0, id="Latin-4"),
        pytest.param("Ж", 0x06F6, id="Cyrillic, large"),
        pytest.param("ж", 0x06D6, id="Cyrillic, small"),
        pytest.param("ї", 0x06A7, id="Ukrainian"),
        pytest.param("€", 0x010020AC, id="a sign is Unicode"),
        pytest.param("你", 0x01004F60, id="the rest is Unicode"),
        pytest.param("\n", 0xFF0D, id="a newline is Return"),
    ],
)
def test_another_machine_gets_the_keysyms_whose_two_cases_share_a_key(
    character: str, keysym: int
) -> None:
    assert TypingStyle(remote=True).keysym(character) == keysym
