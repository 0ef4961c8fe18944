"""Keys and time -> one press, one release. Each story is a line of edges, each of its signals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.keys.chord import ChordMachine, Edge, Signal
from tray_dictate.core.keys.names import parse_chord

# "+ctrl_r@1.0" goes down at one second, "-ctrl_r@1.5" comes up, "@2" lets time pass,
# "held:a,b@3" is the keyboard's answer, "on@4"/"off@4" says that something records or not.
# In what is expected, "start", "stop", "cancel" and "verify" stand for the signals.

HOLD = [
    ("press starts and release stops", "ctrl_r", "+ctrl_r@1 -ctrl_r@2 @2.1", "start stop"),
    ("auto-repeat is one press", "ctrl_r", "+ctrl_r@1 +ctrl_r@1.5 +ctrl_r@1.6 -ctrl_r@2 @3", "start stop"),
    ("repeat in pairs is one press", "ctrl_r", "+ctrl_r@1 -ctrl_r@1.5 +ctrl_r@1.5 -ctrl_r@2 @3", "start stop"),
    ("bounce is one press", "ctrl_r", "+ctrl_r@1 -ctrl_r@1.01 +ctrl_r@1.02 -ctrl_r@2 @3", "start stop"),
    ("a quick second hold is a second take", "ctrl_r", "+ctrl_r@1 -ctrl_r@2 +ctrl_r@2.1 -ctrl_r@3 @4", "start stop start stop"),
    ("the release waits for the grace", "ctrl_r", "+ctrl_r@1 -ctrl_r@2 @2.01", "start"),
    ("a shortcut is dropped", "ctrl_r", "+ctrl_r@1 +c@1.1 -c@1.2 -ctrl_r@1.3 @2", "start cancel"),
    ("a key after the first moments is no shortcut", "ctrl_r", "+ctrl_r@1 +c@1.5 -c@1.6 -ctrl_r@2 @3", "start stop"),
    ("after a shortcut the next press starts", "ctrl_r", "+ctrl_r@1 +c@1.1 -c@1.2 -ctrl_r@1.3 +ctrl_r@2", "start cancel start"),
    ("a second key of a shortcut changes nothing", "ctrl_r", "+ctrl_r@1 +c@1.1 +v@1.2 -ctrl_r@1.3 @2", "start cancel"),
    ("escape cancels", "ctrl_r", "+ctrl_r@1 +escape@3 -escape@3.1 -ctrl_r@3.2 @4", "start cancel"),
    ("escape while idle is nobody's business", "ctrl_r", "+escape@1 -escape@1.1", ""),
    ("another side's key does not start", "ctrl_r", "+ctrl_l@1 -ctrl_l@2 @3", ""),
    ("xdotool presses both sides", "ctrl_r", "+ctrl_l@1 +ctrl_r@1 -ctrl_l@2 -ctrl_r@2 @3", "start stop"),
    ("the other side during a hold is no shortcut", "ctrl_r", "+ctrl_r@1 +ctrl_l@1.1 -ctrl_l@1.2 -ctrl_r@2 @3", "start stop"),
    ("a foreign modifier asks what is held", "ctrl_r", "+shift_l@1 +ctrl_r@1.2", "verify"),
    ("a foreign modifier that is really held forbids it", "ctrl_r", "+shift_l@1 +ctrl_r@1.2 held:shift_l,ctrl_r@1.2 -ctrl_r@2", "verify"),
    ("a lost release of a foreign modifier does not kill the hotkey", "ctrl_r", "+shift_l@1 +ctrl_r@5 held:ctrl_r@5 -ctrl_r@6 @7", "verify start stop"),
    ("a chord needs all its keys", "ctrl+alt+space", "+ctrl_l@1 +alt_r@1.1 +space@1.2 -space@2 @3", "start stop"),
    ("any of its keys ends a chord", "ctrl+alt+space", "+ctrl_l@1 +alt_r@1.1 +space@1.2 -ctrl_l@2 @3 -space@3.1 -alt_r@3.2", "start stop"),
    ("an ordinary key in a chord makes other keys harmless", "ctrl+space", "+ctrl_l@1 +space@1.1 +x@1.2 -space@2 @3", "start stop"),
    ("a chord in the wrong order still is one", "ctrl+space", "+space@1 +ctrl_l@1.1 -space@2 @3", "start stop"),
    ("a chord with one key too many asks", "ctrl+space", "+shift_l@1 +ctrl_l@1.1 +space@1.2", "verify"),
    ("a long hold asks the keyboard", "ctrl_r", "+ctrl_r@1 @4 held:ctrl_r@4 @7 held:ctrl_r@7", "start verify verify"),
    ("a lost release is found out", "ctrl_r", "+ctrl_r@1 @4 held:@4 @4.1", "start verify stop"),
    ("a dictation that ended elsewhere spoils the hold", "ctrl_r", "+ctrl_r@1 off@2 -ctrl_r@3 @4 +ctrl_r@5", "start start"),
    ("a dictation begun elsewhere is ended by a press and release", "ctrl_r", "on@1 +ctrl_r@2 -ctrl_r@2.1 @3", "stop"),
    ("a dictation begun elsewhere is cancelled by escape", "ctrl_r", "on@1 +escape@2", "cancel"),
    ("a release of a key never seen pressed is ignored", "ctrl_r", "-ctrl_r@1 @2", ""),
]  # fmt: skip

TOGGLE = [
    ("two presses", "f9", "+f9@1 -f9@1.1 @2 +f9@5 -f9@5.1 @6", "start stop"),
    ("it starts at the press and stops at the press", "f9", "+f9@1 -f9@1.1 @2 +f9@5", "start stop"),
    ("a bare modifier stops at the release", "ctrl_r", "+ctrl_r@1 -ctrl_r@1.1 @2 +ctrl_r@5 @5.1 -ctrl_r@5.2 @6", "start stop"),
    ("a bare modifier does not stop yet at the press", "ctrl_r", "+ctrl_r@1 -ctrl_r@1.1 @2 +ctrl_r@5 @5.1", "start"),
    ("a shortcut during a dictation does not stop it", "ctrl_r", "+ctrl_r@1 -ctrl_r@1.1 @2 +ctrl_r@5 +c@5.1 -c@5.2 -ctrl_r@5.3 @6", "start"),
    ("a shortcut does not start it", "ctrl_r", "+ctrl_r@1 +c@1.1 -c@1.2 -ctrl_r@1.3 @2", "start cancel"),
    ("escape cancels it with the chord up", "f9", "+f9@1 -f9@1.1 @2 +escape@3 +f9@4", "start cancel start"),
    ("escape cancels it with the bare chord down", "ctrl_r", "+ctrl_r@1 -ctrl_r@1.1 @2 +ctrl_r@5 +escape@5.4", "start cancel"),
    ("auto-repeat does not toggle", "f9", "+f9@1 +f9@1.5 -f9@1.6 +f9@1.6 +f9@1.7 -f9@1.8 @2", "start"),
    ("ended elsewhere, the next press starts", "f9", "+f9@1 -f9@1.1 @2 off@3 +f9@4", "start start"),
    ("begun elsewhere, the next press stops", "f9", "on@1 +f9@2", "stop"),
    ("stopped by the press, the release changes nothing", "f9", "+f9@1 -f9@1.1 @2 +f9@5 off@5 -f9@5.1 @6 +f9@7", "start stop start"),
]  # fmt: skip


def play(machine, story):
    signals = []
    for word in story.split():
        what, _, at = word.partition("@")
        at = float(at)
        if what.startswith("held:"):
            signals += machine.verify(frozenset(what[5:].split(",")), at)
        elif what in ("on", "off"):
            machine.follow(what == "on")
        elif what:
            signals += machine.feed(Edge(what[1:], what[0] == "+", at))
        else:
            signals += machine.tick(at)
    return " ".join(signal.name.lower() for signal in signals)


@pytest.mark.parametrize(("keys", "story", "want"), [r[1:] for r in HOLD], ids=[r[0] for r in HOLD])
def test_hold(keys, story, want):
    assert play(ChordMachine(parse_chord(keys)), story) == want


@pytest.mark.parametrize(
    ("keys", "story", "want"), [r[1:] for r in TOGGLE], ids=[r[0] for r in TOGGLE]
)
def test_toggle(keys, story, want):
    assert play(ChordMachine(parse_chord(keys), toggle=True), story) == want


def test_the_keyboard_is_asked_as_often_as_it_is_set():
    machine = ChordMachine(parse_chord("ctrl_r"), verify_after=0.5)
    assert play(machine, "+ctrl_r@1 @1.4 @1.6 held:ctrl_r@1.6 @2.2") == "start verify verify"


def test_without_a_cancel_key_escape_is_a_key_like_any_other():
    machine = ChordMachine(parse_chord("ctrl_r"), cancel=())
    assert play(machine, "+ctrl_r@1 +escape@2 -escape@2.1 -ctrl_r@3 @3.5") == "start stop"


@pytest.mark.parametrize(
    ("toggle", "story", "at"),
    [(False, "+ctrl_r@1 -ctrl_r@2 @2.5", 2), (True, "+ctrl_r@1 -ctrl_r@2 @3 +ctrl_r@4 -ctrl_r@5 @6", 5)],
)  # fmt: skip
def test_the_end_is_when_the_key_was_let_go_not_when_that_is_certain(toggle, story, at):
    machine = ChordMachine(parse_chord("ctrl_r"), toggle)
    assert play(machine, story) == "start stop"
    assert machine.over_at == at


def test_it_wakes_for_the_grace_and_for_the_look_at_the_keyboard():
    machine = ChordMachine(parse_chord("ctrl_r"))
    assert machine.wake_at is None
    play(machine, "+ctrl_r@1")
    assert machine.wake_at == 4.0
    play(machine, "-ctrl_r@2")
    assert machine.wake_at == pytest.approx(2.035)
    play(machine, "@2.1")
    assert machine.wake_at is None


keys = st.sampled_from(["ctrl_l", "ctrl_r", "shift_l", "c", "escape"])
edges = st.tuples(keys, st.booleans(), st.floats(0.001, 1.0))


@given(st.lists(edges, max_size=40), st.booleans())
def test_starts_and_ends_alternate_and_all_keys_up_means_nothing_is_held(story, toggle):
    machine, now, recording = ChordMachine(parse_chord("ctrl_r"), toggle), 0.0, False

    def check(signals):
        nonlocal recording
        for signal in signals:
            if signal is Signal.START:
                assert not recording
                recording = True
            elif signal in (Signal.STOP, Signal.CANCEL):
                assert recording
                recording = False

    for key, down, after in story:
        now += after
        check(machine.feed(Edge(key, down, now)))
    for key in ("ctrl_l", "ctrl_r", "shift_l", "c", "escape"):
        now += 0.1
        check(machine.feed(Edge(key, False, now)))
    check(machine.tick(now + 1))
    assert toggle or not recording
