from __future__ import annotations

from tray_dictate.audio.sources import Source, choose

FOUND = [Source("USB Headset", True, 1), Source("USB", False, 2)]


def test_the_whole_name_goes_before_one_that_it_is_a_part_of() -> None:
    assert choose(FOUND, "usb") == FOUND[1]
    assert choose(FOUND, "head") == FOUND[0]
    assert choose(FOUND, "") == FOUND[0]
    assert choose(FOUND, "Bluetooth") is None
