"""Tones are taken out of sound as it comes, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from tests.audio.tones import ALL, decibels, heard, pcm, tone, wave
from tray_dictate.audio import cues
from tray_dictate.audio.cues import CueFilter

RATES = (16_000, 24_000)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [784.0, 1175.0, 3525.0])
def test_a_tone_goes_and_its_neighbours_stay(rate: int, hertz: float) -> None:
    for other, least, most in ((hertz, -120, -40), (hertz - 400, -2, 0.1), (hertz + 400, -2, 0.1)):
        sound, begun = tone(other, rate), rate // 10
        passed = heard(CueFilter(rate).feed(pcm(sound), {hertz}))
        assert least < decibels(passed[begun:], sound[begun:]) < most


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", ALL)
def test_a_cue_that_a_room_gives_back_is_hardly_there(rate: int, name: str) -> None:
    sound, played_at = wave(name, 0.5)
    random = np.random.default_rng(1)
    room = random.standard_normal(rate // 3) * np.exp(-17 * np.arange(rate // 3) / rate)
    room[0] = 3
    given_back = np.convolve(soxr.resample(sound, played_at, rate), room)
    given_back *= 0.5 / np.abs(given_back).max()
    left = heard(CueFilter(rate).feed(pcm(given_back), cues.tones(name)))
    assert decibels(left, given_back) < -15
    assert np.abs(left).max() < 0.5 / 4


def test_chunks_make_no_difference_and_none_is_held_back() -> None:
    sound = pcm(np.random.default_rng(2).uniform(-0.9, 0.9, 16_000))
    at_once = CueFilter(16_000).feed(sound, {784.0, 1175.0})
    chunked = CueFilter(16_000)
    sizes = [2, 2000, 640, 6, 0, 5000, 24_352]
    ends = np.cumsum(sizes)
    parts = [sound[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    filtered = [chunked.feed(part, {1175.0, 784.0}) for part in parts]
    assert [len(part) for part in filtered] == sizes
    apart = heard(b"".join(filtered)) - heard(at_once)
    assert np.abs(apart).max() < 2 / 32767


def test_without_a_tone_not_a_sample_changes() -> None:
    cue_filter = CueFilter(16_000)
    sound = pcm(tone(440, 16_000))
    assert cue_filter.feed(sound, set()) == sound
    cue_filter.feed(sound, {784.0})
    assert cue_filter.feed(sound, set()) == sound


def test_what_is_as_loud_as_can_be_does_not_wrap_round() -> None:
    square = pcm(np.sign(tone(100, 16_000)))
    filtered = heard(CueFilter(16_000).feed(square, {784.0, 1175.0}))
    assert np.corrcoef(filtered, heard(square))[0, 1] > 0.9
    assert np.abs(np.diff(filtered)).max() < 2.01


def test_a_tone_that_the_rate_cannot_hold_is_none() -> None:
    sound = pcm(tone(440, 16_000))
    assert CueFilter(16_000).feed(sound, {9000.0}) == sound
