"""The lines for compositors; those for sway are pressed for real in tests/desktop/sway."""

from __future__ import annotations

import re
import shlex
from xml.etree import ElementTree

import pytest
from Xlib import XK

from tray_dictate.core.keys.keysyms import keysym
from tray_dictate.core.keys.names import KNOWN, SIDED, parse_chord
from tray_dictate.hotkey.bindings.syntax import accelerator, bindings, quoted, unmapped

PROGRAM = ("tray-dictate",)


def lines(compositor, keys, *, toggle=False, program=PROGRAM, **others):
    chords = {name: parse_chord(text) for name, text in others.items()}
    return bindings(compositor, parse_chord(keys), chords, program, toggle=toggle)


@pytest.mark.parametrize(
    ("compositor", "keys", "expected"),
    [
        ("sway", "f9", ["bindsym --no-repeat F9 exec tray-dictate start",
                        "bindsym --release --locked F9 exec tray-dictate stop"]),
        ("sway", "ctrl_r", ["bindcode --no-repeat 105 exec tray-dictate start",
                            "bindcode --release --locked 105 exec tray-dictate stop"]),
        ("sway", "super+ü", [
            "bindsym --no-repeat --to-code Mod4+U00FC exec tray-dictate start",
            "bindsym --release --locked --to-code Mod4+U00FC exec tray-dictate stop"]),
        ("hyprland", "f9", ["bind = , F9, exec, tray-dictate start",
                            "bindirl = , F9, exec, tray-dictate stop"]),
        ("hyprland", "ctrl+alt+space", ["bind = CTRL ALT, space, exec, tray-dictate start",
                                        "bindrl = CTRL ALT, space, exec, tray-dictate stop"]),
        ("river", "alt_gr+,", [
            "riverctl map normal Mod5 comma spawn 'tray-dictate start'",
            "riverctl map -release normal Mod5 comma spawn 'tray-dictate stop'",
            "riverctl map -release locked Mod5 comma spawn 'tray-dictate stop'"]),
        ("river", "ctrl_r", [
            "riverctl map normal None Control_R spawn 'tray-dictate start'",
            "riverctl map -release normal Control Control_R spawn 'tray-dictate stop'",
            "riverctl map -release locked Control Control_R spawn 'tray-dictate stop'"]),
        ("sway", "ctrl+keycode 191", [
            "bindcode --no-repeat Ctrl+191 exec tray-dictate start",
            "bindcode --release --locked Ctrl+191 exec tray-dictate stop"]),
        ("sway", "kp_enter", ["bindcode --no-repeat 104 exec tray-dictate start",
                              "bindcode --release --locked 104 exec tray-dictate stop"]),
        ("sway", "XF86AudioMicMute", [
            "bindsym --no-repeat XF86AudioMicMute exec tray-dictate start",
            "bindsym --release --locked XF86AudioMicMute exec tray-dictate stop"]),
        ("hyprland", "keycode 191", ["bind = , code:191, exec, tray-dictate start",
                                     "bindirl = , code:191, exec, tray-dictate stop"]),
        ("hyprland lua", "ctrl_r", [
            'hl.bind("code:105", hl.dsp.exec_cmd("tray-dictate start"))',
            'hl.bind("code:105", hl.dsp.exec_cmd("tray-dictate stop"), '
            "{ release = true, locked = true, ignore_mods = true })"]),
        ("hyprland lua", "ctrl+alt+space", [
            'hl.bind("CTRL + ALT + space", hl.dsp.exec_cmd("tray-dictate start"))',
            'hl.bind("CTRL + ALT + space", hl.dsp.exec_cmd("tray-dictate stop"), '
            "{ release = true, locked = true })"]),
        ("niri", "ctrl+alt+space",
         ['Ctrl+Alt+space repeat=false { spawn "tray-dictate" "toggle"; }']),
        ("labwc", "super+ctrl+f9", [
            '<keybind key="W-C-F9">'
            '<action name="Execute" command="tray-dictate toggle" /></keybind>']),
    ],
)  # fmt: skip
def test_a_chord_is_bound_to_start_and_stop(compositor, keys, expected):
    assert list(lines(compositor, keys).lines) == expected


def test_a_modifier_of_either_side_is_bound_by_both_codes():
    codes = [line.split()[2 + ("--locked" in line)] for line in lines("sway", "alt").lines]
    assert codes == ["64", "64", "108", "108"]


def test_in_toggle_mode_a_press_toggles_and_a_release_does_nothing():
    assert lines("sway", "f9", toggle=True).lines == (
        "bindsym --no-repeat F9 exec tray-dictate toggle",
    )
    assert not lines("hyprland", "ctrl_r", toggle=True).notes
    assert not lines("river", "ctrl+alt+space", toggle=True).notes


def test_the_other_chords_run_their_commands():
    found = lines("river", "f9", undo="ctrl+alt+z", copy="super+c").lines[-2:]
    assert found == (
        "riverctl map normal Control+Alt z spawn 'tray-dictate undo'",
        "riverctl map normal Super c spawn 'tray-dictate copy'",
    )


@pytest.mark.parametrize("compositor", ["sway", "hyprland", "river", "niri", "labwc"])
def test_a_button_of_the_mouse_is_refused_with_what_to_do(compositor):
    with pytest.raises(ValueError, match=r'Choose another key .* set hotkey.source = "evdev"'):
        lines(compositor, "mouse8")
    with pytest.raises(ValueError, match="Choose another key"):
        lines(compositor, "f9", undo="ctrl+mouse8")


@pytest.mark.parametrize("compositor", ["river", "niri", "labwc"])
def test_who_knows_keys_by_their_names_only_refuses_a_place(compositor):
    with pytest.raises(ValueError, match=r"cannot bind Keycode 191: .* Choose"):
        lines(compositor, "keycode 191")


def test_gnome_refuses_a_place_and_a_button():
    for keys in ("keycode 191", "ctrl+mouse8"):
        with pytest.raises(ValueError, match="Choose another"):
            accelerator(parse_chord(keys))
    assert accelerator(parse_chord("ctrl+XF86AudioPlay")) == "<Control>XF86AudioPlay"


@pytest.mark.parametrize(
    ("compositor", "keys", "note"),
    [
        ("niri", "f9", "press once to start and again to stop"),
        (
            "labwc",
            "f9",
            "one binding for a key, of its press or of its release: press once to start",
        ),
        ("hyprland", "ctrl_r", "press again to stop"),
        ("sway", "ctrl_r+space", "either side"),
        ("hyprland", "ctrl+alt+space", "Release Space before Ctrl+Alt"),
        ("hyprland lua", "ctrl_r", "press again to stop"),
        ("hyprland lua", "ctrl+alt+space", "Release Space before Ctrl+Alt"),
        ("river", "super+f9", "Release F9 before Super"),
    ],
)
def test_what_is_not_quite_what_the_settings_say_is_told(compositor, keys, note):
    [told] = lines(compositor, keys).notes
    assert note in told


@pytest.mark.parametrize(
    ("compositor", "keys", "reason"),
    [
        ("sway", "ctrl+alt", "Ctrl+Alt: modifiers without another key"),
        ("sway", "a+b", "A+B: two keys at once"),
        ("niri", "ctrl_r", "niri cannot bind a modifier alone, such as right Ctrl"),
        ("labwc", "ctrl_r", "labwc cannot bind a modifier alone, such as right Ctrl"),
    ],
)
def test_what_cannot_be_bound_is_refused_with_another_key(compositor, keys, reason):
    with pytest.raises(ValueError, match="Choose another key in the settings") as refused:
        lines(compositor, keys)
    assert reason in str(refused.value)


def test_rivers_are_taken_back_by_their_modes_and_keys():
    mapped = lines("river", "ctrl+alt+space").lines
    assert unmapped([*mapped, "# mine"]) == [
        "riverctl unmap normal Control+Alt space",
        "riverctl unmap -release normal Control+Alt space",
        "riverctl unmap -release locked Control+Alt space",
    ]


def test_a_program_in_a_folder_with_blanks_and_signs_is_quoted_for_each():
    program = ("/a b/it's\"#/tray-dictate",)
    [start, *_] = lines("sway", "f9", program=program).lines
    assert shlex.split(start.partition("exec ")[2]) == [*program, "start"]
    [start, *_] = lines("river", "f9", program=program).lines
    assert shlex.split(shlex.split(start)[-1]) == [*program, "start"]
    [start, *_] = lines("hyprland", "f9", program=program).lines
    shell = start.split(", ", 3)[3].replace("##", "#")
    assert shlex.split(shell) == [*program, "start"]
    [start] = lines("niri", "f9", program=program).lines
    assert r'spawn "/a b/it' in start
    assert r"\"#/tray-dictate" in start
    [start, *_] = lines("hyprland lua", "f9", program=program).lines
    said = re.search(r'exec_cmd\("((?:[^"\\]|\\.)*)"\)\)$', start)[1]
    assert shlex.split(re.sub(r"\\(.)", r"\1", said)) == [*program, "start"]
    [start] = lines("labwc", "f9", program=program).lines
    [action] = ElementTree.fromstring(start)
    assert shlex.split(action.attrib["command"]) == [*program, "toggle"]
    assert quoted(("python3", "-m", "tray_dictate")) == "python3 -m tray_dictate"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("f9", "F9"),
        ("ctrl+alt+space", "<Control><Alt>space"),
        ("super+shift+,", "<Super><Shift>comma"),
        ("alt_gr+x", "<Mod5>x"),
    ],
)
def test_gnome_has_its_own_spelling(keys, expected):
    assert accelerator(parse_chord(keys)) == expected


def test_gnome_binds_no_modifier_alone():
    with pytest.raises(ValueError, match="GNOME cannot bind a modifier alone, such as right Ctrl"):
        accelerator(parse_chord("ctrl_r"))


def test_every_key_has_a_name_that_xkb_knows():
    XK.load_keysym_group("xkb")
    signs = {chr(point) for point in range(0x21, 0x7F) if not chr(point).isupper()}
    named = {key: keysym(key) for key in (KNOWN - set(SIDED)) | signs}
    assert [key for key, name in named.items() if not XK.string_to_keysym(name)] == []
    assert all(XK.string_to_keysym(named[sign]) == ord(sign) for sign in signs)
    assert keysym("ü") == "U00FC"
