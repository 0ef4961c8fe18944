from __future__ import annotations

import pytest

from tray_dictate.core.keys.chord import Edge, Shortcuts
from tray_dictate.core.keys.names import parse_chord

CHORDS = {
    "redo": parse_chord("ctrl+alt+r"),
    "undo": parse_chord("ctrl+alt+shift+r"),
    "copy": parse_chord("f12"),
}

TABLE = [
    ("the chord does it once", "+ctrl_l +alt_l +r", ["redo"]),
    ("either side of a modifier will do", "+ctrl_r +alt_l +r", ["redo"]),
    ("the keyboard's repeats do nothing more", "+ctrl_l +alt_l +r +r +r", ["redo"]),
    ("a second press does it again", "+ctrl_l +alt_l +r -r +r", ["redo", "redo"]),
    ("a modifier may come last", "+ctrl_l +r +alt_l", ["redo"]),
    ("one more modifier is another chord", "+ctrl_l +alt_l +shift_l +r", ["undo"]),
    ("one modifier too few is none", "+ctrl_l +r", []),
    ("an ordinary key that is still down does not matter", "+a +f12", ["copy"]),
    ("a modifier that is down does", "+super_l +f12", []),
    ("other keys do nothing", "+ctrl_l +alt_l +q", []),
    ("keys of it pressed one after the other are no chord", "+ctrl_l -ctrl_l +alt_l -alt_l +r", []),
    ("a key that is pressed beside a chord that is down does not do it again", "+f12 +a", ["copy"]),
]


@pytest.mark.parametrize(
    ("keys", "done"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_shortcuts(keys, done):
    shortcuts = Shortcuts(CHORDS)
    fired = []
    for key in keys.split():
        fired += shortcuts.feed(Edge(key[1:], key[0] == "+", 0.0))
    assert fired == done
