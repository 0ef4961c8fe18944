"""What a click in the menu does, and what the menu finds when it opens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.waiting import until
from tray_dictate.app.menu import Asks, MenuController
from tray_dictate.config.schema import Config, EngineSettings
from tray_dictate.core.errors import ConfigError, DictateError, UnavailableError
from tray_dictate.core.ports import MenuState
from tray_dictate.history.entries import Entry

SECRET = "what nobody may read"


class House:
    """Those who are asked, and what they were asked."""

    def __init__(self, **other: Any) -> None:
        self.config = Config()
        self.microphones = [("Built-in", True)]
        self.entries = [Entry(3, 3.5, SECRET, "", "delivered", "")]
        self.changed: list[tuple[str, Any]] = []
        self.kept: list[str] = []
        self.opened: list[str] = []
        self.starts = False
        self.offered: list[MenuState] = []
        self.told: list[str] = []
        asks = Asks(
            config=lambda: self.config, hint=lambda: "hold Meta+D",
            change=self._change, microphones=self._microphones,
            last=self._last, keep=self._keep, unusable=lambda _: [], admitted=self._admitted,
            autostart=lambda: self.starts, set_autostart=self._set_autostart, open=self._open,
            offer=self.offered.append, tell=self.told.append,
        )  # fmt: skip
        self.offering = MenuController(replace(asks, **other))

    async def _change(self, name: str, value: Any) -> None:
        self.changed.append((name, value))

    async def _microphones(self) -> list[tuple[str, bool]]:
        await asyncio.sleep(0.01)
        return self.microphones

    async def _last(self, count: int) -> list[Entry]:
        return self.entries[:count]

    async def _keep(self, text: str) -> None:
        self.kept.append(text)

    async def _admitted(self, engine: EngineSettings) -> None: ...

    def _set_autostart(self, on: bool) -> None:
        self.starts = on

    async def _open(self, name: str) -> None:
        self.opened.append(name)


async def test_a_look_finds_what_there_is_now() -> None:
    house = House()
    house.offering.look()
    await until(lambda: house.offered)
    house.microphones = [("Built-in", True), ("USB", False)]
    house.starts = True
    house.offering.look()
    await until(lambda: len(house.offered) == 2)
    before, now = house.offered
    assert [choice.value for choice in before.microphones] == ["", "Built-in"]
    assert [choice.value for choice in now.microphones] == ["", "Built-in", "USB"]
    assert (before.autostart, now.autostart) == (False, True)
    assert [choice.value for choice in now.recent] == [3.5]
    assert now.hint == "hold Meta+D"
    assert now.microphone == "Built-in"
    assert now.engine == "This computer, English only"


async def test_a_storm_of_looks_is_two() -> None:
    house = House()
    for _ in range(50):
        house.offering.look()
        await asyncio.sleep(0)
    await until(lambda: len(house.offered) == 2)
    await asyncio.sleep(0.05)
    assert len(house.offered) == 2


async def test_a_list_that_cannot_be_had_does_not_hide_the_others() -> None:
    async def broken() -> Any:
        raise DictateError("no sound server")

    def never() -> bool:
        raise UnavailableError("no session")

    house = House(microphones=broken, autostart=never)
    house.offering.look()
    await until(lambda: house.offered)
    [now] = house.offered
    assert [choice.value for choice in now.microphones] == [""]
    assert now.autostart is None
    assert now.recent
    assert house.told == []


async def test_a_setting_is_changed_and_shown() -> None:
    house = House()
    house.offering.set("audio.device", "USB")
    await until(lambda: house.offered)
    assert house.changed == [("audio.device", "USB")]


async def test_a_cloud_without_a_key_is_not_chosen_and_the_remedy_is_told() -> None:
    asked: list[str] = []

    async def no_key(engine: EngineSettings) -> None:
        asked.append(engine.name)
        raise UnavailableError("There is no key for openai.", "Run `tray-dictate key set`.")

    house = House(admitted=no_key)
    house.offering.set("engine.name", "openai")
    await until(lambda: house.offered)  # the host may have ticked it already
    assert (asked, house.changed) == (["openai"], [])
    assert house.told == ["There is no key for openai. Run `tray-dictate key set`."]


async def test_what_stands_in_the_way_of_a_change_is_told() -> None:
    async def refuse(name: str, value: Any) -> None:
        raise ConfigError([f"{name} cannot be changed"])

    house = House(change=refuse)
    house.offering.set("output.method", "type")
    await until(lambda: house.offered)
    assert house.told == ["output.method cannot be changed"]


async def test_a_recent_dictation_is_copied_by_its_time() -> None:
    house = House()
    house.entries.append(Entry(0, 2.5, "", "only said", "kept", ""))
    house.offering.copy(2.5)
    house.offering.copy(3.5)
    house.offering.copy(1.5)
    await until(lambda: house.told)
    assert house.kept == ["only said", SECRET]
    assert house.told == ["That dictation is no longer in the history."]


async def test_start_at_login_is_switched_and_shown_as_it_really_is() -> None:
    house = House()
    house.offering.autostart(True)
    await until(lambda: house.offered)
    assert house.offered[-1].autostart is True

    def refuse(on: bool) -> None:
        raise UnavailableError("It cannot be written.")

    house = House(set_autostart=refuse)
    house.offering.autostart(True)
    await until(lambda: house.offered)
    assert house.offered[-1].autostart is False
    assert house.told == ["It cannot be written."]


async def test_what_nobody_has_foreseen_fails_nothing_and_says_no_word_of_the_user(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_: str) -> None:
        raise RuntimeError("broken")

    house = House(open=broken)
    house.offering.open("log")
    house.offering.copy(3.5)
    house.offering.look()
    await until(lambda: "RuntimeError" in caplog.text and house.offered)
    assert SECRET not in caplog.text
    assert house.told == []
