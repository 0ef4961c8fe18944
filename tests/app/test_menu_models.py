"""Getting a speech model by the menu: what is offered, how it goes on, and what becomes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.daemon_rig import Rig
from tests.engine.installed import InstalledModels
from tests.fakes import FakeNotices, FakeTrayCommands
from tests.rigs.weights import MOONSHINE_BASE_ES
from tests.servers.files import file_server
from tests.speech import SPANISH as SPOKEN
from tests.speech import resampled, spanish
from tests.waiting import until
from tray_dictate.app.menu import MenuController
from tray_dictate.app.model_choices import model_choices
from tray_dictate.app.model_downloads import ModelDownloads
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import DictateError, UnavailableError
from tray_dictate.core.ports import MenuState
from tray_dictate.engine.catalogue import Runtime, find
from tray_dictate.engine.local_model import choose
from tray_dictate.engine.model_store import ModelStore
from tray_dictate.engine.offline.loader import load
from tray_dictate.ui.tray.menu import View, menu

SPANISH = find("moonshine-base-es")
ALL: tuple[Runtime, ...] = ("moonshine", "transcribe-cpp")


class Untouched:
    """The parts of the menu that these tests leave alone."""

    async def names(self) -> list[tuple[str, bool]]:
        return []

    def enabled(self) -> bool:
        return False

    def problems(self, _settings: EngineSettings) -> list[str]:
        return []

    def quit(self) -> None: ...


class House:
    """A menu over a store of models; LiveConfig's part of it."""

    def __init__(
        self, *settings: str, runtimes: tuple[Runtime, ...] = ALL, models: ModelStore | None = None
    ) -> None:
        self.rig = Rig(*settings)
        self.models = models or InstalledModels(self.rig.history.folder / "models")
        self.notices = FakeNotices()
        self.told = self.notices.told
        self.downloads = ModelDownloads(self.models, self.notices, runtimes)
        self.renewed = 0
        self.refuses: DictateError | None = None
        other = Untouched()
        self.menu = MenuController(
            self.rig.daemon, self.rig.parts, self, self.notices, other, other, self.models,
            self.downloads, other.quit, login=other, engines=other,
        )  # fmt: skip
        self.menu.start()

    async def renew_engine(self) -> None:
        if self.refuses:
            raise self.refuses
        self.renewed += 1

    @property
    def shown(self) -> MenuState:
        return self.rig.tray.offered[-1] if self.rig.tray.offered else MenuState()

    async def get(self, model: str = SPANISH.id) -> None:
        """Click, and wait until the download goes on."""
        self.menu.get_model(model)
        await until(lambda: self.models.progress and self.shown.download)

    async def say(self, words: str) -> None:
        await until(lambda: self.told and words in self.told[-1])


Houses = Callable[..., House]


@pytest.fixture
async def house() -> AsyncIterator[Houses]:
    houses: list[House] = []

    def build(*settings: str, **parts: Any) -> House:
        houses.append(House(*settings, **parts))
        return houses[-1]

    yield build
    for built in houses:
        await built.rig.history.close()


async def test_a_download_is_told_in_steps_and_the_model_is_used(house):
    its = house("engine.languages=['es-MX']")
    await its.get()
    assert its.shown.download == "Moonshine base, 0 %"
    for percent in (0, 3, 26, 40, 49, 80, 79, 99, 100):
        its.models.progress.advance(percent, 100)
    its.models.arrived.set()
    await its.say("is installed")
    assert its.told == [
        "Downloading Moonshine base, Spanish: 0 %",
        "Downloading Moonshine base, Spanish: 25 %",
        "Downloading Moonshine base, Spanish: 75 %",
        "Moonshine base, Spanish is installed. It is used from now on.",
    ]
    assert set(its.notices.causes) == {"model"}
    assert its.renewed == 1
    await until(lambda: its.shown.engine.endswith("(Moonshine base, Spanish)"))
    assert its.shown.download == ""


@pytest.mark.parametrize(
    ("settings", "model", "use", "renewed"),
    [
        ([], SPANISH.id, "It is used if you choose its language in the menu: Spanish.", 0),
        ([], "canary-180m-flash", "in the menu: English, German or Spanish ...", 0),
        ([], "moonshine-base-en", "It is used from now on.", 1),
        (["engine.local_model=whisper-base"], SPANISH.id, "in the menu, under Offline model", 0),
        (
            ["engine.name=openai", "engine.languages=['es']"], SPANISH.id,
            "It finishes dictations that the server cannot.", 1,
        ),
    ],
)  # fmt: skip
async def test_what_becomes_of_a_model_is_told(house, settings, model, use, renewed):
    its = house(*settings)
    its.models.arrived.set()
    its.menu.get_model(model)
    await its.say("is installed")
    assert use in its.told[-1]
    assert its.renewed == renewed


async def test_a_download_can_be_stopped(house):
    its = house()
    await its.get()
    its.menu.cancel_download()
    await its.say("was stopped")
    await until(lambda: its.shown.download == "")
    assert its.models.progress is None
    assert (its.models.installed(), its.renewed) == ((), 0)
    await its.get()  # the next one may begin
    its.menu.cancel_download()
    await until(lambda: its.shown.download == "")


async def test_there_is_one_download_at_a_time(house):
    its = house()
    await its.get()
    its.menu.get_model("moonshine-base-en")
    await its.say("Moonshine base, Spanish is still being downloaded.")
    its.models.arrived.set()
    await its.say("is installed")
    assert [model.id for model in its.models.installed()] == [SPANISH.id]


async def test_why_a_download_fails_is_told_in_its_place(house):
    its = house()
    its.models.fails = DictateError("The disk is full.")
    await its.get()
    its.models.progress.tell("example.org does not have it.")
    its.models.arrived.set()
    await its.say("The download of Moonshine base, Spanish failed: The disk is full.")
    assert its.told[-2] == "example.org does not have it."
    assert set(its.notices.causes) == {"model"}
    await until(lambda: its.shown.download == "")


async def test_what_nobody_has_foreseen_ends_the_download(house, caplog):
    caplog.set_level(logging.ERROR)
    its = house()
    its.models.fails = RuntimeError("odd")
    await its.get()
    its.models.arrived.set()
    await until(lambda: its.shown.download == "" and "RuntimeError: odd" in caplog.text)


async def test_a_model_that_cannot_be_loaded_is_told_and_the_engine_stays(house):
    its = house("engine.languages=['es']")
    its.refuses = UnavailableError("It is broken.", "Get it again.")
    its.models.arrived.set()
    its.menu.get_model(SPANISH.id)
    await its.say(
        "Moonshine base, Spanish is installed, but cannot be used. It is broken. Get it again."
    )


async def test_nothing_is_downloaded_that_cannot_run_here(house):
    its = house(runtimes=("moonshine",))
    its.menu.get_model("whisper-base")
    await its.say("needs transcribe-cpp, which is not installed. Install it: ")
    assert 'pip install "tray-dictate[models]"' in its.told[-1]
    assert its.models.progress is None


async def test_an_unknown_model_is_told(house):
    its = house()
    its.menu.get_model("no-such")
    await its.say("The catalogue has no model 'no-such'")


def test_english_has_one_offer_and_what_is_installed_is_not_offered_again(tmp_path):
    offers = dict(model_choices(EngineSettings(), InstalledModels(tmp_path)).offers)
    assert next(iter(offers)) == "More accurate English"
    [english] = offers["More accurate English"]
    assert (english.model, english.label, english.terms) == (
        "moonshine-base-en", "Moonshine base (63 MB, MIT)", "",
    )  # fmt: skip
    [spanish] = [offer for offer in offers["Spanish"] if offer.model == SPANISH.id]
    assert spanish.terms == SPANISH.terms
    assert spanish.label == "Moonshine base (64 MB, Moonshine Community License)"
    store = InstalledModels(tmp_path, "moonshine-base-en", SPANISH.id)
    offers = dict(model_choices(EngineSettings(languages=["cy"]), store).offers)
    assert next(iter(offers)) == "Welsh"
    assert "More accurate English" not in offers
    assert SPANISH.id not in [offer.model for offer in offers["Spanish"]]


def test_the_offers_for_a_language_are_few_and_no_two_look_alike(tmp_path):
    offers = dict(model_choices(EngineSettings(), InstalledModels(tmp_path)).offers)
    assert [offer.label for offer in offers["German"]] == [
        "Nemotron 3.5 streaming 0.6B, 28 languages (751 MB, OpenMDW-1.1)",
        "Parakeet TDT 0.6B v3, 25 languages (740 MB, CC-BY-4.0)",
        "Canary 180M Flash, 4 languages (218 MB, CC-BY-4.0)",
        "Qwen3-ASR 0.6B, 30 languages (850 MB, Apache-2.0)",
        "Whisper small, 99 languages (270 MB, Apache-2.0)",
        "Whisper base, 99 languages (85 MB, Apache-2.0)",
    ]
    for language, of in offers.items():
        view = View(choices=MenuState(offers=((language, of),)))
        entries = {entry.name: entry for entry in menu(view, FakeTrayCommands())}
        [offered] = entries["models"].children
        shown = [line.label for line in offered.children]
        assert shown == list(dict.fromkeys(offer.label for offer in of)), "none is cut or doubled"


@pytest.mark.parametrize(
    ("settings", "installed", "used", "known", "models"),
    [
        ({}, [], "Moonshine tiny, English", {"en"}, []),
        ({}, [SPANISH.id], "Moonshine tiny, English", {"en", "es"}, ["", SPANISH.id]),
        ({"languages": ["de"]}, [SPANISH.id], "no model", {"en", "es"}, ["", SPANISH.id]),
        ({"local_model": SPANISH.id}, [SPANISH.id], SPANISH.name, {"es"}, ["", SPANISH.id]),
        ({"local_model": "/gone"}, [], "no model", {"en"}, ["", "/gone"]),
    ],
)  # fmt: skip
def test_what_is_used_and_what_can_be_chosen(settings, installed, used, known, models, tmp_path):
    found = model_choices(EngineSettings(**settings), InstalledModels(tmp_path, *installed))
    assert (found.used, found.known) == (used, known)
    assert [option.value for option in found.models] == models
    chosen = [option.value for option in found.models if option.chosen]
    assert chosen == ([settings.get("local_model", "")] if models else [])


async def test_shutting_down_ends_a_download(house):
    its = house()
    getting = asyncio.create_task(its.downloads.get(SPANISH))
    await until(lambda: its.models.progress)
    getting.cancel()
    await asyncio.wait([getting])
    await until(lambda: its.models.progress is None)


@pytest.mark.weights
async def test_spanish_is_got_by_a_click_and_understood(house, tmp_path):
    with file_server() as server:
        files = tuple(
            replace(
                file, urls=(server.serve(file.name, (MOONSHINE_BASE_ES / file.name).read_bytes()),)
            )
            for file in SPANISH.files
        )
        store = ModelStore(tmp_path / "models", (replace(SPANISH, files=files),))
        its = house("engine.languages=['es']", models=store)
        await until(lambda: its.shown.engine.endswith("(no model)"))
        its.menu.get_model(SPANISH.id)
        await until(lambda: its.renewed)
    await until(lambda: its.shown.engine.endswith(f"({SPANISH.name})"))
    assert its.told[-1].endswith("It is used from now on.")
    settings = its.rig.parts.config.engine
    models = load(choose(settings, store), settings)
    sound = resampled(*spanish(), 16000)
    assert models.decode(sound, (), models.cancellation(), urgent=False).text == SPOKEN
