"""The embedded engine in numbers: word error rate, release to text, memory, load.

    python -m tests.bench.engine [--eval FOLDER] [--takes N]

Without a folder the word error rate is left out: its speech is not part of the repository. The
baseline transcribes the whole take on release, with the same model, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import jiwer
import numpy as np
import soundfile
from whisper_normalizer.english import EnglishTextNormalizer

from tests.speech import Samples, pcm16, recording, resampled, say
from tray_dictate.core.segments import Completed
from tray_dictate.engine.offline.engine import OfflineEngine, OfflineSession
from tray_dictate.engine.segmenter import RATE

CHUNK = RATE // 50  # 20 ms
LENGTHS = (2, 5, 10, 20)  # seconds
SPOKEN = (
    "Please send the invoice to accounting before noon, and tell them that the second page was "
    "missing from the copy that we received. The train to the coast leaves at seven in the "
    "morning, so we should meet at the station no later than half past six. If it rains again, "
    "take the umbrella that stands behind the door."
)


def memory() -> dict[str, int]:
    """Return this process's resident memory now and at most, in MB."""
    status = Path("/proc/self/status").read_text()
    return {name: int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1024
            for name in ("VmRSS", "VmHWM")}  # fmt: skip


async def dictate(engine: OfflineEngine, samples: Samples, *, live: bool) -> tuple[str, float]:
    """Return the text, and the seconds from the last sample to the last word."""
    texts: list[str] = []

    async def listen(session: OfflineSession) -> None:
        async for event in session.events():
            if isinstance(event, Completed):
                texts.append(event.text)  # noqa: PERF401

    async with engine.session() as session, asyncio.TaskGroup() as tasks:
        tasks.create_task(listen(session))
        begun = time.perf_counter()
        for at in range(0, len(samples), CHUNK):
            if live:  # a chunk exists once its last sample was spoken
                ready = begun + min(at + CHUNK, len(samples)) / RATE
                await asyncio.sleep(max(0, ready - time.perf_counter()))
            await session.send(pcm16(samples[at : at + CHUNK]))
            if not live:
                await settled(session)
        released = time.perf_counter()
        await session.finish()
    return " ".join(filter(None, texts)), time.perf_counter() - released


async def settled(session: OfflineSession) -> None:
    """Wait until nothing is left to decode: as if it were live, on a machine that keeps up."""
    while session._running or session._wake.is_set():  # noqa: ASYNC110 - for a benchmark only
        await asyncio.sleep(0)


async def whole(engine: OfflineEngine, samples: Samples) -> tuple[str, float]:
    """Return the text of the take decoded at once, and the seconds that it takes."""
    models, loop = await engine._loaded(), asyncio.get_running_loop()
    await loop.run_in_executor(engine._worker, models.rest)  # the take before is quite over
    begun = time.perf_counter()
    decode = partial(models.decode, samples, (), models.cancellation(), urgent=False)
    found = await loop.run_in_executor(engine._worker, decode)
    return found.text, time.perf_counter() - begun


def utterances(folder: Path) -> Iterator[tuple[str, Samples]]:
    """Yield the words and the sound of each utterance of an evaluation folder."""
    for row in json.loads((folder / "manifest.json").read_text()):
        if not row.get("latency_only"):
            samples, rate = soundfile.read(folder / row["file"], dtype="float32")
            yield row["text"], resampled(samples, rate, RATE)


async def error_rates(engine: OfflineEngine, folder: Path) -> None:
    """Print the word error rates of both ways."""
    plain = EnglishTextNormalizer()
    meant, incremental, at_once = [], [], []
    for text, samples in utterances(folder):
        meant.append(plain(text))
        incremental.append(plain((await dictate(engine, samples, live=False))[0]))
        at_once.append(plain((await whole(engine, samples))[0]))
    print(f"word error rate, {len(meant)} utterances, {sum(len(t.split()) for t in meant)} words")
    for name, said in (("incremental", incremental), ("whole clip", at_once)):
        print(f"  {name:<12} {jiwer.wer(meant, said):7.2%}")


def takes(seconds: int) -> Iterator[Samples]:
    """Yield takes that end on a spoken sample: one synthesised, one of a person."""
    for samples, rate in (say(SPOKEN), recording("two_cities")):
        sound = resampled(samples, rate, RATE)
        sound = sound[int(np.argmax(np.abs(sound) > 0.02)) :]
        loud = np.flatnonzero(np.abs(sound[: seconds * RATE]) > 0.02)
        yield sound[: loud[-1] + 1]


async def releases(engine: OfflineEngine, repeat: int) -> None:
    """Print the milliseconds from the release to the text, fed in real time."""
    quiet = np.zeros(int(0.35 * RATE), np.float32)
    print("release to text, ms: p50 / p95      last sample    0.35 s after     whole take")
    for length in LENGTHS:
        on_last, after, baseline = [], [], []
        for sound in list(takes(length)) * repeat:
            on_last.append((await dictate(engine, sound, live=True))[1])
            after.append((await dictate(engine, np.append(sound, quiet), live=True))[1])
            baseline.append((await whole(engine, sound))[1])
        print(f"  {length:>2} s {'':<24}" + "".join(map(_spread, (on_last, after, baseline))))


def _spread(seconds: list[float]) -> str:
    worst = sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.95))]
    return f"{statistics.median(seconds) * 1000:>9.0f} /{worst * 1000:>4.0f}"


async def bench(folder: Path | None, repeat: int) -> None:
    before = memory()["VmRSS"]
    begun = time.perf_counter()
    engine = OfflineEngine()
    await engine.load()
    print(f"load {time.perf_counter() - begun:.2f} s; resident {before} MB before, "
          f"{memory()['VmRSS']} MB loaded")  # fmt: skip
    if repeat:
        await releases(engine, repeat)
    if folder:
        await error_rates(engine, folder)
    await whole(engine, np.zeros(RATE, np.float32))  # what is done between takes
    print("resident after all: {VmRSS} MB, at most {VmHWM} MB".format(**memory()))
    await engine.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--eval", type=Path, help="folder with manifest.json and its sound files")
    options.add_argument("--takes", type=int, default=3, help="of each length and voice")
    chosen = options.parse_args()
    asyncio.run(bench(chosen.eval, chosen.takes))
