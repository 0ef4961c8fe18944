"""What doctor says of the hotkey without a display; tests/desktop presses it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.fakes import FakeHotkey, FakePrompter
from tests.hotkey.input_devices import Pipes, key
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.doctor import hotkey
from tray_dictate.hotkey.evdev import EvdevHotkey


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


async def test_who_chose_the_commands_is_asked_for_no_key():
    user = FakePrompter()
    [found] = await hotkey.check_hotkey(HotkeySettings(source="commands"), user, 0.1)
    assert (found.name, found.state, user.requests) == ("hotkey", "unchecked", [])
    assert "tray-dictate toggle" in found.remedy


async def test_who_may_read_the_keyboards_hears_what_that_means_on_every_desktop():
    pipes = Pipes("keyboard")

    class Keyboards:
        def select(self, settings, notices) -> EvdevHotkey:
            return EvdevHotkey(settings, notices, pipes)

    def press(_request: str) -> None:
        pipes.send("keyboard", key("f9", 1) + key("f9", 0))

    found = await hotkey.check_hotkey(
        HotkeySettings(keys="f9", source="evdev"), FakePrompter(press), backends=Keyboards()
    )
    assert [(one.name, one.state) for one in found] == [("hotkey", "ok"), ("privacy", "warning")]
    assert "leave the group input" in found[1].remedy


async def test_keys_that_come_when_the_check_is_over_are_given_back():
    asked, may_answer, stopped = threading.Event(), threading.Event(), threading.Event()

    class Keys(FakeHotkey):
        def stop(self) -> None:
            stopped.set()

    class Slow:
        def select(self, _settings, _notices) -> Keys:
            asked.set()
            assert may_answer.wait(20)
            return Keys()

    looking = asyncio.create_task(hotkey.check_hotkey(HotkeySettings(), None, backends=Slow()))
    assert await asyncio.to_thread(asked.wait, 20)
    looking.cancel()
    await asyncio.wait({looking})
    may_answer.set()
    assert await asyncio.to_thread(stopped.wait, 20)
