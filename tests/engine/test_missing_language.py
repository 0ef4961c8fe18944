"""The offline engine where no model knows the language: told, and not guessed at."""

from __future__ import annotations

import pytest

from tests.engine.installed import InstalledModels as Installed
from tests.fakes import FakeNotices
from tests.speech import pcm16
from tray_dictate import engine
from tray_dictate.cli.main import main
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.doctor.engine import check_engine
from tray_dictate.engine import InstalledModels

GERMAN = EngineSettings(languages=["de"])
TOLD = "The offline engine has no model that knows German."
COMMAND = "`tray-dictate models get "
PARTLY = "Moonshine tiny, English does not know German. `tray-dictate models get "


@pytest.fixture(autouse=True)
def no_models(monkeypatch, tmp_path):
    """Let the user have none."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.mark.parametrize("languages", [[], ["en"], ["en-GB"]], ids=str)
def test_english_needs_no_warning(languages):
    assert engine.warnings(EngineSettings(languages=languages)) == []


def test_a_server_may_know_any_language():
    assert engine.warnings(EngineSettings(name="openai", languages=["de"])) == []


async def test_it_is_told_at_the_start_and_a_take_is_not_guessed_at():
    selected = engine.select(GERMAN, FakeNotices())
    with pytest.raises(UnavailableError) as told:
        await selected.load()
    assert told.value.reason == TOLD
    assert told.value.remedy.startswith(COMMAND)
    with pytest.raises(EngineError, match=TOLD):
        async with selected.session() as session:
            await session.send(pcm16([0.5] * 1600))
    await selected.close()


async def test_a_language_among_several_that_the_model_does_not_know_is_told_at_the_start():
    notices = FakeNotices()
    selected = engine.select(EngineSettings(languages=["de", "en"]), notices)
    [told] = notices.told
    assert told.startswith(PARTLY)
    assert notices.causes == ["engine"]
    await selected.close()


async def test_a_model_that_is_installed_meanwhile_is_found_at_the_next_try(tmp_path):
    store = Installed(tmp_path)
    local = InstalledModels(GERMAN, store)
    with pytest.raises(UnavailableError):
        local.choose()
    store.add("canary-180m-flash")
    assert local.choose().path


def test_the_check_of_the_settings_says_so(capsys):
    assert main(["config", "--check", "--set", "engine.languages=['de']"]) == 0
    assert f"{TOLD} Speech is kept as recordings. {COMMAND}" in capsys.readouterr().out
    assert main(["config", "--check", "--set", "engine.languages=['de', 'en']"]) == 0
    assert PARTLY in capsys.readouterr().out


async def test_the_doctor_says_so():
    [finding] = await check_engine(GERMAN)
    assert (finding.name, finding.state, finding.remedy) == ("engine model", "failed", "")
    assert finding.words.startswith(f"{TOLD} {COMMAND}")


async def test_the_doctor_names_the_model_and_what_it_does_not_know():
    findings = {
        found.name: found for found in await check_engine(EngineSettings(languages=["de", "en"]))
    }
    assert findings["engine model"].words.startswith(
        "Moonshine tiny, English, run by onnxruntime; "
    )
    assert findings["engine text"].state == "ok"
    assert findings["engine languages"].state == "warning"
    assert findings["engine languages"].words.startswith(PARTLY)
