"""The embedded engine in numbers: word error rate, release to text, processor time, memory, load.

    python -m tests.bench.engine [--eval FOLDER] [--takes N] [--base FOLDER]

Without a folder the word error rate is left out: its speech is not part of the repository. The
small model alone ("tiny") and together with the larger one ("relay") take turns in one run; without
the larger one's weights (python -m tests.rigs.weights) only the small one is measured. The baseline
transcribes the whole take on release, with the small model, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import jiwer
import numpy as np
import soundfile
from whisper_normalizer.english import EnglishTextNormalizer

from tests.engine.lent import LentModels, LentRelay
from tests.rigs.weights import MOONSHINE_BASE
from tests.speech import Samples, pcm16, recording, resampled, say
from tray_dictate.app.take import _QUIET, _TAIL_LEAST
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.segments import Completed
from tray_dictate.engine.models import HOP, Models
from tray_dictate.engine.offline.engine import OfflineEngine, OfflineSession
from tray_dictate.engine.segmenter import RATE

CHUNK = RATE // 50  # 20 ms
_NONE = np.zeros(0, np.float32)
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


async def transcribed(engine: OfflineEngine, samples: Samples) -> tuple[str, float]:
    """Return the text as of a file, each segment decoded once, and the seconds that it takes."""
    models, begun = await engine._loaded(), time.perf_counter()
    of_files = OfflineEngine(lambda: models, live=False)
    texts: list[str] = []
    async with of_files.session() as session, asyncio.TaskGroup() as tasks:
        tasks.create_task(listen(session, texts))
        await session.send(pcm16(samples))
        await session.finish()
    of_files._worker.shutdown()  # close() would free the models, which the other engine needs
    return " ".join(filter(None, texts)), time.perf_counter() - begun


async def listen(session: OfflineSession, texts: list[str]) -> None:
    async for event in session.events():
        if isinstance(event, Completed):
            texts.append(event.text)  # noqa: PERF401


async def dictate(
    engine: OfflineEngine, samples: Samples, *, live: bool, tail: Samples = _NONE
) -> tuple[str, float]:
    """Return the text, and the seconds from the last sample, when the key goes up, to the text.

    The `tail` is heard as long as a take would hear it (app/take.py).
    """
    texts: list[str] = []
    async with engine.session() as session, asyncio.TaskGroup() as tasks:
        tasks.create_task(listen(session, texts))
        begun = time.perf_counter()
        for at in range(0, len(samples), CHUNK):
            if live:  # a chunk exists once its last sample was spoken
                ready = begun + min(at + CHUNK, len(samples)) / RATE
                await asyncio.sleep(max(0, ready - time.perf_counter()))
            await session.send(pcm16(samples[at : at + CHUNK]))
            if not live:
                await settled(session)
        released = time.perf_counter()
        session.key_released()
        for at in range(0, len(tail), HOP):
            await session.send(pcm16(tail[at : at + HOP]))
            await settled(session)
            if at + HOP >= _TAIL_LEAST * RATE and session.silence_seconds() >= _QUIET:
                break
        await session.finish()
    return " ".join(filter(None, texts)), time.perf_counter() - released


async def settled(session: OfflineSession) -> None:
    """Wait until nothing is left to decode: as if it were live, on a machine that keeps up."""
    while session._running or session._wake.is_set():  # noqa: ASYNC110 - for a benchmark only
        await asyncio.sleep(0.001 if session._running else 0)


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


async def error_rates(engines: dict[str, OfflineEngine], folder: Path) -> None:
    """Print the word error rates.

    `released`: the key goes up on the last spoken sample, and the usual tail is still heard;
    `cut off`: the same without a tail; `committed`: the text of a pause, as of a file;
    `whole clip`: decoded at once, without our detector.
    """
    plain = EnglishTextNormalizer()
    meant: list[str] = []
    said: dict[str, list[str]] = {}
    for text, samples in utterances(folder):
        meant.append(plain(text))
        spoken, tail = np.split(samples, [last_spoken(samples) + 1])
        tail = tail[: round(AudioSettings().tail_ms / 1000 * RATE)]
        for name, engine in engines.items():
            for way, found in (
                ("released", await dictate(engine, spoken, live=False, tail=tail)),
                ("cut off", await dictate(engine, spoken, live=False)),
                ("committed", await transcribed(engine, samples)),
                ("whole clip", await whole(engine, samples)),
            ):
                said.setdefault(f"{name}, {way}", []).append(plain(found[0]))
    print(f"word error rate, {len(meant)} utterances, {sum(len(t.split()) for t in meant)} words")
    for name, texts in said.items():
        print(f"  {name:<18} {jiwer.wer(meant, texts):7.2%}")


def last_spoken(samples: Samples) -> int:
    """Return the last sample that is not quiet beside the loudest."""
    return int(np.flatnonzero(np.abs(samples) > 0.05 * np.abs(samples).max())[-1])


def takes(seconds: int) -> Iterator[Samples]:
    """Yield takes that end on a spoken sample: one synthesised, one of a person."""
    for samples, rate in (say(SPOKEN), recording("two_cities")):
        sound = resampled(samples, rate, RATE)
        sound = sound[int(np.argmax(np.abs(sound) > 0.02)) :]
        loud = np.flatnonzero(np.abs(sound[: seconds * RATE]) > 0.02)
        yield sound[: loud[-1] + 1]


@dataclass
class Measured:
    """What the takes of one length cost one engine."""

    on_last: list[float] = field(default_factory=list)  # seconds after the release
    after: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    processor: float = 0.0  # seconds of the whole process while somebody spoke
    spoken: float = 0.0


async def releases(engines: dict[str, OfflineEngine], repeat: int) -> None:
    """Print the milliseconds from the release to the text, fed in real time."""
    quiet = np.zeros(int(0.35 * RATE), np.float32)
    print("release to text, ms: p50 / p95      last sample    0.35 s after     whole take"
          "   % of a core while speaking")  # fmt: skip
    for length in LENGTHS:
        measured = {name: Measured() for name in engines}
        for sound in list(takes(length)) * repeat:
            for name, engine in engines.items():
                found = measured[name]
                begun = time.process_time()
                found.on_last.append((await dictate(engine, sound, live=True))[1])
                found.processor += time.process_time() - begun
                found.spoken += len(sound) / RATE
                ended = np.append(sound, quiet)
                found.after.append((await dictate(engine, ended, live=True))[1])
                found.at_once.append((await whole(engine, sound))[1])
        for name, found in measured.items():
            print(f"  {length:>2} s {name:<24}"
                  + "".join(map(_spread, (found.on_last, found.after, found.at_once)))
                  + f"{found.processor / found.spoken:>14.1%}", flush=True)  # fmt: skip
        if len(measured) > 1:
            tiny, relay = measured.values()
            last = statistics.median(relay.on_last) / statistics.median(tiny.on_last)
            print(f"  {length:>2} s relay / tiny: release {last:.2f}, processor "
                  f"{relay.processor / tiny.processor:.2f}")  # fmt: skip


def _spread(seconds: list[float]) -> str:
    worst = sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.95))]
    return f"{statistics.median(seconds) * 1000:>9.0f} /{worst * 1000:>4.0f}"


def makers(base: Path) -> dict[str, Callable[[], Models]]:
    """Return what loads the models of each engine."""
    if base.exists():
        return {"tiny": LentModels, "relay": partial(LentRelay, base, "full")}
    print(f"only the small model is measured: there is no {base}")
    return {"tiny": LentModels}


async def bench(folder: Path | None, repeat: int, base: Path) -> None:
    engines = {name: OfflineEngine(make) for name, make in makers(base).items()}
    for name, engine in engines.items():
        before, begun = memory()["VmRSS"], time.perf_counter()
        await engine.load()
        print(f"{name}: load {time.perf_counter() - begun:.2f} s; resident {before} MB before, "
              f"{memory()['VmRSS']} MB loaded")  # fmt: skip
    if repeat:
        await releases(engines, repeat)
    if folder:
        await error_rates(engines, folder)
    for engine in engines.values():
        await whole(engine, np.zeros(RATE, np.float32))  # what is done between takes
    print("resident after all: {VmRSS} MB, at most {VmHWM} MB".format(**memory()))
    for engine in engines.values():
        await engine.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--eval", type=Path, help="folder with manifest.json and its sound files")
    options.add_argument("--takes", type=int, default=3, help="of each length and voice")
    options.add_argument("--base", type=Path, default=MOONSHINE_BASE, help="the larger model")
    chosen = options.parse_args()
    asyncio.run(bench(chosen.eval, chosen.takes, chosen.base))
