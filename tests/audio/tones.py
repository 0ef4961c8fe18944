"""Tones and cues as arrays of samples, and how loud they are."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np

from tray_dictate.audio.cues import Cues
from tray_dictate.config.schema import AudioSettings

ALL = ["start", "stop", "cancel", "error"]


class Player:
    """What of PortAudio the cues need."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.played: list[tuple[bytes, int]] = []
        self.futures: list[Future[None]] = []
        self._hangs = hangs

    def play(self, samples: bytes, rate: int) -> Future[None]:
        self.played.append((samples, rate))
        done: Future[None] = Future()
        self.futures.append(done)
        if not self._hangs:
            done.set_result(None)
        return done


def wave(name: str, volume: float = 0.2) -> tuple[np.ndarray, int]:
    player = Player()
    Cues(AudioSettings(cue_volume=volume), player).play(name)
    ((samples, rate),) = player.played
    return np.trim_zeros(np.frombuffer(samples, "<i2"), "b") / 32768, rate


def tone(hertz: float, rate: int, loudness: float = 0.5) -> np.ndarray:
    return loudness * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)


def pcm(sound: np.ndarray) -> bytes:
    return np.rint(sound * 32767).astype("<i2").tobytes()


def heard(chunk: bytes) -> np.ndarray:
    return np.frombuffer(chunk, "<i2") / 32767


def decibels(after: np.ndarray, before: np.ndarray) -> float:
    return 10 * np.log10((after @ after) / (before @ before))
