"""What streaming costs in CPU, and what it costs to wait."""

from __future__ import annotations

import asyncio
import itertools
import resource
import time
from dataclasses import dataclass

import numpy as np

from tests.bench.engine import SPOKEN
from tests.bench.online_rig import CHUNK_BYTES, RATE, TRANSPORTS, chunks_of, loaded, paced
from tests.servers.realtime.server import RealtimeServer
from tests.speech import pcm16, recording, resampled, say
from tray_dictate.core.segments import Completed
from tray_dictate.engine.realtime.engine import OnlineEngine

WAYS = {  # name -> turns, whether there is a voice detector
    "detector, turns at pauses": ("pauses", True),
    "detector, one turn": ("release", True),
    "no detector, one turn": ("release", False),
}
IDLE = 30  # seconds


@dataclass(frozen=True)
class Cost:
    """CPU seconds of this process, all its threads, and how many texts came."""

    cpu: float
    texts: int


def speech(minutes: float) -> bytes:
    """Return a person and a voice in turns, with pauses of a second."""
    pause = np.zeros(RATE, np.float32)
    parts = [resampled(*source, RATE) for source in (recording("two_cities"), say(SPOKEN))]
    once = pcm16(np.concatenate([sound for part in parts for sound in (part, pause)]))
    size = int(minutes * 60 * RATE * 2) // CHUNK_BYTES * CHUNK_BYTES
    return b"".join(itertools.islice(itertools.repeat(once), size // len(once) + 1))[:size]


async def feeding(sound: bytes) -> float:
    """Return the CPU seconds of the benchmark's own pace."""
    before = time.process_time()
    async for _ in paced(chunks_of(sound), time.monotonic()):
        await asyncio.sleep(0)
    return time.process_time() - before


async def streaming(engine: OnlineEngine, sound: bytes) -> Cost:
    """Return what a take costs, with what feeds it."""
    texts = 0
    before = time.process_time()
    async with engine.session() as session:

        async def listen() -> int:
            return sum([isinstance(event, Completed) async for event in session.events()])

        listening = asyncio.create_task(listen())
        async for chunk in paced(chunks_of(sound), time.monotonic()):
            await session.send(chunk)
        await session.finish()
        texts = await listening
    return Cost(time.process_time() - before, texts)


async def idle(engine: OnlineEngine) -> tuple[float, int]:
    """Return the CPU seconds and the wake-ups of a warm connection that waits."""
    await asyncio.sleep(2)  # what ends with the take has ended
    before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    await asyncio.sleep(IDLE)
    after = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    return after[0] - before[0], after[1] - before[1]


async def measure(minutes: float) -> None:
    """Print the CPU of streaming and of waiting."""
    sound = speech(minutes)
    print(f"\nCPU seconds of the client for a minute of audio, of {minutes:g} in real time, speech")
    print("  with pauses; connection cold, all loaded. The benchmark's own feeding is taken off.")
    print("  With the detector it listens for pauses also where only the release ends a turn: the")
    print("  tail depends on it. no bar; 60 s would be all of a core")
    own = await feeding(sound)
    print(f"  feeding alone                             {own / minutes:>6.2f} s")
    idles = {}
    with RealtimeServer("openai", deltas=False) as server:
        for transport in TRANSPORTS:
            for name, (turns, hears) in WAYS.items():
                async with loaded(server, hears=hears, transport=transport, turns=turns) as engine:
                    cost = await streaming(engine, sound)
                    print(
                        f"  {transport:<10} {name:<28}   {(cost.cpu - own) / minutes:>6.2f} s"
                        f"   = {(cost.cpu - own) / minutes / 60:.1%} of a core; {cost.texts} texts",
                        flush=True,
                    )
                    if turns == "pauses":
                        idles[transport] = await idle(engine)
    print(f"\nidle with a warm connection, {IDLE} s after a take: CPU of the process and how often")
    print("  it was woken (a ping every 15 s keeps the connection). bar: idle costs nothing")
    for transport, (cpu, wakes) in idles.items():
        share = f"{cpu / IDLE:.3%} of a core"
        print(f"  {transport:<10} {cpu * 1000:>6.1f} ms = {share}; {wakes} wakes")
