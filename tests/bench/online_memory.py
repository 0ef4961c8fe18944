"""What a long take costs in memory: the real take, in a process of its own, said 12 times as fast.

python -m tests.bench.online_memory SOUND ENDPOINT    (`measure` starts it; "" for no network)
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.bench.online_rig import CHUNK_BYTES, RATE, ScriptedMicrophone
from tests.engine.fakes import FakeDetector
from tests.engine.spoken_words import WordsEngine, phrases, said
from tests.fakes import FakeObserver
from tests.servers.realtime.server import RealtimeServer
from tray_dictate.app.take import Take
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.ports import Engine
from tray_dictate.engine import load_detector
from tray_dictate.engine.models import Detector, DetectorModel, Samples
from tray_dictate.engine.realtime.engine import OnlineEngine

PACE = 1 / 12  # of real time
MINUTE = 60 * RATE * 2  # bytes
WORDS, PAUSE = 70, 0.9  # of each phrase: 4.2 s, and the silence that ends a turn
AWAY = "ws://127.0.0.1:9"  # nobody listens there
PATIENCE = 300  # seconds, the most that can be set
FINISH = 120  # seconds for the last text
_ROOT = Path(__file__).parents[2]


class BothDetectors:
    """Costs what Silero costs, and hears numbered words, which are no speech to it."""

    def __init__(self, silero: Detector) -> None:
        self._silero, self._loud = silero, FakeDetector()

    def hear(self, hop: Samples) -> float:
        self._silero.hear(hop)
        return self._loud.hear(hop)


class BothDetectorModel:
    """Makes BothDetectors."""

    def __init__(self, silero: DetectorModel) -> None:
        self._silero = silero

    def detector(self) -> BothDetectors:
        return BothDetectors(self._silero.detector())


@dataclass
class Client:
    """One take; notes what the process holds at each minute of its audio."""

    path: Path
    turns: str
    endpoint: str
    observer: FakeObserver = field(default_factory=FakeObserver)
    held: float = 0  # seconds of sound at most that wait for their text
    take: Take | None = None

    async def run(self) -> None:
        settings = {"name": "openai", "endpoint": self.endpoint, "turns": self.turns}
        away = self.endpoint == AWAY
        if away or self.turns == "release":
            settings |= {"patience_seconds": PATIENCE}
        engine = OnlineEngine(EngineSettings(**settings), self, self)
        await engine.load()
        microphone = ScriptedMicrophone(self.chunks(), PACE)
        now = asyncio.get_running_loop().time()
        self.take = Take(1, microphone, engine, 0.2, now, self.observer)
        running = asyncio.create_task(self.take.run())
        await microphone.over.wait()
        if away:
            running.cancel()
            await asyncio.wait([running])
        else:
            self.take.finish()
            await asyncio.wait_for(running, FINISH)
        await engine.close()
        words = [word for text in self.observer.texts for word in text.split()]
        print(json.dumps({"words": words, "held": self.held, "trouble": self.take.trouble}))

    def chunks(self) -> Iterable[bytes]:
        with self.path.open("rb", buffering=0) as file:
            at = 0
            while chunk := file.read(CHUNK_BYTES):
                if at % MINUTE == 0:
                    print(json.dumps({"minute": at // MINUTE, "rss": resident()}), flush=True)
                yield chunk
                at += len(chunk)
                self.note_held()
        print(json.dumps({"minute": at / MINUTE, "rss": resident()}), flush=True)

    def note_held(self) -> None:
        session = self.take._session if self.take else None
        if session:
            self.held = max(self.held, session._take.sound.held / RATE)

    def tell(self, message: str, cause: str = "") -> None:
        print(json.dumps({"told": message}), flush=True)

    def offline_engine(self) -> Engine:
        return WordsEngine("nobody takes over")

    def warning(self) -> str:
        return ""

    def load_detector(self) -> DetectorModel:
        return BothDetectorModel(load_detector())


def resident() -> float:
    """Return this process's resident memory in MB."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024 / 1e6


def client(path: Path, turns: str, endpoint: str) -> tuple[list[float], list[float], dict]:
    """Run a take in its own process; return minutes, MB, and how it ended."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.online_memory", str(path), turns, endpoint],
        cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    for line in lines:
        if "told" in line:
            print(f"    it told the user: {line['told']}")
    samples = [line for line in lines if "minute" in line]
    return [s["minute"] for s in samples], [s["rss"] for s in samples], lines[-1]


def row(name: str, minutes: list[float], megabytes: list[float]) -> None:
    """Print the straight line through what was measured."""
    slope, constant = np.polyfit(minutes[1:], megabytes[1:], 1)
    off = max(abs(np.polyval((slope, constant), minutes[1:]) - megabytes[1:]))
    print(
        f"  {name:<28}{slope:>6.2f} MB a minute   {constant - megabytes[0]:>+7.1f} MB   "
        f"{megabytes[0]:>6.1f} -> {megabytes[-1]:>6.1f} MB   {off:>4.1f} MB", flush=True,
    )  # fmt: skip


async def measure(minutes: int) -> None:
    """Print how memory grows with a take."""
    count = int(minutes * 60 / (WORDS * 0.06 + PAUSE)) + 1
    print(f"\nmemory of the client over a take of {minutes} minutes, said 12 times as fast:")
    print("  resident at each minute of audio, and the straight line through it. The take's own")
    print(f"  audio, kept for a file should all fail, is {MINUTE / 1e6:.2f} MB a minute of this.")
    print("  bar: 3 MB a minute and a constant")
    print("  case                        slope              constant     from -> to            off")
    with tempfile.TemporaryDirectory() as folder, RealtimeServer("openai") as server:
        path = Path(folder) / "sound"
        path.write_bytes(phrases(*[WORDS] * count, pause=PAUSE)[: minutes * MINUTE])
        for name, turns, endpoint in (
            ("turns complete all along", "pauses", server.endpoint),
            ("one turn: turns = release", "release", server.endpoint),
            ("no network at all", "pauses", AWAY),
        ):
            at, megabytes, end = await asyncio.to_thread(client, path, turns, endpoint)
            row(name, at, megabytes)
            words = end["words"]  # the last one may be cut
            right = words == said(len(words)) and len(words) >= (count - 1) * WORDS - 1
            heard = "each once, in order" if right else "WRONG" if endpoint != AWAY else "as it is"
            print(
                f"    {len(words)} words heard, {heard}; at most {end['held']:.1f} s of sound "
                f"waited for its text {end['trouble']}"
            )
        print("  Sound that waits for its text is held twice, by the take and by the session. With")
        print("  no network that is for engine.patience_seconds (10; 300 at most, 14.4 MB), until")
        print("  the embedded engine takes over; with turns = release it is all of the take.")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(Client(Path(sys.argv[1]), *sys.argv[2:]).run())
