"""The offline engine where another language than English is spoken: told, and not guessed at."""

from __future__ import annotations

import pytest

from tests.engine.fakes import FakeModels
from tests.fakes import FakeNotices
from tests.speech import pcm16
from tray_dictate import engine
from tray_dictate.cli.main import main
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.doctor.engine import check_engine
from tray_dictate.engine.offline.engine import OfflineEngine
from tray_dictate.engine.offline.english import misfit, understands

GERMAN = EngineSettings(languages=["de"])
TOLD = 'The offline engine knows English only, and engine.languages is ["de"].'
ENGLISH = [[], ["en"], ["de", "en"], ["en-GB"]]


@pytest.mark.parametrize("languages", ENGLISH, ids=str)
def test_english_is_understood(languages):
    settings = EngineSettings(languages=languages)
    assert understands(settings)
    assert misfit(settings) == ""
    assert engine.warnings(settings) == []


def test_a_server_may_be_spoken_to_in_any_language():
    assert misfit(EngineSettings(name="openai", languages=["de"])) == ""


async def test_it_is_told_at_the_start_and_the_take_is_not_guessed_at():
    models = FakeModels()
    engine = OfflineEngine(lambda: models, misfit=misfit(GERMAN))
    with pytest.raises(UnavailableError, match="knows English only") as told:
        await engine.load()
    assert "engine.name" in told.value.remedy
    with pytest.raises(EngineError, match="knows English only"):
        async with engine.session() as session:
            await session.send(pcm16([0.5] * 1600))
    assert models.passes == []
    await engine.close()


async def test_the_engine_that_is_selected_says_so():
    selected = engine.select(GERMAN, FakeNotices())
    with pytest.raises(UnavailableError, match="knows English only"):
        await selected.load()
    await selected.close()


def test_the_check_of_the_settings_says_so(capsys):
    assert main(["config", "--check", "--set", "engine.languages=['de']"]) == 0
    assert f"{TOLD} Speech is kept as recordings." in capsys.readouterr().out


async def test_the_doctor_says_so():
    findings = await check_engine(GERMAN)
    assert findings[-1].name == "engine languages"
    assert findings[-1].state == "failed"
    assert TOLD in findings[-1].words
