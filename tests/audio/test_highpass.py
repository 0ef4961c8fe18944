"""A constant is taken out of sound as it comes, and a voice is let through."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.tones import decibels, heard, pcm, tone
from tray_dictate.audio.highpass import HighPass

RATES = (16_000, 24_000, 48_000)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("offset", [-0.3, -0.05, 0.02, 0.1, 0.3])
def test_a_constant_goes_from_the_first_sample_on(rate: int, offset: float) -> None:
    quiet = tone(200, rate, 0.05)
    passed = heard(HighPass(rate).feed(pcm(quiet + offset)))
    without = heard(HighPass(rate).feed(pcm(quiet)))
    assert np.abs(passed - without).max() < 2 / 32767
    assert abs(passed[rate // 10 :].mean()) < 1 / 32767


@pytest.mark.parametrize("rate", RATES)
def test_a_constant_that_changes_is_gone_a_moment_later(rate: int) -> None:
    sound = np.concatenate([np.full(rate, 0.1), np.full(rate, -0.2)])
    passed = heard(HighPass(rate).feed(pcm(sound)))
    assert np.abs(passed[rate + rate // 20 :]).max() < 0.002


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("hertz", "least", "most"),
    [
        (1, -80, -50),
        (5, -40, -25),
        (80, -1.5, 0),
        (120, -1, 0),
        (300, -0.2, 0.1),
        (4000, -0.1, 0.1),
    ],
)
def test_a_voice_passes_and_what_is_below_it_does_not(
    rate: int, hertz: float, least: float, most: float
) -> None:
    sound, begun = tone(hertz, rate), rate // 4
    passed = heard(HighPass(rate).feed(pcm(sound)))
    assert least < decibels(passed[begun:], sound[begun:]) < most


def test_chunks_make_no_difference_and_none_is_held_back() -> None:
    sound = pcm(np.random.default_rng(2).uniform(-0.6, 0.9, 16_000))
    at_once = HighPass(16_000).feed(sound)
    chunked, sizes = HighPass(16_000), [2, 2000, 640, 6, 0, 5000, 24_352]
    ends = np.cumsum(sizes)
    parts = [sound[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    filtered = [chunked.feed(part) for part in parts]
    assert [len(part) for part in filtered] == sizes
    assert b"".join(filtered) == at_once


def test_silence_stays_silence_and_a_dead_microphones_constant_becomes_it() -> None:
    assert HighPass(16_000).feed(bytes(640)) == bytes(640)
    assert HighPass(16_000).feed(pcm(np.full(1000, 0.1))) == bytes(2000)


def test_what_is_as_loud_as_can_be_does_not_wrap_round() -> None:
    square = pcm(np.sign(tone(100, 16_000, 1.0)))
    filtered = heard(HighPass(16_000).feed(square))
    assert np.abs(np.diff(filtered)).max() < 2.01
