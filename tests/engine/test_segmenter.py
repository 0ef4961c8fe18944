from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tray_dictate.engine.models import HOP, Segmentation
from tray_dictate.engine.segmenter import RATE, Segmenter, Span

SPEECH, SILENCE = 0.9, 0.05
WIDE = Segmentation(before=0.4, after=0.4)


def hops(script):
    """Yield (probability, level) of each hop; the script is seconds, negative for silence."""
    for seconds in script:
        for _ in range(round(abs(seconds) * RATE / HOP)):
            yield (SPEECH, 0.1) if seconds > 0 else (SILENCE, 0.001)


def heard(script):
    """Return the segments that a take closes before its end, the one at its end, the segmenter."""
    segmenter = Segmenter()
    spans = [span for p, level in hops(script) if (span := segmenter.hear(p, level, HOP))]
    return spans, segmenter.finish(), segmenter


def seconds(span):
    return None if span is None else (round(span.start / RATE, 1), round(span.end / RATE, 1))


#    what the take is like                  seconds          closed while it lasts   at its end
TABLE = [
    ("silence is no segment",               [-5],                    [],                     None),
    ("a word waits for the release",        [-1, 0.5, -0.5],         [],             (0.8, 1.7)),
    ("a word alone is closed by silence",   [-1, 0.5, -2],           [(0.8, 1.7)],           None),
    ("a phrase is closed at a pause",       [-1, 5, -1],             [(0.8, 6.2)],           None),
    ("a short phrase waits for more",       [-1, 2, -0.9, 2],        [],             (0.8, 5.9)),
    ("a breath does not close a phrase",    [-1, 5, -0.4, 5],        [],            (0.8, 11.4)),
    ("a breath closes a long speech",       [-1, 13, -0.4, 1],       [(0.8, 14.2)], (14.2, 15.4)),
    ("the longest speech is cut",           [-1, 30],                [(0.8, 22.1)], (22.1, 31.0)),
    ("a click is forgotten",                [-1, 0.1, -3],           [],                     None),
    ("a click at the end is nothing",       [-1, 0.1],               [],                     None),
    ("a click before a word is part of it", [-1, 0.1, -0.3, 0.5],    [],             (0.8, 1.9)),
    ("speech from the first sample",        [1],                     [],             (0.0, 1.0)),
    ("two words far apart are two segments", [1, -2, 1, -2], [(0.0, 1.2), (2.7, 4.2)],       None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "closed", "last"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_take(script, closed, last):
    spans, rest, _ = heard(script)

    assert [seconds(span) for span in spans] == [pytest.approx(c, abs=0.11) for c in closed]
    assert seconds(rest) == (last and pytest.approx(last, abs=0.11))


def test_the_longest_speech_is_cut_where_it_is_quietest():
    segmenter = Segmenter()
    quiet = range(700, 703)  # hops: 22.4 s
    spans = [
        span for n in range(800)
        if (span := segmenter.hear(SPEECH, 0.01 if n in quiet else 0.1, HOP))
    ]  # fmt: skip

    assert [span.end for span in spans] == [701 * HOP + HOP // 2]


def test_a_pass_is_due_about_every_second_of_speech():
    assert asked([-1, 2.8]) == pytest.approx([1.3, 2.2, 3.1], abs=0.1)


def test_dear_passes_come_less_often():
    assert asked([-1, 3], cost=0.25) == pytest.approx([1.3, 2.55, 3.8], abs=0.1)


def test_a_breath_asks_for_one_pass_ahead_of_time():
    assert asked([1.1, -3]) == pytest.approx([0.9, 1.34], abs=0.1)


def test_a_model_that_wants_a_longer_pause_gets_no_pass_at_a_shorter_one():
    patient = Segmentation(step=0, pause=0.4)

    assert asked([1.1, -0.35, 1.1, -3], model=patient) == pytest.approx([2.95], abs=0.1)
    assert len(asked([1.1, -0.35, 1.1, -3], model=Segmentation(step=0))) == 2


def test_the_pass_ahead_of_time_is_the_segment_that_a_release_in_the_pause_closes():
    segmenter = Segmenter()
    ahead = None
    for probability, level in hops([-1, 2, -0.5]):
        segmenter.hear(probability, level, HOP)
        ahead = segmenter.due(0) or ahead

    assert segmenter.finish() == ahead


def test_a_pass_right_before_the_breath_does_not_replace_the_one_in_it():
    segmenter = Segmenter()
    for probability, level in hops([-1, 2]):
        segmenter.hear(probability, level, HOP)
    segmenter.due(0)
    for probability, level in hops([-0.3]):
        segmenter.hear(probability, level, HOP)

    assert segmenter.due(0) == segmenter.finish()


def test_a_model_that_wants_more_sound_after_speech_gets_its_pass_at_a_breath_too_and_once():
    segmenter = Segmenter(WIDE)
    passes = []
    for probability, level in hops([-1, 0.6, -0.32]):
        segmenter.hear(probability, level, HOP)
        if not segmenter.quiet < RATE * 0.2 and (span := segmenter.due(0)):
            passes.append(span)
    segmenter.key_released()
    assert segmenter.due(0) is None

    assert passes == [segmenter.finish()]


def test_a_long_speech_is_closed_when_all_the_sound_that_its_model_wants_is_there():
    segmenter = Segmenter(WIDE)
    spans = []
    for probability, level in hops([-1, 13, -0.6, 1]):
        if span := segmenter.hear(probability, level, HOP):
            spans.append((seconds(span), segmenter.quiet / RATE))

    assert spans == [((0.6, 14.4), pytest.approx(0.4, abs=0.04))]


def test_speech_after_the_breath_makes_the_pass_ahead_of_time_worthless():
    segmenter = Segmenter()
    ahead = None
    for probability, level in hops([-1, 2, -0.3]):
        segmenter.hear(probability, level, HOP)
        ahead = segmenter.due(0) or ahead
    segmenter.hear(SPEECH, 0.1, HOP)

    assert segmenter.finish() != ahead


def test_nothing_is_due_in_silence_and_for_a_click():
    assert asked([-3]) == []
    assert asked([-1, 0.1, -1]) == []


def asked(script, cost=0.0, model=Segmentation()):  # noqa: B008 - it is frozen
    """Return when passes are due, in seconds."""
    segmenter = Segmenter(model)
    times = []
    for n, (probability, level) in enumerate(hops(script), 1):
        segmenter.hear(probability, level, HOP)
        if segmenter.due(cost):
            times.append(n * HOP / RATE)
    return times


@pytest.mark.parametrize(
    ("script", "quiet"), [([-2], 2.0), ([1], 0.0), ([1, -0.5], 0.5), ([1, -4], 4.0)]
)
def test_the_pause_is_what_nobody_spoke_in_up_to_the_end(script, quiet):
    assert heard(script)[2].quiet / RATE == pytest.approx(quiet, abs=0.04)


def test_what_is_left_of_a_cut_is_no_click_however_little_it_is():
    segmenter = Segmenter()
    gaps = {*range(733, 739), *range(740, 746), 747, 748}  # too short for a breath
    levels = {731: 0.01, 732: 0.01, 733: 0.01}
    spans = [
        segmenter.hear(SILENCE if n in gaps else SPEECH, levels.get(n, 0.1), HOP)
        for n in range(750)
    ]

    assert spans[-1] is not None
    assert segmenter.finish() == Span(spans[-1].end, 750 * HOP, HOP // 2 + 3 * HOP)


lengths = st.one_of(st.integers(1, 20), st.integers(20, 60), st.integers(300, 800))
runs = st.lists(  # voiced or not, for so many hops
    st.tuples(st.booleans(), lengths), min_size=1, max_size=12
)


models = st.sampled_from([Segmentation(), WIDE])


@example([(True, 400), (False, 8), (True, 60)], 100, True, Segmentation(), None)
@example([(True, 400), (False, 8), (True, 60)], 100, True, WIDE, 390)
@example([(True, 3)], 1, True, Segmentation(), None)
@given(runs, st.integers(1, HOP), st.booleans(), models, st.none() | st.integers(0, 900))
def test_all_that_is_voiced_is_in_one_segment_but_for_clicks(
    script, rest, voiced_rest, model, released
):
    spans, voiced, needed = take(script, rest, voiced_rest, model, released)

    for before, after in pairwise(spans):
        assert before.end <= after.start, "no sound is in two segments: no word is said twice"
    assert all(span.start < span.end <= voiced[-1][1] + 20000 for span in spans)
    for span, oldest in zip(spans, needed, strict=True):
        assert oldest <= span.start, "what a segment needs was not forgotten before"
    lost = [hop for hop in voiced if not covered(hop, spans)]
    for group in clicks(lost):
        length = sum(end - start for start, end in group)
        assert length < 4 * HOP, "only what is too short for a word is passed over"
    for span in spans:
        inside = sum(overlap(hop, span) for hop in voiced)
        assert span.voiced == inside


def take(script, rest, voiced_rest, model, released):
    """Return the segments, the voiced stretches, and what was needed when each was closed.

    The key goes up before the hop `released`; None: at the end.
    """
    segmenter = Segmenter(model)
    at, spans, voiced, needed = 0, [], [(0, 0)], []
    sizes = [(v, HOP) for v, count in script for _ in range(count)] + [(voiced_rest, rest)]
    for n, (is_voiced, samples) in enumerate(sizes):
        if n == released:
            segmenter.key_released()
        if is_voiced:
            voiced.append((at, at + samples))
        at += samples
        oldest = segmenter.needed
        if span := segmenter.hear(SPEECH if is_voiced else SILENCE, (n * 37 % 11) / 100, samples):
            spans.append(span)
            needed.append(oldest)
    oldest = segmenter.needed
    if span := segmenter.finish():
        spans.append(span)
        needed.append(oldest)
    return spans, voiced, needed


def overlap(hop, span: Span):
    return max(0, min(hop[1], span.end) - max(hop[0], span.start))


def covered(hop, spans):
    return sum(overlap(hop, span) for span in spans) == hop[1] - hop[0]


def clicks(lost):
    """Group what was passed over by the pauses that make it a click: 1.5 s."""
    groups = []
    for hop in lost:
        if groups and hop[0] - groups[-1][-1][1] < RATE * 1.5 - HOP:
            groups[-1].append(hop)
        else:
            groups.append([hop])
    return groups


def test_when_the_key_is_up_the_first_quiet_moment_is_enough_and_its_pass_is_the_last():
    _, _, segmenter = heard([])
    for probability, level in hops([1, -0.1]):
        segmenter.hear(probability, level, HOP)
    assert segmenter.due(0) is None, "a breath is waited for while the key is held"
    segmenter.key_released()
    ahead = segmenter.due(0)
    assert ahead is not None
    for probability, level in hops([-0.1]):
        segmenter.hear(probability, level, HOP)
    assert segmenter.due(0) is None
    assert segmenter.finish() == ahead


def test_when_the_key_is_up_no_pass_begins_in_mid_speech():
    segmenter = Segmenter()
    segmenter.key_released()
    for probability, level in hops([2]):
        segmenter.hear(probability, level, HOP)
        assert segmenter.due(0) is None
