"""Which input methods make something else of what is typed."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("python-xlib is there on Linux only", allow_module_level=True)

from tray_dictate.output.x11.composition import is_plain


@pytest.mark.parametrize("engine", ["", "xkb:us::eng", "xkb:de:neo:deu", "keyboard-us",
                                    "fcitx-keyboard-fr"])  # fmt: skip
def test_a_layout_takes_keys_as_they_are(engine: str) -> None:
    assert is_plain(engine)


@pytest.mark.parametrize("engine", ["m17n:vi:telex", "libpinyin", "mozc-jp", "hangul", "anthy",
                                    "Bamboo", "typing-booster", "rime"])  # fmt: skip
def test_what_composes_does_not(engine: str) -> None:
    assert not is_plain(engine)
