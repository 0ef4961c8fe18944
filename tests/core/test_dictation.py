"""The life cycle: a table, and a property over random events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.dictation import (
    Abort,
    Begin,
    Cancel,
    Close,
    Deliver,
    Delivered,
    Drained,
    Enable,
    Finish,
    Heard,
    Live,
    Locked,
    SegmentReady,
    Start,
    State,
    Status,
    Stop,
    Toggle,
    step,
)
from tray_dictate.core.segments import Spoken

IDLE = State()
RECORDING = State(recording=Live(1), last=1)
HEARD = State(recording=Live(1, heard=True), last=1)
DRAINING = State(draining=(Live(1),), last=1)
OVERLAP = State(recording=Live(2), draining=(Live(1),), last=2)
DONE = State(last=1)

TABLE = [
    ("press starts", IDLE, Start(), RECORDING, [Begin(1)]),
    ("a second start is ignored", RECORDING, Start(), RECORDING, []),
    ("release finishes", RECORDING, Stop(), DRAINING, [Finish(1)]),
    ("release while idle is ignored", IDLE, Stop(), IDLE, []),
    ("toggle starts", IDLE, Toggle(), RECORDING, [Begin(1)]),
    ("toggle stops", RECORDING, Toggle(), DRAINING, [Finish(1)]),
    ("press while draining", DRAINING, Start(), OVERLAP, [Begin(2)]),
    ("cancel drops what records", RECORDING, Cancel(), DONE, [Abort(1)]),
    (
        "cancel leaves what drains", OVERLAP, Cancel(),
        State(draining=(Live(1),), last=2), [Abort(2)],
    ),
    ("cancel drops what drains when nothing records", DRAINING, Cancel(), DONE, [Abort(1)]),
    ("cancel while idle is ignored", IDLE, Cancel(), IDLE, []),
    ("the first samples are heard", RECORDING, Heard(1), HEARD, []),
    ("samples after cancel are ignored", DONE, Heard(1), DONE, []),
    (
        "a segment is delivered while the key is held", HEARD, SegmentReady(1, Spoken("hi", 1.5)),
        State(recording=Live(1, heard=True, delivering=1), last=1), [Deliver(1, Spoken("hi", 1.5))],
    ),
    ("text after cancel is dropped", DONE, SegmentReady(1, Spoken("hi", 1.5)), DONE, []),
    (
        "text of the second waits for the first", OVERLAP, SegmentReady(2, Spoken("hi", 1.5)),
        State(recording=Live(2, waiting=(Spoken("hi", 1.5),)), draining=(Live(1),), last=2), [],
    ),
    (
        "the end of the first lets the second deliver",
        State(recording=Live(2, waiting=(Spoken("a"), Spoken("b"))), draining=(Live(1),), last=2), Drained(1),
        State(recording=Live(2, delivering=2), last=2),
        [Close(1), Deliver(2, Spoken("a")), Deliver(2, Spoken("b"))],
    ),
    (
        "a second that is over before the first waits its turn",
        State(draining=(Live(1), Live(2, waiting=(Spoken("b"),))), last=2), Drained(2),
        State(draining=(Live(1), Live(2, waiting=(Spoken("b"),), drained=True)), last=2), [],
    ),
    ("a drained dictation closes", DRAINING, Drained(1), DONE, [Close(1)]),
    (
        "a drained dictation waits for its deliveries",
        State(draining=(Live(1, delivering=1),), last=1), Drained(1),
        State(draining=(Live(1, delivering=1, drained=True),), last=1), [],
    ),
    (
        "the last delivery closes it",
        State(draining=(Live(1, delivering=1, drained=True),), last=1), Delivered(1), DONE,
        [Close(1)],
    ),
    (
        "a microphone that goes away ends the recording", HEARD, Drained(1, "gone"),
        State(last=1, trouble="gone"), [Close(1)],
    ),
    ("a late end of a cancelled one is ignored", DONE, Drained(1, "x"), DONE, []),
    ("a late delivery of a cancelled one is ignored", DONE, Delivered(1), DONE, []),
    (
        "trouble stays until the next start", State(last=1, trouble="gone"), Start(),
        State(recording=Live(2), last=2), [Begin(2)],
    ),
    (
        "a delivery that failed is trouble",
        State(draining=(Live(1, delivering=2),), last=1), Delivered(1, "no window"),
        State(draining=(Live(1, delivering=1),), last=1, trouble="no window"), [],
    ),
    (
        "off finishes what records", RECORDING, Enable(False),
        State(enabled=False, draining=(Live(1),), last=1), [Finish(1)],
    ),
    (
        "off forgets an old trouble", State(trouble="No microphone."), Enable(False),
        State(enabled=False), [],
    ),
    ("on is on", State(enabled=False), Enable(True), IDLE, []),
    ("off ignores a press", State(enabled=False), Start(), State(enabled=False), []),
    (
        "a locked screen finishes what records", RECORDING, Locked(True),
        State(locked=True, draining=(Live(1),), last=1), [Finish(1)],
    ),
    ("a locked screen ignores a press", State(locked=True), Start(), State(locked=True), []),
    ("a locked screen ignores the menu", State(locked=True), Toggle(), State(locked=True), []),
    ("an unlocked screen is one", State(locked=True), Locked(False), IDLE, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "event", "after", "commands"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE]
)
def test_step(state, event, after, commands):
    assert step(state, event) == (after, tuple(commands))


STATUS = [
    (IDLE, Status.IDLE),
    (RECORDING, Status.OPENING),
    (HEARD, Status.RECORDING),
    (OVERLAP, Status.OPENING),
    (DRAINING, Status.TRANSCRIBING),
    (State(enabled=False), Status.OFF),
    (State(trouble="x"), Status.ERROR),
]


@pytest.mark.parametrize(("state", "status"), STATUS)
def test_status_is_derived(state, status):
    assert state.status is status


numbers = st.integers(1, 4)
events = st.one_of(
    st.sampled_from([Start(), Stop(), Toggle(), Cancel(), Enable(True), Enable(False)]),
    st.builds(Locked, st.booleans()),
    st.builds(Heard, numbers),
    st.builds(SegmentReady, numbers, st.builds(Spoken, st.sampled_from("abc"))),
    st.builds(Drained, numbers, st.sampled_from(["", "trouble"])),
)


@given(st.lists(events, max_size=60))
def test_every_begin_ends_once_and_text_never_overtakes_or_follows_its_end(sequence):
    state, begun, ended, delivered = State(), [], [], []
    answers = []  # deliveries not yet answered, as the output would

    def run(event):
        nonlocal state
        state, commands = step(state, event)
        for command in commands:
            match command:
                case Begin(n):
                    begun.append(n)
                case Abort(n) | Close(n):
                    assert n in begun
                    assert n not in ended
                    ended.append(n)
                case Deliver(n, _):
                    assert n not in ended
                    assert all(older in ended for older in begun if older < n)
                    delivered.append(n)
                    answers.append(n)
                case Finish(n):
                    assert n not in ended
        live = [one.number for one in state.live]
        assert sorted(set(begun) - set(ended)) == live
        if not live:
            assert state.status in (Status.IDLE, Status.OFF, Status.ERROR)
        else:
            assert state.status in (Status.OPENING, Status.RECORDING, Status.TRANSCRIBING)

    for event in sequence:
        run(event)
        if answers and len(delivered) % 2:
            run(Delivered(answers.pop(0)))
    run(Stop())
    for number in begun:
        run(Drained(number))
    while answers:
        run(Delivered(answers.pop(0)))
    assert sorted(begun) == sorted(ended)
    assert delivered == sorted(delivered)
    assert not state.live
