"""Level and rate."""

from __future__ import annotations

import numpy as np
import pytest

from tray_dictate.core.pcm import seconds
from tray_dictate.core.samples import Resampler, peak


def test_bytes_last_as_long_as_their_rate_says():
    assert seconds(32000, 16000) == 1.0


@pytest.mark.parametrize(
    ("samples", "level"), [([], 0.0), ([0, 0], 0.0), ([100, -16384], 0.5), ([-32768], 1.0)]
)
def test_the_peak_is_a_part_of_full_scale(samples, level):
    assert peak(np.array(samples, "<i2").tobytes()) == level


def test_a_tone_resampled_in_chunks_is_the_same_tone():
    time = np.arange(48000) / 48000
    tone = (np.sin(2 * np.pi * 440 * time) * 16000).astype("<i2").tobytes()
    resampler = Resampler(48000, 16000)
    chunks = [resampler.feed(tone[at : at + 1920]) for at in range(0, len(tone), 1920)]
    out = np.frombuffer(b"".join([*chunks, resampler.feed(b"", last=True)]), "<i2")
    assert len(out) == 16000
    wanted = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000) * 16000
    assert np.abs(out[200:-200] - wanted[200:-200]).max() < 20  # no seam is to be heard
