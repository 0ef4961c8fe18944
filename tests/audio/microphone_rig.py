"""The microphone over a PortAudio whose callbacks the test makes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from tests.fakes import FakeNotices
from tray_dictate.audio.highpass import HighPass
from tray_dictate.audio.microphone import Limits, Microphone
from tray_dictate.audio.sound_server import Answer
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.errors import CaptureError
from tray_dictate.system.lifetime import acquire, release

RATE = 16000
# 20 ms each, to be told apart
NOISE = [np.random.default_rng(n).integers(-9000, 9000, 320, "<i2").tobytes() for n in range(8)]
LOUD = NOISE[0]
LIMITS = Limits()


class NoServer:
    """No sound server."""

    def ask(self) -> Answer | None:
        """Nobody answers."""


class FakePortAudio:
    """Streams without a device."""

    def __init__(
        self, devices: tuple[str, ...] = ("Built-in", "USB Mic"), rate: int = RATE
    ) -> None:
        self.devices, self.rate = list(devices), rate
        self.server = NoServer()
        self.busy = 0  # how many openings fail
        self.opened: list[int | None] = []
        self.open_streams = 0
        self.rescans = 0
        self.hangs = False
        self.on_audio: Callable[[bytes, bool], None] = lambda *_: None
        self.on_end: Callable[[], None] = lambda: None

    async def call(self, work):
        return work()

    async def acquire(self, work):
        return work()

    async def release(self, stream) -> None:
        self.end(stream)

    def library(self) -> None:
        """There is none to load."""

    def inputs(self):
        return [(index, name, index == 0) for index, name in enumerate(self.devices)]

    def rescan(self) -> None:
        self.rescans += 1

    def open_input(self, device, rate, on_audio, on_end):
        if self.busy:
            self.busy -= 1
            raise CaptureError("The microphone would not open: device busy.")
        self.opened.append(device)
        self.open_streams += 1
        self.on_audio, self.on_end = on_audio, on_end
        return object(), self.rate

    def end(self, stream) -> None:
        self.open_streams -= 1


class SlowPortAudio(FakePortAudio):
    """Opens and ends on a thread, when the test lets it."""

    def __init__(self, rate: int = RATE) -> None:
        super().__init__(rate=rate)
        self.worker = ThreadPoolExecutor(1)
        self.opening, self.may_open = threading.Event(), threading.Event()
        self.early = 1  # chunks

    async def call(self, work):
        return await asyncio.get_running_loop().run_in_executor(self.worker, work)

    async def acquire(self, work):
        return await acquire(work, lambda opened: self.end(opened[0]), self.worker)

    async def release(self, stream) -> None:
        await release(partial(self.end, stream), self.worker)

    def open_input(self, device, rate, on_audio, on_end):
        self.opening.set()
        assert self.may_open.wait(20)
        for _ in range(self.early):  # a device sends before its opening returns
            on_audio(LOUD, False)
        return super().open_input(device, rate, on_audio, on_end)


class Bridge:
    """The loop that the test runs on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.posts = 0

    def post(self, callback, *args) -> None:
        self.posts += 1
        self._loop.call_soon_threadsafe(callback, *args)


class Rig:
    def __init__(
        self,
        portaudio: FakePortAudio | None = None,
        limits: Limits = LIMITS,
        **settings,
    ) -> None:
        self.portaudio = portaudio or FakePortAudio()
        self.said: list[str] = []
        self.bridge = Bridge()
        self.microphone = Microphone(
            AudioSettings(**settings),
            self.portaudio,
            self.bridge,
            FakeNotices(self.said.append),
            limits,
        )

    async def hear(self, data: bytes = LOUD, times: int = 1, lost: bool = False) -> None:
        for _ in range(times):
            self.portaudio.on_audio(data, lost)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def highpass(sent: bytes) -> bytes:
    """Return what of a stream's first samples is recorded: all but what is constant in them."""
    return HighPass(RATE).feed(sent)


async def collect(chunks) -> bytes:
    return b"".join([chunk async for chunk in chunks])
