"""What a click in the menu does, and what the menu finds when it opens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.daemon_rig import Rig
from tests.engine.installed import InstalledModels
from tests.fakes import FakeNotices, FakeOutput, FakeTrayCommands
from tests.waiting import until
from tray_dictate.app.menu import MenuController, PostedCommands
from tray_dictate.app.model_downloads import ModelDownloads
from tray_dictate.config import load
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import ConfigError, DictateError, UnavailableError
from tray_dictate.core.ports import Document
from tray_dictate.history.entries import Entry

SECRET = "what nobody may read"


_opened: list[Rig] = []


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Let go of what the rigs of a test hold."""
    yield
    while _opened:
        await _opened.pop().history.close()


class History:
    """Entries that the test puts there."""

    def __init__(self) -> None:
        self.entries = [Entry(3, 3.5, SECRET, "", "delivered", "")]

    async def last(self, count: int = 1) -> list[Entry]:
        return self.entries[:count]


class Output(FakeOutput):
    """A clipboard that remembers all that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.copied: list[str] = []

    async def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)


class House:
    """A menu, and those whom it asks: the fakes are told what to answer, and remember the rest."""

    def __init__(self) -> None:
        self.rig = Rig()
        _opened.append(self.rig)
        self.config = self.rig.parts.config
        self.microphones: list[tuple[str, bool]] | DictateError = [("Built-in", True)]
        self.history = self.rig.parts.history = History()
        self.output = self.rig.parts.output = Output()
        self.entries, self.kept = self.history.entries, self.output.copied
        self.changed: list[tuple[str, Any]] = []
        self.refuses_change: DictateError | None = None
        self.opened: list[str] = []
        self.breaks_open = False
        self.starts = False
        self.login_trouble: UnavailableError | None = None
        self.asked_keys: list[str] = []
        self.no_key: UnavailableError | None = None
        self.quits = 0
        self.offered = self.rig.tray.offered
        notices = FakeNotices()
        self.told = notices.told
        self.models = InstalledModels(self.rig.history.folder / "models")
        self.renewed = 0
        self.refuses_renewal: DictateError | None = None
        self.menu = MenuController(
            self.rig.daemon, self.rig.parts, self, notices, self, self, self.models,
            ModelDownloads(self.models, notices), self._quit, login=self, engines=self,
        )  # fmt: skip

    # for LiveConfig

    async def change(self, name: str, value: Any) -> None:
        if self.refuses_change:
            raise self.refuses_change
        self.changed.append((name, value))

    async def renew_engine(self) -> None:
        if self.refuses_renewal:
            raise self.refuses_renewal
        self.renewed += 1

    # for DeviceList

    async def names(self) -> list[tuple[str, bool]]:
        await asyncio.sleep(0.01)
        if isinstance(self.microphones, DictateError):
            raise self.microphones
        return self.microphones

    # for Documents

    async def open(self, document: Document) -> None:
        if self.breaks_open:
            raise RuntimeError("broken")
        self.opened.append(document)

    # for Autostart

    def enabled(self) -> bool:
        if self.login_trouble:
            raise self.login_trouble
        return self.starts

    def enable(self) -> None:
        self.starts = True

    def disable(self) -> None:
        self.starts = False

    # for Engines

    def problems(self, _settings: EngineSettings) -> list[str]:
        return []

    async def check_key(self, settings: EngineSettings) -> None:
        self.asked_keys.append(settings.name)
        if self.no_key:
            raise self.no_key

    def _quit(self) -> None:
        self.quits += 1


class Refusing(House):
    """One whose session cannot be told to start us."""

    def enable(self) -> None:
        raise UnavailableError("It cannot be written.")


async def test_a_look_finds_what_there_is_now() -> None:
    house = House()
    house.menu.refresh()
    await until(lambda: house.offered)
    house.microphones = [("Built-in", True), ("USB", False)]
    house.starts = True
    house.menu.refresh()
    await until(lambda: len(house.offered) == 2)
    before, now = house.offered
    assert [choice.value for choice in before.microphones] == ["", "Built-in"]
    assert [choice.value for choice in now.microphones] == ["", "Built-in", "USB"]
    assert (before.autostart, now.autostart) == (False, True)
    assert [choice.value for choice in now.recent] == [3.5]
    assert now.hint == "hold right Ctrl and speak"
    assert now.microphone == "Built-in"
    assert now.engine == "Offline, on this computer (Moonshine tiny, English)"


async def test_a_storm_of_looks_is_two() -> None:
    house = House()
    for _ in range(50):
        house.menu.refresh()
        await asyncio.sleep(0)
    await until(lambda: len(house.offered) == 2)
    await asyncio.sleep(0.05)
    assert len(house.offered) == 2


async def test_a_list_that_cannot_be_had_does_not_hide_the_others() -> None:
    house = House()
    house.microphones = DictateError("no sound server")
    house.login_trouble = UnavailableError("no session")
    house.menu.refresh()
    await until(lambda: house.offered)
    [now] = house.offered
    assert [choice.value for choice in now.microphones] == [""]
    assert now.autostart is None
    assert now.recent
    assert house.told == []


async def test_a_setting_is_changed_and_shown() -> None:
    house = House()
    house.menu.change_setting("audio.device", "USB")
    await until(lambda: house.offered)
    assert house.changed == [("audio.device", "USB")]


async def test_a_cloud_without_a_key_is_not_chosen_and_the_remedy_is_told() -> None:
    house = House()
    house.no_key = UnavailableError("There is no key for openai.", "Run `tray-dictate key set`.")
    house.menu.change_setting("engine.name", "openai")
    await until(lambda: house.offered)  # the host may have ticked it already
    assert (house.asked_keys, house.changed) == (["openai"], [])
    assert house.told == ["There is no key for openai. Run `tray-dictate key set`."]


async def test_what_stands_in_the_way_of_a_change_is_told() -> None:
    house = House()
    house.refuses_change = ConfigError(["output.method cannot be changed"])
    house.menu.change_setting("output.method", "type")
    await until(lambda: house.offered)
    assert house.told == ["output.method cannot be changed"]


async def test_a_recent_dictation_is_copied_by_its_time() -> None:
    house = House()
    house.entries.append(Entry(0, 2.5, "", "only said", "kept", ""))
    house.menu.copy_entry(2.5)
    house.menu.copy_entry(3.5)
    house.menu.copy_entry(1.5)
    await until(lambda: house.told)
    assert house.kept == ["only said", SECRET]
    assert house.told == ["That dictation is no longer in the history."]


async def test_start_at_login_is_switched_and_shown_as_it_really_is() -> None:
    house = House()
    house.menu.set_autostart(True)
    await until(lambda: house.offered)
    assert house.offered[-1].autostart is True

    house = Refusing()
    house.menu.set_autostart(True)
    await until(lambda: house.offered)
    assert house.offered[-1].autostart is False
    assert house.told == ["It cannot be written."]


async def test_what_nobody_has_foreseen_fails_nothing_and_says_no_word_of_the_user(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    house.breaks_open = True
    house.menu.open_document("log")
    house.menu.copy_entry(3.5)
    house.menu.refresh()
    await until(lambda: "RuntimeError" in caplog.text and house.offered)
    assert SECRET not in caplog.text
    assert house.told == []


async def test_other_settings_are_looked_up_and_offered_at_once() -> None:
    house = House()
    house.menu.start()
    await until(lambda: house.offered)
    config = load.load(None, ["engine.name=openai"], {})
    house.rig.parts.take_over(replace(house.rig.parts, config=config))
    await until(lambda: len(house.offered) == 2)
    assert house.offered[-1].engine == "OpenAI, in the cloud"


async def test_what_comes_from_another_thread_is_done_on_the_loop_but_quit_at_once() -> None:
    loop, commands = asyncio.get_running_loop(), FakeTrayCommands()

    class Here:
        def post(self, callback, *args) -> None:
            loop.call_soon_threadsafe(callback, *args)

    posted = PostedCommands(Here(), commands)

    def click() -> None:
        posted.note_click()
        posted.enable(True)
        posted.toggle()
        posted.redo()
        posted.undo()
        posted.copy_last()
        posted.copy_entry(7)
        posted.get_model("whisper-base")
        posted.cancel_download()
        posted.change_setting("audio.device", "USB")
        posted.set_autostart(False)
        posted.open_document("log")
        posted.refresh()
        posted.quit()

    clicking = threading.Thread(target=click)
    clicking.start()
    clicking.join()
    assert commands.did == ["quit"], "also where the loop hangs"
    await until(lambda: "look" in commands.did)
    assert commands.clicks == [1]
    assert commands.did[1:] == [
        ("enable", True), "toggle", "redo", "undo", "copy", ("copy", 7), ("get", "whisper-base"),
        "cancel download", ("audio.device", "USB"),
        ("autostart", False), ("open", "log"), "look",
    ]  # fmt: skip
