"""Short sounds, made here: the start cue rises, the end cue falls."""

from __future__ import annotations

import numpy as np

from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config import AudioSettings

_RATE = 48_000
_TONE = 0.045  # seconds each of two tones
_NOTES = {"start": (660.0, 880.0), "stop": (880.0, 660.0), "error": (330.0, 247.0)}  # Hz


class Cues:
    """Plays cues in the background; a sound that cannot be played is none."""

    def __init__(self, settings: AudioSettings, portaudio: PortAudio) -> None:
        self._on, self._portaudio = settings.cues and settings.cue_volume > 0, portaudio
        self._sounds = {name: _sound(notes, settings.cue_volume) for name, notes in _NOTES.items()}

    def play(self, name: str) -> None:
        """Play "start", "stop" or "error"."""
        if self._on:
            self._portaudio.play(self._sounds[name], _RATE)


def _sound(notes: tuple[float, float], volume: float) -> bytes:
    time = np.arange(int(_RATE * _TONE)) / _RATE
    window = np.hanning(len(time))  # no click at either end
    tones = [np.sin(2 * np.pi * note * time) * window for note in notes]
    return (np.concatenate(tones) * volume * 32767).astype("<i2").tobytes()
