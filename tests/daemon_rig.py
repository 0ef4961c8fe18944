"""A running daemon on fakes: keys in, words out."""

from __future__ import annotations

import asyncio
import time
from typing import Self

from tests.fakes import (
    FakeCapture,
    FakeCues,
    FakeEngine,
    FakeHotkey,
    FakeLock,
    FakeMicrophone,
    FakeOutput,
    FakeRewriter,
    FakeTray,
    TemporaryStore,
)
from tests.waiting import until
from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon, Limits
from tray_dictate.app.notices import Notices
from tray_dictate.config import load
from tray_dictate.core.dictation import Status
from tray_dictate.core.keys.chord import Edge
from tray_dictate.history.entries import Entry


class Rig:
    """A running daemon and everything around it; ports.HotkeyListener, as the app is."""

    def __init__(
        self, *settings: str, microphone: FakeMicrophone | None = None, limits: Limits | None = None
    ) -> None:
        self.microphone = microphone or FakeMicrophone()
        self.engine, self.output, self.tray = FakeEngine(), FakeOutput(), FakeTray()
        self.hotkey, self.cues = FakeHotkey(), FakeCues()
        self.rewriter, self.lock = FakeRewriter(), FakeLock()
        self.history = TemporaryStore()
        loaded = load.load(None, ["audio.tail_ms=50", *settings], {})
        self.parts = parts = Components(
            loaded, self.hotkey, self.microphone, self.engine, self.output, self.tray, self.cues,
            self.rewriter, self.history, lock=self.lock,
        )  # fmt: skip
        self.notices = Notices()
        self.notices.show_on(self.tray)
        self.daemon = Daemon(parts, self.notices, limits or Limits())
        self.hotkey.start(self)

    async def __aenter__(self) -> Self:
        await self.daemon.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the daemon, and let go of the history's file."""
        await self.daemon.stop()
        await self.history.close()

    def press(self, key: str = "ctrl_r") -> None:
        self.daemon.edge(Edge(key, True, time.monotonic()))

    def release(self, key: str = "ctrl_r") -> None:
        self.daemon.edge(Edge(key, False, time.monotonic()))

    def edge(self, edge: Edge) -> None:
        asyncio.get_running_loop().call_soon(self.daemon.edge, edge)

    def caught_up(self, mark: int) -> None:
        asyncio.get_running_loop().call_soon(self.daemon.caught_up, mark)

    def lost(self, reason: str) -> None:
        raise AssertionError(reason)

    async def capture(self) -> FakeCapture:
        """Wait for the recording that goes on now."""
        captures = self.microphone.captures
        await until(lambda: captures and captures[-1].opened and not captures[-1].stopped)
        return captures[-1]

    async def say(self, words: str) -> None:
        (await self.capture()).speak(words)

    async def idle(self) -> None:
        await until(lambda: self.tray.shown[-1] in (Status.IDLE, Status.ERROR, Status.OFF))


async def spoken(rig: Rig, *segments: str) -> None:
    """Dictate these segments while the hotkey is held, and wait for the end."""
    rig.press()
    for words in segments:
        await rig.say(words)
    rig.release()
    await rig.idle()


async def recorded(rig: Rig, count: int = 1) -> list[Entry]:
    """Wait for so many entries of the history and return the last ones, the newest first."""
    async with asyncio.timeout(20):
        while len(entries := await rig.history.last(9)) < count:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.002)
    return entries
