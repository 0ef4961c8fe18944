"""What the start cue costs in words where the microphone hears it, and what its notches cost.

    python -m tests.bench.cue --eval FOLDER

FOLDER has a manifest.json and sound files, like ../shared/eval. Every clip is cut to where its
speech begins, so that the cue sounds into the first word, at a quarter of full scale.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import jiwer
import numpy as np
import soxr
from whisper_normalizer.english import EnglishTextNormalizer

from tests.bench.engine import utterances, whole
from tests.speech import Samples, pcm16
from tray_dictate.audio import cues
from tray_dictate.audio.cues import CueFilter
from tray_dictate.engine.offline.engine import OfflineEngine
from tray_dictate.engine.segmenter import RATE

BEFORE = RATE // 50  # samples of quiet before the first word
AT = RATE // 10  # the sample at which the cue is heard
RINGING = RATE  # samples for which the notches stay


def with_cue(clip: Samples) -> Samples:
    bell = np.frombuffer(cues._sound("start", 0.25), "<i2") / 32768
    heard = soxr.resample(bell, cues._RATE, RATE)[: len(clip) - AT]
    mixed = clip.copy()
    mixed[AT : AT + len(heard)] += heard.astype(np.float32)
    return mixed


def notched(clip: Samples) -> Samples:
    begin = CueFilter(RATE).feed(pcm16(clip[:RINGING]), cues.tones("start"))
    return np.append(np.frombuffer(begin, "<i2").astype(np.float32) / 32768, clip[RINGING:])


WAYS = {
    "as it is": lambda clip: clip,
    "with notches": notched,
    "with the cue": with_cue,
    "with the cue and notches": lambda clip: notched(with_cue(clip)),
}


async def bench(folder: Path) -> None:
    engine, plain = OfflineEngine(), EnglishTextNormalizer()
    await engine.load()
    meant: list[str] = []
    said: dict[str, list[str]] = {name: [] for name in WAYS}
    for text, sound in utterances(folder):
        clip = sound[max(0, int(np.argmax(np.abs(sound) > 0.02)) - BEFORE) :]
        meant.append(plain(text))
        for name, way in WAYS.items():
            said[name].append(plain((await whole(engine, way(clip)))[0]))
    print(f"word error rate, {len(meant)} utterances, {sum(len(t.split()) for t in meant)} words")
    for name, texts in said.items():
        print(f"  {name:<25} {jiwer.wer(meant, texts):7.2%}")
    await engine.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--eval", type=Path, required=True, help="folder with manifest.json")
    asyncio.run(bench(options.parse_args().eval))
