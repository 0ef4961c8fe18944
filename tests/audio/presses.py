"""Takes over the real PortAudio, each cancelled at a random moment: what is open afterwards?

    python -m tests.audio.presses [--presses N] [--seed N] [--slow]

Several microphones at once, over one PortAudio; some stay warm for a moment. With --slow the
device takes its time to open. Prints a line of JSON: what this process held before and holds now.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.fakes import FakeNotices, FakeObserver
from tray_dictate.app.take import Take
from tray_dictate.audio.microphone import Microphone
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.segments import SessionEvent
from tray_dictate.system.threads import Bridge

RATE = 16000
LATEST, SOON = 1.5, 0.1  # seconds after the press: a device opens in a tenth
SLOWEST = 0.4  # seconds to open a slow device, before and after
WARM = 0.0, 0.0, 0.0, 0.2, 0.0  # seconds, of each microphone
LATE = 2.0  # seconds for what was open to end


class SlowPortAudio(PortAudio):
    """Devices that take their time, as a Bluetooth headset does."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def open_input(self, *options: Any) -> Any:
        time.sleep(self._chance.uniform(0, SLOWEST))
        opened = super().open_input(*options)
        time.sleep(self._chance.uniform(0, SLOWEST))
        return opened


class DeafSession:
    """Takes what is said, and never completes anything."""

    rescued = False

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def send(self, chunk: bytes) -> None: ...

    def silence_seconds(self) -> float:
        return 0.0

    def key_released(self) -> None: ...

    async def finish(self) -> None:
        self._over.set()

    async def events(self) -> AsyncIterator[SessionEvent]:
        await self._over.wait()
        return
        yield


class DeafEngine:
    rate = RATE

    @asynccontextmanager
    async def session(self, recording: bytearray | None = None) -> AsyncGenerator[DeafSession]:
        yield DeafSession()

    async def load(self) -> None: ...
    async def after_resume(self) -> None: ...
    async def close(self) -> None: ...


def held() -> dict[str, int]:
    """Return how many streams the sound server knows of this process, its threads and files."""
    listed = subprocess.run(
        ["pactl", "list", "source-outputs"], capture_output=True, text=True, check=True
    ).stdout
    return {
        "streams": listed.count(f'application.process.id = "{os.getpid()}"'),
        "threads": len(os.listdir("/proc/self/task")),  # noqa: PTH208
        "files": len(list(Path("/proc/self/fd").iterdir())),
    }


async def press(number: int, microphone: Microphone, chance: random.Random) -> None:
    """Begin a take and cancel it, sometimes twice: a shortcut, then the end of the daemon."""
    loop = asyncio.get_running_loop()
    take = Take(number, microphone, DeafEngine(), 0.1, loop.time(), FakeObserver())
    task = asyncio.create_task(take.run())
    await asyncio.sleep(chance.uniform(0, chance.choice((LATEST, SOON))))
    task.cancel()
    if chance.random() < 0.5:
        await asyncio.sleep(chance.uniform(0, 0.02))
        task.cancel()
    await asyncio.wait({task})


async def run(bridge: Bridge, presses: int, seed: int, *, slow: bool) -> dict[str, Any]:
    chance = random.Random(seed)
    portaudio = SlowPortAudio(random.Random(seed)) if slow else PortAudio()
    microphones = [
        Microphone(AudioSettings(warm=warm), portaudio, bridge, FakeNotices()) for warm in WARM
    ]

    async def lane(index: int) -> None:
        for number in range(index, presses, len(WARM)):
            await press(number, microphones[index], chance)

    async with microphones[0].capture(RATE).open() as chunks:  # a first one, and all is loaded
        await anext(chunks)
    await settled({"streams": 0})
    before = held()
    await asyncio.gather(*map(lane, range(len(WARM))))
    after = await settled(before)
    portaudio.close()
    return {"presses": presses, "before": before, "after": after}


async def settled(wanted: dict[str, int]) -> dict[str, int]:
    """Return what is held when it is what is wanted, or LATE seconds later."""
    end = time.monotonic() + LATE
    while True:
        now = held()
        if all(now[name] <= number for name, number in wanted.items()) or time.monotonic() > end:
            return now
        await asyncio.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=50)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--slow", action="store_true")
    options = parser.parse_args()
    bridge = Bridge()
    bridge.start()
    work = run(bridge, options.presses, options.seed, slow=options.slow)
    print(json.dumps(bridge.run(work).result()), flush=True)
    bridge.stop()


if __name__ == "__main__":
    main()
