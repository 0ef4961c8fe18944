"""Which keysym gives which character."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("python-xlib is there on Linux only", allow_module_level=True)

from tray_dictate.output.x11_typing import Manner, keysym_of


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
    manner = Manner(composed=True)
    assert [manner.keysym(c) for c in "aü\n"] == [0x01000061, 0xFC, 0xFF0D]
