from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from tests.speech import resampled, say
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine import model_files
from tray_dictate.engine.models import HOP
from tray_dictate.engine.vad import Silero


@pytest.fixture(scope="module")
def silero():
    return Silero(model_files.find(model_files.SILERO))


@pytest.fixture(scope="module")
def speech():
    return resampled(*say("The quick brown fox jumps over the lazy dog."), 16000)


def voiced(silero, samples):
    """Return the share of hops that are more likely speech than not."""
    detector = silero.detector()
    hops = [samples[at : at + HOP] for at in range(0, len(samples) - HOP, HOP)]
    return np.mean([detector.hear(hop) > 0.5 for hop in hops])


def test_speech_is_heard(silero, speech):
    assert voiced(silero, speech) > 0.6


@pytest.mark.parametrize("decibels", [-20, -30, -40])
def test_quiet_speech_is_heard_as_well(silero, speech, decibels):
    assert voiced(silero, speech * 10 ** (decibels / 20)) > voiced(silero, speech) - 0.1


def test_a_hop_is_heard_after_the_end_of_the_one_before(silero):
    detector = silero.detector()
    loud = np.linspace(-0.5, 0.5, HOP, dtype=np.float32)
    detector.hear(loud)
    detector.hear(np.zeros(HOP, np.float32))

    assert np.array_equal(detector._sound[:64], loud[-64:])


def test_silence_is_not_speech(silero):
    assert voiced(silero, np.zeros(32000, np.float32)) == 0


def test_noise_is_not_speech(silero):
    noise = np.random.default_rng(1).normal(0, 0.05, 64000).astype(np.float32)

    assert voiced(silero, noise) < 0.05


def test_the_gain_never_turns_sound_into_distortion(silero, speech):
    loud = speech / np.abs(speech).max()

    assert voiced(silero, loud) == pytest.approx(voiced(silero, speech), abs=0.1)


def test_one_session_does_not_hear_what_another_said(silero, speech):
    alone = silero.detector()
    first, second = silero.detector(), silero.detector()
    second.hear(speech[8000 : 8000 + HOP])
    hops = [speech[at : at + HOP] for at in range(0, HOP * 20, HOP)]

    assert [first.hear(hop) for hop in hops] == [alone.hear(hop) for hop in hops]


def test_the_last_hop_may_be_short(silero, speech):
    detector = silero.detector()
    for at in range(8000, 8000 + HOP * 8, HOP):
        detector.hear(speech[at : at + HOP])

    assert 0 <= detector.hear(speech[20000:20100]) <= 1


def test_it_hears_what_the_official_model_hears(silero, speech):
    noise = np.random.default_rng(2).normal(0, 0.1, 16000).astype(np.float32)
    sound = np.concatenate([speech, noise, np.zeros(16000, np.float32), speech * 0.03, -speech])
    official = onnxruntime.InferenceSession(
        model_files.find(model_files.SILERO) / "silero_vad.onnx"
    )
    ours, gain = silero.detector(), silero.detector()
    heard, state = np.zeros((1, 64 + HOP), np.float32), np.zeros((2, 1, 128), np.float32)

    for at in range(0, len(sound) - HOP, HOP):
        hop = sound[at : at + HOP]
        gain._listen(hop)
        heard = np.concatenate([heard[:, HOP:], gain._sound[None, 64 : 64 + HOP]], axis=1)
        feeds = {"input": heard, "state": state, "sr": np.array(16000)}
        wanted, state = official.run(None, feeds)
        assert ours.hear(hop) == pytest.approx(wanted[0, 0], abs=1e-4)


def test_a_file_that_is_no_model_is_told(tmp_path):
    (tmp_path / "silero_vad_16k_op15.onnx").write_bytes(b"no model")

    with pytest.raises(UnavailableError, match="voice detector"):
        Silero(tmp_path)


def test_it_needs_no_onnxruntime():
    code = (
        "import sys; from tray_dictate.engine import load_detector; load_detector().detector(); "
        "assert 'onnxruntime' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
