"""Cue sounds, and the filter that removes them from a recording.

Cues are soft bells, which a voice detector does not take for a voice: start rises, stop falls,
cancel is one note, error three. The microphone may hear them from the speakers: only "start" sounds
while a recording is open (CuePolicy's rule), and CueFilter removes the tones that `Cues.ringing`
returns.

A notch filter removes a narrow band around a tone, also the room's echo of it, and lets speech
pass: `python -m tests.bench.cue` measures how many words a cue and a notch cost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
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
_WIDTH = 200.0  # Hz of a notch, where half of the power is let through; a short tone is broad


@dataclass(slots=True)
class _Ring:
    name: str
    played: Future[None]
    until: float  # by the clock

    def over(self, at: float) -> None:
        self.until = min(self.until, at + _ECHO)


class Cues:
    """Plays cues in the background; a sound that cannot be played is skipped."""

    def __init__(
        self,
        settings: AudioSettings,
        portaudio: PortAudio,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._portaudio, self._clock = portaudio, clock
        wanted = _NOTES if settings.cues is True else settings.cues or ()
        self._sounds = {name: _sound(name, settings.cue_volume) + _SILENCE for name in wanted}
        if settings.cue_volume == 0:
            self._sounds = {}
        self._rings: list[_Ring] = []

    def play(self, name: str) -> None:
        """Play "start", "stop", "cancel" or "error", after the cues that play already."""
        waiting = sum(not ring.played.done() for ring in self._rings)
        if name in self._sounds and waiting < _WAITING:
            played = self._portaudio.play(self._sounds[name], _RATE)
            ring = _Ring(name, played, self._clock() + _LONGEST)
            self._rings.append(ring)
            played.add_done_callback(lambda _: ring.over(self._clock()))

    def ringing(self) -> set[float]:
        """Return the tones, in Hz, that the microphone may hear from the speakers now."""
        now = self._clock()
        self._rings = [ring for ring in self._rings if not ring.played.done() or now < ring.until]
        return {tone for ring in self._rings if now < ring.until for tone in tones(ring.name)}


def tones(name: str) -> set[float]:
    """Return the tones of a cue, in Hz."""
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


class CueFilter:
    """Removes cues from one recording of `rate` samples per second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._notches: dict[float, _Notch] = {}

    def feed(self, chunk: bytes, tones: Collection[float]) -> bytes:
        """Return the chunk without these tones, in Hz; no sample is held back."""
        self._notches = {
            tone: self._notches.get(tone) or _Notch(tone / self._rate, _WIDTH / self._rate)
            for tone in sorted(tones)
            if tone < self._rate / 2
        }
        if not self._notches:
            return chunk
        samples: list[float] = np.frombuffer(chunk, "<i2").tolist()
        for notch in self._notches.values():
            samples = notch.feed(samples)
        return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


class _Notch:
    """One filter of second order; `tone` and `width` in cycles per sample."""

    def __init__(self, tone: float, width: float) -> None:
        radius = math.exp(-math.pi * width)
        angle = 2 * math.cos(2 * math.pi * tone)
        self._back = radius * angle, -radius * radius
        self._gain = (1 - radius * angle + radius * radius) / (2 - angle)  # 1 at 0 Hz
        self._angle = angle
        self._kept = 0.0, 0.0

    def feed(self, samples: list[float]) -> list[float]:
        (one, two), (back_one, back_two) = self._kept, self._back
        gain, sideways = self._gain, -self._gain * self._angle
        passed: list[float] = []
        for sample in samples:
            out = gain * sample + one
            one = sideways * sample + back_one * out + two
            two = gain * sample + back_two * out
            passed.append(out)
        self._kept = one, two
        return passed
