"""The model that was chosen is loaded by what runs it."""

from __future__ import annotations

import pytest

from tests.engine.installed import InstalledModels
from tests.fakes import FakeNotices
from tests.rigs.weights import MOONSHINE_BASE, MOONSHINE_BASE_ES
from tests.speech import SPANISH, resampled, spanish
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine import InstalledModels as LocalModels
from tray_dictate.engine import select
from tray_dictate.engine.local_model import LocalModel, choose
from tray_dictate.engine.models import Segmentation
from tray_dictate.engine.offline.loader import load
from tray_dictate.engine.offline.moonshine import OfflineModels
from tray_dictate.engine.offline.relay import Relay

AUTO = EngineSettings()


def test_the_built_in_english_is_loaded(tmp_path):
    models = load(choose(AUTO, InstalledModels(tmp_path)), AUTO)
    assert type(models) is OfflineModels
    assert models.segmentation == Segmentation(before=0.4, after=0.4)


@pytest.mark.weights
def test_its_larger_half_works_with_it():
    chosen = LocalModel("Base", "moonshine", ("en",), larger=MOONSHINE_BASE)
    assert isinstance(load(chosen, EngineSettings(effort="full")), Relay)


@pytest.mark.weights
@pytest.mark.parametrize(("live", "resting"), [(True, True), (False, False)])
def test_the_larger_half_reads_files_however_slow_it_is(live, resting):
    chosen = LocalModel("Base", "moonshine", ("en",), larger=MOONSHINE_BASE)
    models = load(chosen, AUTO, live=live)
    for _ in range(6):
        models._effort.count(5.0, 5.0, 0.0)
    assert models._effort.is_full(1.0, on_battery=False) is not resting


@pytest.mark.weights
def test_a_folder_is_decoded_alone():
    models = load(LocalModel("es", "moonshine", ("es",), MOONSHINE_BASE_ES), AUTO)
    assert not isinstance(models, Relay)
    sound = resampled(*spanish(), 16000)
    assert models.decode(sound, (), models.cancellation(), urgent=False).text == SPANISH


def test_a_file_is_for_transcribe_cpp(tmp_path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"none")
    with pytest.raises(UnavailableError):  # the library is not installed, or refuses the file
        load(LocalModel("mine", "transcribe-cpp", (), file), AUTO)


@pytest.mark.parametrize(
    ("settings", "installed", "minutes"),
    [
        ({}, [], 0),
        ({"languages": ["es"]}, ["moonshine-base-es"], 30),
        ({"languages": ["es"]}, [], 30),
    ],
)
async def test_only_a_model_that_was_installed_leaves_the_memory(
    settings, installed, minutes, tmp_path
):
    store = InstalledModels(tmp_path, *installed)
    engine = LocalModels(EngineSettings(**settings), store).offline_engine()
    assert engine._unload_after == minutes * 60
    await engine.close()


async def test_a_broken_folder_is_told_when_the_engine_loads(tmp_path):
    for name in ("encoder_model.onnx", "decoder_model_merged.onnx"):
        (tmp_path / name).write_bytes(b"broken")
    engine = select(EngineSettings(local_model=str(tmp_path)), FakeNotices())
    with pytest.raises(UnavailableError):
        await engine.load()
    await engine.close()
