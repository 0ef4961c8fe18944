"""Speech with known words into the microphone, and what of it lands."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import jiwer
import numpy as np
import soundfile
from whisper_normalizer.english import EnglishTextNormalizer

from tests import speech
from tests.rigs.daemon import ROOT, Daemon
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import TextWindow

SENTENCE = "Please send the invoice to accounting before noon."
LONG = [
    "We should probably rename this function so that it says what it actually does.",
    "The build is failing because the test for the parser times out on slow machines.",
    "Could you forward me the contract that we signed in February?",
]
RATE = 48000  # the virtual microphone's
SAME = 0.05  # passes fall a few milliseconds elsewhere each time: a doubtful word may differ
normalize = EnglishTextNormalizer()


def spoken(folder: Path, *sentences: str, gap: float = 1.0, end: float = 0.2) -> Path:
    """Return a file with the sentences and a pause of `gap` seconds between them."""
    parts = []
    for sentence in sentences:
        samples, rate = speech.say(sentence)
        parts += [speech.resampled(samples, rate, RATE), np.zeros(int(gap * RATE), np.float32)]
    parts[-1] = np.zeros(int(end * RATE), np.float32)
    name = hashlib.sha256(repr((sentences, gap, end)).encode()).hexdigest()[:16]
    path = folder / f"{name}.wav"
    soundfile.write(path, np.concatenate(parts), RATE, subtype="PCM_16")
    return path


def transcript(desktop: Desktop, path: Path) -> str:
    """Return the engine's own text of the whole file, without any window."""
    command = [sys.executable, "-m", "tray_dictate", "transcribe", str(path)]
    done = subprocess.run(
        command, env={**desktop.env, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip()


def errors(reference: str, text: str) -> float:
    return jiwer.wer(normalize(reference), normalize(text))


def landed(window: TextWindow, said: str, wrong: float = 0.15) -> str:
    """Wait until the window holds what was said, but for the engine's few mistakes."""
    return window.wait_for(lambda text: errors(said, text) <= wrong)


def listening(desktop: Desktop) -> list[str]:
    """Return who records from the sound server, besides its own module."""
    outputs = desktop.sound.pactl("list", "short", "source-outputs").splitlines()
    return [line for line in outputs if "module-remap-source" not in line]


def hold(desktop: Desktop, wav: Path, *keys: str) -> None:
    """Hold the keys while the file is spoken."""
    desktop.keydown(*keys)
    time.sleep(0.3)
    desktop.play_whole(wav)
    desktop.keyup(*reversed(keys))


def settled(daemon: Daemon, take: int = 1) -> None:
    """Wait until a dictation is over."""
    daemon.wait_log(f"dictation {take}: over")
