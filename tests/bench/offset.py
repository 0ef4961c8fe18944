"""What a constant under the speech costs in words, and what the filter against it does.

    python -m tests.bench.offset --eval FOLDER [--clips N]

The folder is that of tests/bench/engine.py. Exit code 1 where the filter costs a word of clean
speech in a hundred, or leaves more than that of an offset of a tenth under speech at -20 dB.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import jiwer
import numpy as np
from whisper_normalizer.english import EnglishTextNormalizer

from tests.bench.engine import CHUNK, dictate, utterances
from tests.speech import Samples, pcm16
from tray_dictate.audio.highpass import HighPass
from tray_dictate.engine.offline.engine import OfflineEngine
from tray_dictate.engine.segmenter import RATE

QUIET, OFFSET = -20.0, 0.1  # dB, of full scale
BAR = 0.01
CASES = {  # dB, offset, whether it is filtered
    "clean": (0.0, 0.0, False),
    "clean, filtered": (0.0, 0.0, True),
    "quiet": (QUIET, 0.0, False),
    "quiet, filtered": (QUIET, 0.0, True),
    "quiet with an offset": (QUIET, OFFSET, False),
    "quiet with an offset, filtered": (QUIET, OFFSET, True),
}


def recorded(samples: Samples, level: float, offset: float, *, filtered: bool) -> Samples:
    """Return what the engine gets of such a microphone."""
    pcm = pcm16(np.clip(samples * np.float32(10 ** (level / 20)) + np.float32(offset), -1, 1))
    if filtered:
        highpass, size = HighPass(RATE), CHUNK * 2
        pcm = b"".join(highpass.feed(pcm[at : at + size]) for at in range(0, len(pcm), size))
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768


async def bench(folder: Path, clips: int | None) -> int:
    plain = EnglishTextNormalizer()
    engine = OfflineEngine()
    await engine.load()
    chosen = list(utterances(folder))[:clips]
    meant = [plain(text) for text, _ in chosen]
    print(f"word error rate, {len(meant)} utterances, {sum(len(t.split()) for t in meant)} words")
    rates: dict[str, float] = {}
    for name, (level, offset, filtered) in CASES.items():
        said = [
            plain((await dictate(engine, recorded(samples, level, offset, filtered=filtered),
                                 live=False))[0])
            for _, samples in chosen
        ]  # fmt: skip
        rates[name] = jiwer.wer(meant, said)
        print(f"  {name:<32}{rates[name]:7.2%}", flush=True)
    await engine.close()
    better = rates["clean, filtered"] <= rates["clean"] + BAR
    mended = rates["quiet with an offset, filtered"] <= rates["quiet"] + BAR
    return 0 if better and mended else 1


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--eval", type=Path, required=True)
    options.add_argument("--clips", type=int, help="only so many")
    given = options.parse_args()
    raise SystemExit(asyncio.run(bench(given.eval, given.clips)))
