"""Short sounds, made here: soft bells, which no voice detector takes for a voice.

start rises, stop falls, cancel is one note, error three. They are played to the speakers, which
the microphone may hear: that only "start" sounds while a recording is open is core.sounds' rule,
and what is recorded meanwhile passes notches (notches.py) for what `ringing` tells.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.pcm import SAMPLE

_RATE = 48_000
_NOTES: dict[str, tuple[tuple[float, float], ...]] = {  # seconds after the first, Hz
    "start": ((0.0, 784.0), (0.04, 1175.0)),
    "stop": ((0.0, 1175.0), (0.04, 784.0)),
    "cancel": ((0.0, 831.0),),
    "error": ((0.0, 988.0), (0.09, 831.0), (0.18, 698.0)),
}
_RING = 0.08  # seconds of each note
_ATTACK, _END = 0.01, 0.015  # seconds of it that swell and fade: no click
_FADE = 28.0  # per second
_OVERTONES = ((1.0, 1.0), (3.0, 0.12))  # times the note, how loud
_SILENCE = bytes(_RATE * 30 // 100 * SAMPLE)  # sound servers lose the end of what is short
_WAITING = 2  # more than this and the sound server hangs: late sounds mislead
_ECHO = 0.3  # seconds for which a room goes on, beyond _SILENCE, which is played, too
_LONGEST = 3.0  # seconds for which a sound server that hangs is waited for


@dataclass(slots=True)
class _Ring:
    name: str
    played: Future[None]
    until: float  # time.monotonic()

    def over(self, _: object) -> None:
        self.until = min(self.until, time.monotonic() + _ECHO)


class Cues:
    """Plays cues in the background; a sound that cannot be played is none."""

    def __init__(self, settings: AudioSettings, portaudio: PortAudio) -> None:
        self._portaudio = portaudio
        wanted = _NOTES if settings.cues is True else settings.cues or ()
        self._sounds = {name: _sound(name, settings.cue_volume) + _SILENCE for name in wanted}
        if settings.cue_volume == 0:
            self._sounds = {}
        self._rings: list[_Ring] = []

    def play(self, name: str) -> None:
        """Play "start", "stop", "cancel" or "error", after what plays already."""
        waiting = sum(not ring.played.done() for ring in self._rings)
        if name in self._sounds and waiting < _WAITING:
            played = self._portaudio.play(self._sounds[name], _RATE)
            ring = _Ring(name, played, time.monotonic() + _LONGEST)
            self._rings.append(ring)
            played.add_done_callback(ring.over)

    def ringing(self) -> set[float]:
        """Return the tones, in Hz, that a microphone may hear of the speakers now."""
        now = time.monotonic()
        self._rings = [ring for ring in self._rings if not ring.played.done() or now < ring.until]
        return {tone for ring in self._rings if now < ring.until for tone in tones(ring.name)}


def tones(name: str) -> set[float]:
    """Return what a cue is made of, in Hz."""
    return {pitch * times for _, pitch in _NOTES[name] for times, _ in _OVERTONES}


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
