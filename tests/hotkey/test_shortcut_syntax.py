"""Shortcuts as the portals, KDE and the desktops' descriptions spell them."""

from __future__ import annotations

import pytest

from tray_dictate.core.keys.desktop_shortcuts import SUBSTITUTE
from tray_dictate.core.keys.names import parse_chord
from tray_dictate.hotkey.shortcut_syntax import is_other, portal_trigger, qt_key, spoken_keys


@pytest.mark.parametrize(
    ("keys", "portal", "qt"),
    [
        ("ctrl+alt+space", "CTRL+ALT+space", 0x0C000020),
        ("alt+ctrl+d", "CTRL+ALT+d", 0x0C000044),
        ("f9", "F9", 0x01000038),
        ("shift_r+super+f12", "SHIFT+LOGO+F12", 0x1300003B),
        ("super+,", "LOGO+comma", 0x1000002C),
        ("ctrl+ö", "CTRL+U00F6", 0x040000D6),
        ("page_up", "Prior", 0x01000016),
        ("ctrl_r", None, None),
        ("ctrl+alt", None, None),
        ("a+b", None, None),
        ("alt_gr+d", None, None),
        ("XF86AudioMicMute", "XF86AudioMicMute", 0x01000113),
        ("ctrl+kp_enter", "CTRL+KP_Enter", 0x25000005),
        ("XF86Tools", "XF86Tools", None),
        ("keycode 191", None, None),
        ("mouse8", None, None),
        ("ctrl+ß", "CTRL+U00DF", None),
    ],
)
def test_a_chord_is_spelt_as_the_desktop_wants_it_where_it_can_be_a_shortcut(keys, portal, qt):
    chord = parse_chord(keys)
    assert (portal_trigger(chord), qt_key(chord)) == (portal, qt)


def test_the_substitute_can_be_a_shortcut():
    assert portal_trigger(SUBSTITUTE)
    assert qt_key(SUBSTITUTE)


@pytest.mark.parametrize(
    ("keys", "other"),
    [("Ctrl+Alt+D", False), ("Meta+D", True), ("Strg+Alt+D", False), ("F9", True)],
)
def test_a_desktop_that_keeps_another_key_is_noticed_where_it_can_be_understood(keys, other):
    assert is_other(keys, parse_chord("ctrl_r+alt+d")) is other


@pytest.mark.parametrize(
    ("told", "keys"),
    [
        ("Press <Control><Alt>space", "Ctrl+Alt+Space"),
        ("<Shift><Super>F9 drücken", "Shift+Super+F9"),
        ("Appuyez sur <Primary>d", "Ctrl+D"),
        ("Press <Hyper>XF86Tools", "Hyper+XF86Tools"),
        ("<Alt>unbekannt", "Alt+unbekannt"),
        ("Press F9", "F9"),
        ("F9 drücken", "F9"),
        ("Ctrl+Alt+Space", "Ctrl+Alt+Space"),
        ("Meta+D", "Meta+D"),
        ("Strg+Leer", "Strg+Leer"),
        (" ", ""),
    ],
)
def test_the_keys_are_found_in_what_a_desktop_says_of_them_in_any_language(told, keys):
    assert spoken_keys(told) == keys
