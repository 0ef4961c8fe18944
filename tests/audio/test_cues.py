"""The cues are sounds, and can be turned off."""

from __future__ import annotations

import numpy as np
import pytest

from tray_dictate.audio.cues import Cues
from tray_dictate.config import AudioSettings


class Player:
    """What of PortAudio the cues need."""

    def __init__(self) -> None:
        self.played: list[tuple[bytes, int]] = []

    def play(self, samples: bytes, rate: int) -> None:
        self.played.append((samples, rate))


@pytest.mark.parametrize("name", ["start", "stop", "error"])
def test_a_cue_is_short_as_loud_as_wanted_and_without_clicks(name):
    player = Player()
    Cues(AudioSettings(cue_volume=0.5), player).play(name)
    ((samples, rate),) = player.played
    wave = np.frombuffer(samples, "<i2")
    assert 0.05 < len(wave) / rate < 0.2
    assert 0.4 < np.abs(wave).max() / 32768 <= 0.5
    assert np.abs(wave[[0, -1]]).max() < 300


def test_the_start_rises_and_the_stop_falls():
    player = Player()
    cues = Cues(AudioSettings(), player)
    cues.play("start")
    cues.play("stop")
    start, stop = (np.frombuffer(samples, "<i2") for samples, _ in player.played)
    assert np.array_equal(start[: len(start) // 2], stop[len(stop) // 2 :])


@pytest.mark.parametrize("settings", [{"cues": False}, {"cue_volume": 0}])
def test_no_sound_where_none_is_wanted(settings):
    player = Player()
    Cues(AudioSettings(**settings), player).play("start")
    assert player.played == []
