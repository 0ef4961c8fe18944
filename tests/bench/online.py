"""The engine on a server in numbers: what the client adds, to the server's and the network's time.

    python -m tests.bench.online [overhead press cpu memory] [--takes N] [--minutes M]

The server is the fake one, a process of its own on loopback; the network's latency is the fake's,
in each direction of every message. N takes a row; M minutes of audio for the CPU, 30 for memory.
All of it takes about 35 minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from tests.bench import online_cpu, online_memory
from tests.bench.online_rig import (
    CHUNK,
    LATENCIES,
    TRANSPORTS,
    ScriptedMicrophone,
    chunks_of,
    loaded,
    paced,
    speech,
    spread,
)
from tests.fakes import FakeObserver
from tests.servers.realtime.server import RealtimeServer
from tray_dictate.app.take import Take
from tray_dictate.core.segments import Completed
from tray_dictate.engine.realtime.engine import OnlineEngine
from tray_dictate.engine.realtime.session import ResilientSession

WORK = 0.1  # seconds of the server's for each text
LENGTH = 3  # seconds of a take
HANDSHAKE = 6  # times the latency: TCP, TLS 1.3 and HTTP, a round trip each


@dataclass(frozen=True)
class Timing:
    """Seconds of one take, the configured latency taken off both ways."""

    there: float  # from finish() to the commit's arrival
    back: float  # from the moment the server said the text to its Completed from events()

    @property
    def overhead(self) -> float:
        return self.there + self.back


async def dictate(
    engine: OnlineEngine, server: RealtimeServer, sound: bytes, expected: str
) -> Timing:
    """Speak one take in real time."""
    text_at: list[float] = []
    texts: list[str] = []

    async def listen(session: ResilientSession) -> None:
        async for event in session.events():
            if isinstance(event, Completed):
                text_at.append(time.monotonic())
                texts.append(event.text)

    async with engine.session() as session, asyncio.TaskGroup() as tasks:
        tasks.create_task(listen(session))
        async for chunk in paced(chunks_of(sound), time.monotonic()):
            await session.send(chunk)
        released = time.monotonic()
        await session.finish()
    assert texts == [expected], texts
    report = server.report()["connections"][-1]
    commit, said = report["commits"][-1], report["completed"][-1]
    assert released < commit < said < text_at[-1]
    return Timing(commit - released, text_at[-1] - said)


async def overhead(count: int) -> None:
    """Print what the client adds between the release and the text."""
    sounds = speech(LENGTH)
    print(f"\nclient overhead, ms: p50 / p95 of takes of {LENGTH} s; real voice detector;")
    print("  finish() to the last Completed, less (commit received to text said, at the server,")
    print(f"  which works {WORK * 1000:.0f} ms), less the latency of both ways. It is the sum of")
    print("  out (finish() to commit received) and back (text said to Completed).")
    print("  What loopback and the fake's timers take counts as ours. bar: p50 <= 10")
    print("  transport  latency   connection   takes   overhead       out                 back")
    for latency in LATENCIES:
        delay = HANDSHAKE * latency
        with RealtimeServer("openai", latency=latency, handshake_delay=delay, work=WORK) as server:
            for transport in TRANSPORTS:
                rows: dict[str, list[Timing]] = {"cold": [], "warm": []}
                for number in range(max(2, count // 4)):
                    which = number % len(sounds)
                    async with loaded(server, transport=transport) as engine:
                        rows["cold"].append(
                            await dictate(engine, server, sounds[which], f"w{which}")
                        )
                async with loaded(server, transport=transport) as engine:
                    for number in range(-1, count):  # the first one connects
                        which = number % len(sounds)
                        timing = await dictate(engine, server, sounds[which], f"w{which}")
                        if number >= 0:
                            rows["warm"].append(timing)
                for kind, timings in rows.items():
                    net = [(t.there - latency, t.back - latency) for t in timings]
                    print(
                        f"  {transport:<9}{latency * 1000:>6.0f} ms   {kind:<10}{len(net):>8}"
                        f"  {spread(a + b for a, b in net)}   {spread(a for a, _ in net)}"
                        f"   {spread(b for _, b in net)}", flush=True,
                    )  # fmt: skip


@dataclass
class TimedEngine:
    """An engine that notes when the take gives it its first chunk."""

    engine: OnlineEngine
    given: float = 0

    @property
    def rate(self) -> int:
        return self.engine.rate

    @asynccontextmanager
    async def session(self, recording: bytearray | None = None) -> AsyncGenerator[ResilientSession]:
        async with self.engine.session(recording) as session:
            send = session.send

            async def noted(chunk: bytes) -> None:
                self.given = self.given or time.monotonic()
                await send(chunk)

            session.send = noted
            yield session


async def press(
    engine: OnlineEngine, server: RealtimeServer, sound: bytes, *, warm: bool
) -> tuple[float, float]:
    """Make a press through the real take; return the seconds until the server had sound.

    From the first chunk given to the session, and from the first sample captured. In a warm press
    the microphone brings no second chunk before the server has the first one, so that the last
    append is the first one, too.
    """
    go = asyncio.Event() if warm else None
    microphone, timed = ScriptedMicrophone(chunks_of(sound), held=go), TimedEngine(engine)
    observer = FakeObserver()
    take = Take(1, microphone, timed, 0.2, asyncio.get_running_loop().time(), observer)
    before = server.report()["connections"][-1]["audio_bytes"] if warm else 0
    running = asyncio.create_task(take.run())
    if go:
        while server.report()["connections"][-1]["audio_bytes"] == before:  # noqa: ASYNC110
            await asyncio.sleep(0.25)  # rarely, not to disturb it
        first = server.report()["connections"][-1]["last_append"]
        go.set()
    await microphone.over.wait()
    take.finish()
    await running
    assert not take.trouble
    assert observer.texts
    report = server.report()["connections"][-1]
    if not go:
        first = report["first_append"]
    return first - timed.given, first - microphone.opened


async def presses(count: int) -> None:
    """Print how soon the server hears."""
    sound = speech(LENGTH)[0]
    print("\nhandshake hidden, ms: p50 / p95 until the server has received sound, the latency of")
    print(f"  its way included; cold: the handshake takes {HANDSHAKE} x the latency (TCP, TLS 1.3,")
    print("  HTTP), the session's acknowledgement 2 x, the sound 1 x; warm: the sound 1 x.")
    print(f"  The first chunk exists {CHUNK * 1000:.0f} ms after its first sample.")
    print("  bar: warm, at 0 ms, <= 50 from the first captured sample")
    print("  transport  latency   press   presses   from the chunk to send()   from first sample")
    for latency in LATENCIES:
        delay = HANDSHAKE * latency
        with RealtimeServer("openai", latency=latency, handshake_delay=delay) as server:
            for transport in TRANSPORTS:
                cold = []
                for _ in range(max(2, count // 4)):
                    async with loaded(server, transport=transport) as engine:
                        cold.append(await press(engine, server, sound, warm=False))
                async with loaded(server, transport=transport) as engine:
                    await press(engine, server, sound, warm=False)
                    short = sound[-48000:]  # a second
                    warm = [await press(engine, server, short, warm=True) for _ in range(count)]
                for kind, times in (("cold", cold), ("warm", warm)):
                    print(
                        f"  {transport:<9}{latency * 1000:>6.0f} ms   {kind:<6}{len(times):>9}"
                        f"   {spread(sent for sent, _ in times):<24}"
                        f"   {spread(heard for _, heard in times)}", flush=True,
                    )  # fmt: skip


SECTIONS = ("overhead", "press", "cpu", "memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], metavar="SECTION")
    parser.add_argument("--takes", type=int, default=20, metavar="N")
    parser.add_argument("--minutes", type=float, default=1, metavar="M")
    parser.add_argument("--memory-minutes", type=int, default=30, metavar="M")
    options = parser.parse_args()
    command = " ".join(["python -m tests.bench.online", *sys.argv[1:]])
    print(f"{time.strftime('%Y-%m-%d')}  {command}  (load {os.getloadavg()[0]:.1f})")
    logging.disable(logging.WARNING)
    sections = {
        "overhead": partial(overhead, options.takes),
        "press": partial(presses, options.takes),
        "cpu": partial(online_cpu.measure, options.minutes),
        "memory": partial(online_memory.measure, options.memory_minutes),
    }
    for name, section in sections.items():
        if not options.sections or name in options.sections:
            asyncio.run(section())


if __name__ == "__main__":
    main()
