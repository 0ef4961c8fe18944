"""Shortcuts of the desktop: their spelling, and the edges that their presses mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.chord import ChordMachine, Shortcuts, Signal
from tray_dictate.core.desktop_shortcuts import (
    DICTATE,
    SUBSTITUTE,
    ShortcutEdges,
    is_other,
    portal_trigger,
    qt_key,
    replaced,
    spoken_keys,
)
from tray_dictate.core.keys import parse_chord


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


def test_the_substitute_can_be_a_shortcut_and_the_user_learns_why_it_is_there():
    assert portal_trigger(SUBSTITUTE)
    assert qt_key(SUBSTITUTE)
    words = "Right Ctrl cannot be a shortcut on this desktop."
    assert replaced(parse_chord("ctrl_r")) == words


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


def spelt(edges):
    return [("+" if edge.down else "-") + edge.key for edge in edges]


CHORDS = {DICTATE: parse_chord("ctrl+alt+space"), "redo": parse_chord("ctrl+alt+r")}


def test_a_hold_is_the_edges_of_its_keys():
    presses = ShortcutEdges(CHORDS)
    assert spelt(presses.pressed(DICTATE, 1)) == ["+ctrl_l", "+alt_l", "+space"]
    assert spelt(presses.released(DICTATE, 2)) == ["-space", "-alt_l", "-ctrl_l"]
    assert presses.released(DICTATE, 3) == []
    assert presses.pressed("unknown", 3) == []


def test_what_repeats_while_it_is_held_counts_once():
    presses = ShortcutEdges(CHORDS)
    presses.pressed(DICTATE, 0)
    assert [presses.pressed(DICTATE, at) for at in (0.5, 0.53, 1.1, 1.7)] == [[]] * 4
    assert [presses.pressed(DICTATE, at) for at in (9.7, 60, 3600)] == [[]] * 3, "a long delay"
    assert len(presses.pressed("redo", 0)) == 2
    assert presses.pressed("redo", 0.5) == []
    presses.released("redo", 0.6)
    assert presses.pressed("redo", 0.65), "pressed anew"


def signals(machine, edges):
    return [signal for edge in edges for signal in machine.feed(edge)]


def test_a_hold_whose_release_was_lost_is_ended_by_that_of_the_next_press():
    presses, machine = ShortcutEdges(CHORDS), ChordMachine(CHORDS[DICTATE])
    assert signals(machine, presses.pressed(DICTATE, 0)) == [Signal.START]
    assert signals(machine, presses.pressed(DICTATE, 20)) == []
    signals(machine, presses.released(DICTATE, 21))
    assert machine.tick(22) == [Signal.STOP]
    assert signals(machine, presses.pressed(DICTATE, 23)) == [Signal.START]


def test_another_shortcut_does_its_work_at_once_and_does_not_end_the_hold():
    presses, machine, shortcuts = (
        ShortcutEdges(CHORDS),
        ChordMachine(CHORDS[DICTATE]),
        Shortcuts(CHORDS),
    )
    signals(machine, presses.pressed(DICTATE, 0))
    edges = presses.pressed("redo", 1)
    assert spelt(edges) == ["+r", "-r"]
    assert signals(machine, edges) == []
    alone = ShortcutEdges(CHORDS).pressed("redo", 1)
    assert [name for edge in alone for name in shortcuts.feed(edge)] == ["redo"]


def test_when_nobody_tells_any_more_what_is_held_is_let_go():
    presses = ShortcutEdges(CHORDS)
    presses.pressed(DICTATE, 0)
    assert spelt(presses.lost(1)) == ["-space", "-alt_l", "-ctrl_l"]
    assert presses.lost(1) == []
    assert presses.pressed(DICTATE, 1.1), "and the next press counts"


EVENTS = st.tuples(st.sampled_from([*CHORDS, "x"]), st.booleans(), st.floats(0, 8))


@given(st.lists(EVENTS, max_size=40))
def test_no_key_goes_down_twice_nor_stays_down(events):
    presses, at, held = ShortcutEdges(CHORDS), 0.0, set()
    for name, down, gap in events:
        at += gap
        for edge in (presses.pressed if down else presses.released)(name, at):
            assert edge.down == (edge.key not in held)
            held ^= {edge.key}
        assert presses.held() == held
    assert held == {edge.key for edge in presses.lost(at)}
