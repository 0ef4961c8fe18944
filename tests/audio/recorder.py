"""Records with the microphone over the real PortAudio, as dictations do, when it is told to.

    python -m tests.audio.recorder [DEVICE]

DEVICE is audio.device. A line on stdin begins a recording, which is answered by a line once sound
comes; the next line ends it, which is answered by JSON: the loudest sample (of 16 bits), the
milliseconds until the first one, the seconds of sound, and what the user was told.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import numpy as np

from tests.fakes import FakeNotices
from tray_dictate.audio.microphone import Microphone
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.errors import CaptureError
from tray_dictate.system.threads import Bridge

RATE = 16_000


async def record(microphone: Microphone, notices: FakeNotices) -> dict[str, Any]:
    """Record until the next line."""
    capture = microphone.capture(RATE)
    began, first = time.monotonic(), 0.0
    samples = np.zeros(0, np.int16)
    ending = asyncio.create_task(next_line())
    ending.add_done_callback(lambda _: capture.stop())
    try:
        async with capture.open() as chunks:
            async for chunk in chunks:
                if not first:
                    first = time.monotonic() - began
                    print("open", flush=True)
                samples = np.append(samples, np.frombuffer(chunk, "<i2"))
    except CaptureError as error:
        notices.tell(str(error))
        if not first:
            print("failed", flush=True)
        await ending
    told, notices.told = notices.told, []
    loudest = int(np.abs(samples.astype(int)).max(initial=0))
    return {"peak": loudest, "first": first * 1e3, "sound": len(samples) / RATE, "told": told}


async def next_line() -> str:
    return await asyncio.to_thread(sys.stdin.readline)


async def run(bridge: Bridge, device: str) -> None:
    portaudio, notices = PortAudio(), FakeNotices()
    microphone = Microphone(AudioSettings(device=device), portaudio, bridge, notices)
    while await next_line():
        print(json.dumps(await record(microphone, notices)), flush=True)
    await microphone.close()
    portaudio.close()


def main() -> None:
    bridge = Bridge()
    bridge.start()
    bridge.run(run(bridge, *sys.argv[1:] or [""])).result()
    bridge.stop()


if __name__ == "__main__":
    main()
