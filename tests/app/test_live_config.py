"""Settings of the running daemon: changed from the menu, by an editor, by a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes import FakeNotices
from tests.waiting import until
from tray_dictate.app.live_config import LiveConfig
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import ConfigError, UnavailableError

FILE = '# mine\n[engine]\nmodel = "x"  # why\n'


class Parts:
    """What settings are applied to."""

    def __init__(self) -> None:
        self.config = Config()
        self.times = 0
        self.renewed_after: int | None = None
        self.refuses = self.refuses_late = ""
        self.asked = False
        self.may_apply = asyncio.Event()
        self.may_apply.set()

    @asynccontextmanager
    async def applied(self, config: Config) -> AsyncGenerator[None]:
        if self.refuses:
            raise UnavailableError(self.refuses)
        self.asked = True
        await self.may_apply.wait()  # a new engine loads
        yield
        if self.refuses_late:
            raise UnavailableError(self.refuses_late)
        self.config = config
        self.times += 1

    async def renew_engine(self) -> None:
        if self.refuses:
            raise UnavailableError(self.refuses)
        self.renewed_after = self.times  # changes
        self.times += 1


class Rig:
    """Settings from a file, begun."""

    def __init__(
        self, path: Path, *overrides: str, env: Mapping[str, str] | None = None,
        patience: float = 5.0,
    ) -> None:  # fmt: skip
        self.path, self.parts, self.told = path, Parts(), list[str]()
        sources = Sources(path, overrides, env or {})
        self.parts.config = sources.load()
        self.settings = LiveConfig(
            sources,
            self.parts.config,
            self.parts,
            FakeNotices(self.told.append),
            patience=patience,
        )

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
async def rig(path) -> AsyncIterator[Rig]:
    rig = Rig(path)
    rig.settings.begin()
    yield rig
    await rig.settings.stop()


async def refused(rig: Rig, name: str, value: object) -> str:
    before = rig.text, rig.settings.config
    with pytest.raises(ConfigError) as reason:
        await rig.settings.change(name, value)
    assert before == (rig.text, rig.settings.config), "all is as it was"
    return str(reason.value)


async def test_a_change_is_in_force_and_in_the_file(rig):
    await rig.settings.change("engine.languages", ["de", "en"])
    assert rig.parts.config.engine.languages == ["de", "en"]
    assert rig.settings.config is rig.parts.config
    assert rig.text == '# mine\n[engine]\nmodel = "x"  # why\nlanguages = ["de", "en"]\n'


async def test_our_own_writing_is_no_edit(rig):
    await rig.settings.change("audio.device", "USB")
    await rig.settings.change("audio.device", "")
    await asyncio.sleep(0.6)
    assert rig.parts.times == 2
    assert rig.told == []


async def test_what_is_so_already_is_not_written_down(rig):
    await rig.settings.change("engine.name", "offline")
    assert rig.text == FILE
    assert rig.parts.times == 0


async def test_a_default_that_the_file_names_is_written_as_that(rig):
    await rig.settings.change("engine.model", "")
    assert rig.text == '# mine\n[engine]\nmodel = ""  # why\n'


async def test_a_change_takes_along_what_an_editor_has_just_saved(rig):
    rig.path.write_text("[hotkey]\nkeys = 'f9'\n")
    await rig.settings.change("audio.cues", False)
    assert (rig.parts.config.hotkey.keys, rig.parts.config.audio.cues) == ("f9", False)


@pytest.mark.parametrize(("name", "value"), [
    ("engine.name", "opnai"), ("engine.nme", "openai"), ("motor.name", "openai"),
    ("audio.tail_ms", 10**9), ("engine", "x"),
])  # fmt: skip
async def test_what_is_no_setting_is_refused(rig, name, value):
    assert name.split(".")[0] in await refused(rig, name, value)


async def test_a_broken_file_is_not_overwritten(rig):
    rig.path.write_text("[engine]\nname = \n")
    reason = await refused(rig, "audio.cues", False)
    assert "audio.cues cannot be changed until the file is corrected" in reason
    assert "line 2" in reason


async def test_a_file_that_cannot_be_written_changes_nothing(rig, path):
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        await rig.settings.change("audio.cues", False)
    assert rig.parts.times == 0


async def test_what_cannot_be_applied_is_not_written(rig):
    rig.parts.refuses = "There is no key."
    reason = await refused(rig, "engine.name", "speaches")
    assert "engine.name cannot be changed: There is no key." in reason


async def test_what_fails_after_it_was_written_is_taken_back(rig):
    rig.parts.refuses_late = "F9 cannot be watched."
    assert "F9 cannot be watched." in await refused(rig, "hotkey.keys", "f9")


async def test_set_and_the_environment_win_over_the_file_and_say_so(path):
    env = {"TRAY_DICTATE_AUDIO_DEVICE": "USB"}
    rig = Rig(path, "engine.name=speaches", "engine.endpoint=ws://127.0.0.1:1", env=env)
    assert "while --set engine.name is given" in await refused(rig, "engine.name", "offline")
    reason = await refused(rig, "audio.device", "")
    assert "while the environment variable TRAY_DICTATE_AUDIO_DEVICE is given" in reason


async def test_changes_wait_until_all_parts_are_there(path):
    rig = Rig(path)
    early = asyncio.create_task(rig.settings.change("audio.cues", False))
    await asyncio.sleep(0.05)
    assert rig.parts.times == 0
    rig.settings.begin()
    await early
    assert rig.parts.times == 1
    await rig.settings.stop()


@pytest.mark.parametrize("what", ["menu", "reload", "edit"])
async def test_a_change_under_way_is_over_before_the_end(rig, what):
    rig.parts.may_apply.clear()
    if what == "menu":
        work = rig.settings.change("audio.cues", False)
    else:
        rig.path.write_text("[audio]\ncues = false\n")
        work = rig.settings.reload() if what == "reload" else asyncio.sleep(0)
    changing = asyncio.create_task(work)
    await until(lambda: rig.parts.asked, 20)
    asyncio.get_running_loop().call_later(0.05, rig.parts.may_apply.set)
    await rig.settings.stop()
    assert not rig.parts.config.audio.cues
    assert "cues = false" in rig.text
    await changing
    with pytest.raises(ConfigError, match="tray_dictate is quitting"):
        await rig.settings.change("audio.cues", True)


async def test_a_change_that_does_not_end_is_broken_off_at_the_end(path):
    rig = Rig(path, patience=0.05)
    rig.settings.begin()
    rig.parts.may_apply.clear()
    changing = asyncio.create_task(rig.settings.change("audio.cues", False))
    await until(lambda: rig.parts.asked)
    await rig.settings.stop()
    assert changing.cancelled()
    assert rig.text == FILE


# The file, edited


async def test_an_edit_is_in_force_without_a_word(rig):
    rig.path.write_text("[hotkey]\nkeys = 'f9'\n")
    await until(lambda: rig.parts.config.hotkey.keys == "f9", 20)
    rig.path.unlink()
    await until(lambda: rig.parts.config == Config(), 20)
    assert rig.told == []


async def test_a_broken_edit_is_told_once_and_changes_nothing(rig):
    rig.path.write_text("[hotkey]\nkeys = 'f99'\n")
    await until(lambda: rig.told, 20)
    rig.path.write_text("[hotkey]\nkeys = 'f99'\n")
    await asyncio.sleep(0.6)
    assert len(rig.told) == 1
    assert rig.told[0].startswith("Your previous settings stay in effect.")
    assert str(rig.path) in rig.told[0]
    assert "hotkey.keys: got 'f99'" in rig.told[0]
    assert rig.parts.times == 0


async def test_an_edit_that_is_right_again_takes_back_what_was_told(rig):
    rig.path.write_text("[hotkey]\nkeys = 'f99'\n")
    await until(lambda: len(rig.told) == 1, 20)
    rig.path.write_text(FILE)
    await until(lambda: len(rig.told) == 2, 20)
    assert rig.told[1] == ""


async def test_an_edit_that_cannot_be_applied_is_told(rig):
    rig.parts.refuses = "There is no key."
    rig.path.write_text("[engine]\nname = 'speaches'\n")
    await until(lambda: rig.told, 20)
    assert "There is no key." in rig.told[0]


async def test_what_was_saved_while_the_parts_were_built_counts(path):
    rig = Rig(path)
    path.write_text("[hotkey]\nkeys = 'f9'\n")
    rig.settings.begin()
    await until(lambda: rig.parts.config.hotkey.keys == "f9", 20)
    await rig.settings.stop()


async def test_reload_says_what_has_changed_by_name_only(path):
    rig = Rig(path)
    rig.settings._begun.set()  # without the watching
    path.write_text("[hotkey]\nkeys = 'f9'\n[rewrite]\ncommand = ['secret']\n")
    said = await rig.settings.reload()
    assert said == "Changed: hotkey.keys, engine.model, rewrite.command."
    assert await rig.settings.reload() == "The settings have not changed."
    path.write_text("[hotkey]\nkeys = 'f99'\n")
    with pytest.raises(ConfigError, match="f99"):
        await rig.settings.reload()
    assert rig.parts.times == 1


async def test_an_engine_is_renewed_after_a_change_that_goes_on(rig):
    rig.parts.may_apply.clear()
    change = asyncio.create_task(rig.settings.change("engine.name", "openai"))
    await until(lambda: rig.parts.asked)
    renewal = asyncio.create_task(rig.settings.renew_engine())
    await asyncio.sleep(0)
    rig.parts.may_apply.set()
    await asyncio.gather(change, renewal)
    assert rig.parts.renewed_after == 1


async def test_why_an_engine_is_not_renewed_is_told_to_the_caller(rig):
    rig.parts.refuses = "The model is broken."
    with pytest.raises(UnavailableError, match="broken"):
        await rig.settings.renew_engine()
