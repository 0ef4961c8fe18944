"""Shortcuts of the desktop: the edges that their presses mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.keys.chord import ChordMachine, Shortcuts, Signal
from tray_dictate.core.keys.desktop_shortcuts import DICTATE, ShortcutEdges, replaced
from tray_dictate.core.keys.names import parse_chord


def test_the_user_learns_why_the_substitute_is_there():
    words = "Right Ctrl cannot be a shortcut on this desktop."
    assert replaced(parse_chord("ctrl_r")) == words


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
