"""Other settings for a running daemon: which parts are replaced, when, and what if one fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.daemon_rig import Rig as DaemonRig
from tests.fakes import (
    FakeCues,
    FakeEngine,
    FakeHotkey,
    FakeMicrophone,
    FakeOutput,
    FakeRewriter,
    FakeTray,
    TemporaryStore,
)
from tests.waiting import until
from tray_dictate.app.component_swap import ComponentSwap
from tray_dictate.app.components import Component, ComponentFactory, Components, Name
from tray_dictate.config import load as config_load
from tray_dictate.config.schema import Config, HistorySettings, OutputSettings
from tray_dictate.core.dictation import Status
from tray_dictate.core.errors import ConfigError, UnavailableError
from tray_dictate.hotkey.switchable import SwitchableHotkey


class Engine(FakeEngine):
    """One whose loading may fail."""

    refuses = ""

    async def load(self) -> None:
        await super().load()
        if self.refuses:
            raise UnavailableError(self.refuses)


class Hotkey(FakeHotkey):
    """One that knows its end."""

    stopped = False

    def stop(self) -> None:
        self.stopped = True


class Output(FakeOutput):
    """One that can go on with other settings, and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.adapted: list[OutputSettings] = []

    def adapt(self, settings: OutputSettings) -> None:
        self.adapted.append(settings)


class History(TemporaryStore):
    """One that remembers its settings."""

    def __init__(self) -> None:
        super().__init__()
        self.adapted: list[HistorySettings] = []

    def change(self, settings: HistorySettings) -> None:
        self.adapted.append(settings)


class Factory(ComponentFactory):
    """Makes fakes; `refused` are the names of components that cannot be made."""

    def __init__(self) -> None:
        self.built: dict[str, Any] = {}
        self.closed: list[Any] = []
        self.refused: set[str] = set()
        self.next_engine = Engine()

    def renew(self, name: Name, components: Components) -> None:
        if name in self.refused:
            raise UnavailableError(f"No {name}.")
        super().renew(name, components)
        self.built[name] = getattr(components, name)

    def engine(self, config: Config) -> FakeEngine:
        return self.next_engine

    def microphone(self, config: Config) -> FakeMicrophone:
        return FakeMicrophone()

    def cues(self, config: Config) -> FakeCues:
        return FakeCues()

    def rewriter(self, config: Config) -> FakeRewriter:
        return FakeRewriter()

    def tray(self, config: Config) -> FakeTray:
        return FakeTray()

    async def close(self, component: Component) -> None:
        self.closed.append(component)


class Rig(DaemonRig):
    """A running daemon, and what gives it other settings."""

    def __init__(self) -> None:
        super().__init__()
        self.factory = Factory()
        self.output = self.parts.output = Output()
        self._replaced, self.history = self.history, History()
        self.parts.history = self.history
        self.parts.config_changed.emit(self.parts.config)
        self.tray.shown.clear()
        self.unknown = False
        self.desktop: Callable[[], object] = lambda: None
        self.hotkeys: list[Hotkey] = []
        keyboard = SwitchableHotkey(lambda *_: self._hotkey(), self.parts.config.hotkey)
        self.swap = ComponentSwap(self.factory, keyboard, self.parts, self.daemon, self.notices)
        self.committed = 0

    async def stop(self) -> None:
        await super().stop()
        await self._replaced.close()

    async def change(self, *settings: str) -> None:
        config = config_load.load(None, ["audio.tail_ms=50", *settings], {})
        async with self.swap.applied(config):
            await self.commit()

    async def commit(self) -> None:
        self.committed += 1

    @property
    def adapted(self) -> list[str]:
        """The names of the components that went on with other settings."""
        return ["output"] * len(self.output.adapted) + ["history"] * len(self.history.adapted)

    async def dictate(self, words: str, key: str = "ctrl_r") -> None:
        count = len(self.tray.shown)
        self.press(key)
        captures = self.parts.microphone.captures
        await until(lambda: captures and captures[-1].opened and not captures[-1].stopped)
        captures[-1].speak(words)
        self.release(key)
        await until(lambda: len(self.tray.shown) > count + 2)
        await self.idle()

    def _hotkey(self) -> FakeHotkey:
        if self.unknown:
            raise UnavailableError("There is no such key.")
        self.desktop()
        self.hotkeys.append(Hotkey())
        return self.hotkeys[-1]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    await rig.daemon.start()
    yield rig
    await rig.stop()


@pytest.mark.parametrize(("setting", "built", "adapted"), [
    ("audio.device=USB", {"microphone", "cues"}, []),
    ("engine.name=openai", {"engine"}, []),
    ("engine.languages=['en']", {"engine"}, []),
    ("engine.local_model=moonshine-base-es", {"engine"}, []),
    ("engine.effort=light", {"engine"}, []),
    ("engine.unload_minutes=5", {"engine"}, []),
    ("text.words=['Ximena']", {"engine"}, []),
    ("engine.model=m", set(), []),
    ("rewrite.command=['cat']", {"rewriter"}, []),
    ("output.method=type", set(), ["output"]),
    ("history.days=1", set(), ["history"]),
    ("tray.icon=false", {"tray"}, []),
    ("text.submit=true", set(), []),
    ("log.level=debug", set(), []),
])  # fmt: skip
async def test_only_what_a_setting_concerns_is_replaced(rig, setting, built, adapted):
    before = {name: getattr(rig.parts, name) for name in built}
    await rig.change(setting)
    assert rig.factory.built.keys() == built
    assert all(getattr(rig.parts, name) is rig.factory.built[name] for name in built)
    before.pop("cues", None)  # they hold nothing that has to be given back
    assert set(map(id, rig.factory.closed)) == set(map(id, before.values()))
    assert rig.adapted == adapted
    assert rig.committed == 1


async def test_a_server_is_told_of_a_new_term(rig):
    await rig.change("engine.name=openai")
    rig.factory.built.clear()
    await rig.change("engine.name=openai", "text.words=['Kubernetes']")
    assert rig.factory.built.keys() == {"engine"}


async def test_the_new_settings_are_those_of_the_next_dictation(rig):
    await rig.change("hotkey.keys=f9", "text.replacements={one = 'two'}", "text.submit=true")
    await rig.dictate("one", "f9")
    await until(lambda: rig.output.text == "two<enter>")


async def test_a_dictation_keeps_its_settings_to_the_end(rig):
    old = rig.parts.engine
    rig.press()
    await rig.say("one.")
    change = asyncio.create_task(
        rig.change("hotkey.keys=f9", "engine.name=openai", "text.replacements={one = 'two'}")
    )
    await until(lambda: rig.committed)
    await rig.say("and one")
    rig.release()
    await change
    assert rig.output.text == "one. And one"
    assert rig.factory.closed == [old]
    assert old.open_sessions == 0
    await rig.dictate("one", "f9")
    assert rig.output.text == "one. And one two"


async def test_a_dictation_begun_while_the_engine_loads_has_the_old_one(rig):
    rig.factory.next_engine.ready.clear()
    change = asyncio.create_task(rig.change("engine.name=openai"))
    await until(lambda: rig.factory.built)
    await rig.dictate("hello")
    assert rig.output.text == "hello"
    assert not change.done()
    rig.factory.next_engine.ready.set()
    await change
    assert rig.parts.engine is rig.factory.next_engine


async def test_an_engine_that_does_not_load_changes_nothing(rig):
    rig.factory.next_engine.refuses = "There is no key."
    before = rig.parts.engine, rig.parts.microphone, rig.parts.config
    with pytest.raises(UnavailableError, match="There is no key"):
        await rig.change("engine.name=openai", "audio.device=USB")
    assert before == (rig.parts.engine, rig.parts.microphone, rig.parts.config)
    del rig.factory.built["cues"]  # they hold nothing that has to be given back
    assert set(map(id, rig.factory.closed)) == set(map(id, rig.factory.built.values()))
    assert rig.committed == 0


async def test_one_part_that_cannot_be_made_ends_those_that_were(rig):
    rig.factory.refused.add("tray")
    with pytest.raises(UnavailableError, match="No tray"):
        await rig.change("rewrite.command=['cat']", "tray.icon=false")
    assert rig.factory.closed == [rig.factory.built["rewriter"]]


async def test_what_cannot_be_written_down_changes_nothing(rig):
    async def commit() -> None:
        raise ConfigError(["the disk is full"])

    rig.commit = commit
    with pytest.raises(ConfigError):
        await rig.change("rewrite.command=['cat']")
    assert rig.parts.rewriter is rig.rewriter
    assert rig.factory.closed == [rig.factory.built["rewriter"]]


async def test_a_hotkey_that_cannot_be_had_changes_nothing(rig):
    rig.unknown = True
    with pytest.raises(UnavailableError, match="no such key"):
        await rig.change("hotkey.keys=f9", "rewrite.command=['cat']")
    assert rig.factory.closed == [rig.factory.built["rewriter"]]
    assert rig.committed == 0
    await rig.dictate("still here")
    assert rig.output.text == "still here"


async def test_a_desktop_that_answers_late_about_the_hotkey_holds_nothing_up(rig):
    """As a portal that starts; what is made is made on a thread of its own."""
    answered = threading.Event()
    rig.desktop = lambda: answered.wait(10) or pytest.fail("the loop was held up")
    asyncio.get_running_loop().call_later(0.05, answered.set)
    await rig.change("hotkey.keys=f9")
    assert rig.committed == 1


async def test_a_hotkey_that_was_made_for_nothing_is_stopped(rig):
    async def commit() -> None:
        raise ConfigError(["It cannot be written."])

    rig.commit = commit
    with pytest.raises(ConfigError):
        await rig.change("hotkey.keys=f9")
    assert [hotkey.stopped for hotkey in rig.hotkeys] == [False, True]


async def test_a_new_tray_shows_what_the_old_one_did(rig):
    await rig.change("tray.notifications=false")
    assert rig.factory.built["tray"].shown == [Status.IDLE]


async def test_a_text_that_is_inserted_again_is_waited_for(rig):
    await rig.dictate("one")
    rig.output.may_deliver.clear()
    redo = asyncio.create_task(rig.daemon.delivery.redo())
    await asyncio.sleep(0.01)
    change = asyncio.create_task(rig.change("output.private=false"))
    await until(lambda: rig.committed)
    await asyncio.sleep(0.01)
    assert rig.adapted == []
    rig.output.may_deliver.set()
    await asyncio.gather(redo, change)
    assert rig.adapted == ["output"]


async def test_a_dictation_begun_behind_an_insertion_is_waited_for_too(rig):
    await rig.dictate("one")
    rig.output.may_deliver.clear()
    redo = asyncio.create_task(rig.daemon.delivery.redo())
    await asyncio.sleep(0.01)
    change = asyncio.create_task(rig.change("output.private=false"))
    await until(lambda: rig.committed)
    rig.press()
    await rig.say("two")
    rig.output.may_deliver.set()
    await redo
    await asyncio.sleep(0.05)
    assert rig.adapted == []
    rig.release()
    await change
    assert rig.adapted == ["output"]


async def test_an_engine_whose_models_have_changed_is_renewed_between_two_dictations(rig):
    old = rig.parts.engine
    rig.press()
    await rig.say("one.")
    renewing = asyncio.create_task(rig.swap.renew_engine())
    await until(lambda: rig.factory.built)
    await rig.say("two")
    assert rig.parts.engine is old, "the dictation keeps its engine to the end"
    rig.release()
    await renewing
    await rig.idle()
    assert rig.factory.built.keys() == {"engine"}
    assert rig.parts.engine is rig.factory.built["engine"]
    assert rig.factory.closed == [old]
    assert rig.output.text == "one. Two"


async def test_an_engine_that_cannot_be_renewed_stays(rig):
    old, rig.factory.next_engine.refuses = rig.parts.engine, "The model is broken."
    with pytest.raises(UnavailableError, match=r"The model is broken\."):
        await rig.swap.renew_engine()
    assert rig.parts.engine is old
    await rig.dictate("one")
    assert rig.output.text == "one"
