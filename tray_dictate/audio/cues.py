"""Short sounds, made here: soft bells, which no voice detector takes for a voice.

start rises, stop falls, cancel is one note, error three. They are played to the speakers, which
the microphone may hear: that only "start" sounds while a recording is open is core.sounds' rule.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config import AudioSettings
from tray_dictate.pcm import SAMPLE

_RATE = 48_000
_NOTES: dict[str, tuple[tuple[float, float], ...]] = {  # seconds after the first, Hz
    "start": ((0.0, 784.0), (0.04, 1175.0)),
    "stop": ((0.0, 1175.0), (0.04, 784.0)),
    "cancel": ((0.0, 831.0),),
    "error": ((0.0, 988.0), (0.09, 831.0), (0.18, 698.0)),
}
_RING = 0.08  # seconds of each note
_ATTACK, _END = 0.004, 0.015  # seconds of it that swell and fade: no click
_FADE = 28.0  # per second
_OVERTONES = ((1.0, 1.0), (3.0, 0.12))  # times the note, how loud
_SILENCE = bytes(_RATE * 30 // 100 * SAMPLE)  # sound servers lose the end of what is short
_WAITING = 2  # more than this and the sound server hangs: late sounds mislead


class Cues:
    """Plays cues in the background; a sound that cannot be played is none."""

    def __init__(self, settings: AudioSettings, portaudio: PortAudio) -> None:
        self._portaudio = portaudio
        wanted = _NOTES if settings.cues is True else settings.cues or ()
        self._sounds = {name: _sound(name, settings.cue_volume) + _SILENCE for name in wanted}
        if settings.cue_volume == 0:
            self._sounds = {}
        self._waiting: list[Future[Any]] = []

    def play(self, name: str) -> None:
        """Play "start", "stop", "cancel" or "error", after what plays already."""
        self._waiting = [cue for cue in self._waiting if not cue.done()]
        if name in self._sounds and len(self._waiting) < _WAITING:
            self._waiting.append(self._portaudio.play(self._sounds[name], _RATE))


def _sound(name: str, volume: float) -> bytes:
    notes = _NOTES[name]
    wave = np.zeros(int(_RATE * (notes[-1][0] + _RING)))
    for at, pitch in notes:
        note = _note(pitch)
        first = int(_RATE * at)
        wave[first : first + len(note)] += note[: len(wave) - first]
    return (wave / np.abs(wave).max() * volume * 32767).astype("<i2").tobytes()


def _note(pitch: float) -> NDArray[np.float64]:
    time = np.arange(int(_RATE * _RING)) / _RATE
    envelope = np.exp(-_FADE * time)
    envelope *= np.clip(time / _ATTACK, 0, 1) * np.clip((_RING - time) / _END, 0, 1)
    tones = [loud * np.sin(2 * np.pi * pitch * times * time) for times, loud in _OVERTONES]
    return np.sum(tones, axis=0) * envelope
