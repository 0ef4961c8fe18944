"""Which keysym gives which character."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("python-xlib is there on Linux only", allow_module_level=True)

from tray_dictate.output.x11_typing import keysym_of, sends_scan_codes


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


@pytest.mark.parametrize(
    ("names", "sends"),
    [
        pytest.param(("xfreerdp", "xfreerdp"), True, id="a remote desktop by RDP"),
        pytest.param(("notepad.exe", "notepad.exe"), True, id="Wine, by the program's name"),
        pytest.param(("VirtualBox Machine", "VirtualBox Machine"), True, id="a virtual machine"),
        pytest.param(("gedit", "Gedit"), False, id="an editor takes characters"),
        pytest.param((), False, id="a window without a class"),
    ],
)
def test_a_capital_is_a_press_of_shift_only_for_what_sends_scan_codes(names, sends) -> None:
    assert sends_scan_codes(names) == sends
