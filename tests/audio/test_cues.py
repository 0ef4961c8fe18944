"""The cues are sounds, can be turned off, and are no voice."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from tests.audio.tones import ALL, Player, wave
from tray_dictate.audio.cues import Cues
from tray_dictate.config import load
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.errors import ConfigError
from tray_dictate.engine import model_files
from tray_dictate.engine.models import HOP
from tray_dictate.engine.segmenter import RATE, Segmenter
from tray_dictate.engine.sound_buffer import level
from tray_dictate.engine.vad import Silero


def pitch(sound: np.ndarray, rate: int) -> float:
    return np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound)), rate)))


@pytest.mark.parametrize("name", ALL)
def test_a_cue_is_short_as_loud_as_wanted_and_without_clicks(name):
    sound, rate = wave(name, 0.5)
    assert 0.05 < len(sound) / rate < 0.3
    assert 0.49 < np.abs(sound).max() <= 0.5
    assert np.abs(sound[[0, -1]]).max() < 0.01
    assert np.abs(np.diff(sound)).max() < 0.15


def test_the_start_rises_and_the_stop_falls():
    for name, rises in (("start", True), ("stop", False)):
        sound, rate = wave(name)
        first, last = (pitch(sound[part], rate) for part in (slice(0, 1900), slice(-2500, None)))
        assert bool(last > first) is rises


@pytest.mark.parametrize("settings", [{"cues": False}, {"cue_volume": 0}, {"cues": []}])
def test_no_sound_where_none_is_wanted(settings):
    player = Player()
    for name in ALL:
        Cues(AudioSettings(**settings), player).play(name)
    assert player.played == []


def test_each_cue_can_be_chosen():
    player = Player()
    cues = Cues(load.load(None, ['audio.cues=["stop", "error"]'], {}).audio, player)
    for name in ALL:
        cues.play(name)
    assert [samples.rstrip(b"\0") for samples, _ in player.played] == [
        (wave(name)[0] * 32768).astype("<i2").tobytes().rstrip(b"\0") for name in ("stop", "error")
    ]


def test_an_unknown_cue_is_named():
    with pytest.raises(ConfigError, match=r"audio\.cues.*'beep'"):
        load.load(None, ['audio.cues=["beep"]'], {})


def test_a_sound_server_that_hangs_is_not_sent_all_that_it_has_missed():
    player = Player(hangs=True)
    cues = Cues(AudioSettings(), player)
    for _ in range(100):
        cues.play("start")
    assert len(player.played) == 2


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("loudness", [1.0, 0.2, 0.02])
def test_a_cue_that_the_microphone_hears_is_no_voice(name, loudness):
    sound, rate = wave(name, loudness)
    heard = soxr.resample(sound, rate, RATE)
    model = Silero(model_files.find(model_files.SILERO))
    for before in (0, 1600, 16000):  # from the first sample on, after the press, after a pause
        room = np.random.default_rng(before).normal(0, 0.001, before + len(heard) + RATE)
        room[before : before + len(heard)] += heard
        segmenter, detector = Segmenter(), model.detector()
        for at in range(0, len(room) - HOP, HOP):
            hop = room[at : at + HOP].astype(np.float32)
            assert segmenter.hear(detector.hear(hop), level(hop), HOP) is None
            assert segmenter.due(0) is None
        assert segmenter.finish() is None


def test_a_cue_rings_while_it_plays_and_a_moment_longer():
    now = [100.0]
    player = Player(hangs=True)
    cues = Cues(AudioSettings(cues=["start"]), player, lambda: now[0])
    cues.play("stop")  # not wanted
    assert cues.ringing() == set()
    cues.play("start")
    now[0] += 1
    assert cues.ringing() == {784.0, 1175.0, 2352.0, 3525.0}
    player.futures[0].set_result(None)
    now[0] += 0.25
    assert len(cues.ringing()) == 4
    now[0] += 0.1
    assert cues.ringing() == set()


def test_cues_that_are_never_played_to_their_end_ring_for_seconds_only():
    now = [100.0]
    cues = Cues(AudioSettings(), Player(hangs=True), lambda: now[0])
    cues.play("cancel")
    cues.play("error")
    assert len(cues.ringing()) == 6  # of four notes one is in both
    now[0] += 3.1
    assert cues.ringing() == set()
