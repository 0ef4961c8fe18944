from __future__ import annotations

import numpy as np
import pytest

from tests.speech import pcm16
from tray_dictate.engine.sound_buffer import Sound, level, quietest

RAMP = np.arange(100, dtype=np.float32) / 32768


def pcm(samples):
    return (samples * 32768).astype("<i2").tobytes()


def test_samples_are_found_by_their_place_in_the_take_after_the_start_is_forgotten():
    sound = Sound()
    sound.append(pcm(RAMP[:60]))
    sound.append(pcm(RAMP[60:]))
    sound.forget(40)

    assert np.array_equal(sound.samples(50, 70), RAMP[50:70])
    assert (sound.end, sound.held) == (100, 60)


def test_what_is_forgotten_twice_or_in_the_past_changes_nothing():
    sound = Sound()
    sound.append(pcm(RAMP))
    sound.forget(40)
    sound.forget(40)
    sound.forget(10)

    assert sound.held == 60


def test_samples_that_were_handed_out_do_not_change_later():
    sound = Sound()
    sound.append(pcm(RAMP))
    before = sound.samples(0, 10)
    sound.append(pcm(RAMP))
    sound.forget(100)

    assert np.array_equal(before, RAMP[:10])
    assert before.dtype == np.float32


def test_the_level_of_full_scale_is_one_and_of_silence_none():
    assert level(np.ones(512, np.float32)) == pytest.approx(1)
    assert level(np.zeros(512, np.float32)) == 0


def test_full_scale_survives_the_way_to_a_chunk_and_back():
    sound = Sound()
    sound.append(pcm16(np.array([1, -1], np.float32)))

    assert sound.samples(0, 2) == pytest.approx([1, -1], abs=1e-4)


def test_what_is_not_there_yet_is_silence():
    sound = Sound()
    sound.append(b"\0\x40" * 4)
    assert sound.samples(2, 6).tolist() == [0.5, 0.5, 0, 0]


def test_the_quietest_place_is_sought_in_the_middle_third():
    sound = np.random.default_rng(2).normal(0, 0.1, 48000).astype(np.float32)
    sound[:8000] = sound[28000:30000] = 0

    assert quietest(sound, 1600) == pytest.approx(29000, abs=300)
