from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.cue_policy import CuePolicy

LIVES = {
    "hold, speak, release": ("begun1 heard1 recorded1", "start stop"),
    "a release before the first sample makes no sound": ("begun1 recorded1", ""),
    "a shortcut that was no dictation makes no sound": ("begun1 dropped1", ""),
    "Escape while it records": ("begun1 heard1 dropped1", "start cancel"),
    "Escape while it is transcribed": ("begun1 heard1 recorded1 dropped1", "start stop cancel"),
    "the microphone does not open": ("begun1 failed1", "error"),
    "the microphone goes away": ("begun1 heard1 failed1", "start error"),
    "the engine fails": ("begun1 heard1 recorded1 failed1", "start stop error"),
    "a new press in the tail of the one before": (
        "begun1 heard1 begun2 recorded1 heard2 recorded2", "start start stop",
    ),
    "an earlier one fails while another records": (
        "begun1 heard1 recorded1 begun2 heard2 failed1 recorded2", "start stop start error",
    ),
    "an earlier one fails, and the shortcut that followed was none": (
        "begun1 heard1 recorded1 begun2 failed1 dropped2", "start stop error",
    ),
    "an earlier one is dropped while another records": (
        "begun1 heard1 recorded1 begun2 heard2 dropped1 recorded2", "start stop start stop",
    ),
    "a first sample that comes when another has begun": ("begun1 begun2 heard1 heard2", "start"),
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES)
def test_each_life_has_its_sounds(life):
    events, expected = LIVES[life]
    played: list[str] = []
    sounds = CuePolicy(played.append)
    for event in events.split():
        getattr(sounds, event[:-1])(int(event[-1]))
    assert played == expected.split()


EVENTS = st.lists(st.sampled_from("begun heard recorded dropped failed".split()), max_size=40)


@given(EVENTS, st.randoms(use_true_random=False))
def test_no_cue_but_one_start_sounds_into_a_recording(events, random):
    played: list[str] = []
    sounds = CuePolicy(played.append)
    last = recording = 0
    heard: set[int] = set()
    for event in events:
        played.clear()
        if event == "begun":
            last += 1
            recording = number = last
        elif last:
            number = random.randint(1, last)
        else:
            continue
        if event in ("recorded", "dropped", "failed") and number == recording:
            recording = 0
        if event == "heard" and number in heard:
            continue  # a recording has one first sample
        getattr(sounds, event)(number)
        if event == "heard":
            heard.add(number)
        assert len(played) <= 1
        assert not recording or played in ([], ["start"])
