"""Which model the offline engine uses, by the settings and by what is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.installed import InstalledModels
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine.catalogue import find, models
from tray_dictate.engine.local_model import BASE, BUILT_IN, choose, ranked

BOTH = {"moonshine", "transcribe-cpp"}
BASE_NAME, SPANISH, CANARY, PARAKEET, NEMOTRON, WHISPER = (
    find(model).name
    for model in (
        BASE, "moonshine-base-es", "canary-180m-flash", "parakeet-tdt-v3", "nemotron-3.5",
        "whisper-small",
    )
)  # fmt: skip

TABLE = [
    ("any language is English, which is built in", {}, [], BUILT_IN),
    ("another model does not replace the built-in English", {}, ["whisper-small"], BUILT_IN),
    ("English in any region", {"languages": ["en-GB", "en"]}, [], BUILT_IN),
    ("the larger half of the built-in English", {"languages": ["en"]}, [BASE], BASE_NAME),
    ("the same by its name", {"local_model": BASE}, [BASE], BASE_NAME),
    ("light leaves the larger half out", {"effort": "light"}, [BASE], BUILT_IN),
    ("the only one that knows it", {"languages": ["es"]}, [BASE, "moonshine-base-es"], SPANISH),
    ("a region is of a language", {"languages": ["de-AT"]}, ["canary-180m-flash"], CANARY),
    ("two regions are one language", {"languages": ["de-AT", "de"]}, ["canary-180m-flash"], CANARY),
    (
        "text while one speaks is worth more",
        {"languages": ["es"]}, ["moonshine-base-es", "nemotron-3.5"], NEMOTRON,
    ),
    (
        "a slow one comes last",
        {"languages": ["de"]}, ["canary-1b-v2", "whisper-small"], WHISPER,
    ),
    (
        "of two the catalogue's first",
        {"languages": ["de"]}, ["canary-180m-flash", "parakeet-tdt-v3"], PARAKEET,
    ),
    (
        "several languages: one that knows all",
        {"languages": ["es", "ja"]}, ["moonshine-base-es", "whisper-small"], WHISPER,
    ),
    (
        "English among them",
        {"languages": ["en", "de"]}, [BASE, "canary-180m-flash"], CANARY,
    ),
    ("a chosen one", {"local_model": "whisper-small"}, ["whisper-small"], WHISPER),
    (
        "Norwegian by another code",
        {"languages": ["no"]}, ["nemotron-3.5"], NEMOTRON,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "installed", "chosen"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_model_is_chosen(settings, installed, chosen, tmp_path):
    store = InstalledModels(tmp_path, *installed)
    model = choose(EngineSettings(**settings), store, BOTH)
    assert (model.name, model.warning) == (chosen, "")


PARTLY = [
    (["de", "en"], [], BUILT_IN, "German"),
    (["es", "ja", "ko"], ["moonshine-base-es"], SPANISH, "Japanese or Korean"),
    (["ja", "es"], ["moonshine-base-es"], SPANISH, "Japanese"),
]


@pytest.mark.parametrize(("spoken", "installed", "chosen", "unknown"), PARTLY, ids=str)
def test_one_that_knows_a_part_comes_with_a_warning(spoken, installed, chosen, unknown, tmp_path):
    store = InstalledModels(tmp_path, *installed)
    model = choose(EngineSettings(languages=spoken), store, BOTH)
    assert model.name == chosen
    assert model.warning.startswith(f"{chosen} does not know {unknown}. `tray-dictate models get ")
    advised = find(model.warning.partition("models get ")[2].partition("`")[0])
    assert set(spoken) <= set(advised.languages)


@pytest.mark.parametrize("setting", [{"languages": ["fr"]}, {"languages": ["fr", "es-MX"]}])
def test_a_chosen_model_is_used_for_a_language_that_it_does_not_know(setting, tmp_path):
    store = InstalledModels(tmp_path, "moonshine-base-es")
    model = choose(EngineSettings(local_model="moonshine-base-es", **setting), store)
    assert (model.name, model.path) == (SPANISH, tmp_path / "moonshine-base-es")
    assert "does not know French. `tray-dictate models get " in model.warning


@pytest.mark.parametrize(
    ("settings", "reason", "remedy"),
    [
        ({"languages": ["de"]}, "has no model that knows German.", "tray-dictate models get "),
        ({"languages": ["de", "fr"]}, "knows German or French.", "tray-dictate models get "),
        ({"languages": ["zu"]}, "knows Zulu.", "choose a server"),
        (
            {"local_model": "whisper-small"}, "whisper-small, which engine.local_model names, ",
            "`tray-dictate models get whisper-small` gets it.",
        ),
        ({"local_model": "whisper-smal"}, "did you mean whisper-small", ""),
        ({"local_model": "/nowhere/at/all"}, "does not exist.", '"" means the best'),
        ({"local_model": "missing.gguf"}, "does not exist.", '"" means the best'),
        ({"local_model": "~nobody/x"}, "does not exist.", '"" means the best'),
        ({"local_model": f"/{'x' * 5000}"}, "File name too long", ""),
    ],
)  # fmt: skip
def test_where_none_fits_the_reason_and_the_remedy_are_told(settings, reason, remedy, tmp_path):
    with pytest.raises(UnavailableError) as refused:
        choose(EngineSettings(**settings), InstalledModels(tmp_path))
    assert reason in refused.value.reason
    assert remedy in refused.value.remedy


def test_a_model_whose_library_is_missing_comes_last(tmp_path):
    store = InstalledModels(tmp_path, "moonshine-base-es", "nemotron-3.5")
    assert choose(EngineSettings(languages=["es"]), store, {"moonshine"}).name == SPANISH
    assert [model.runtime for model in ranked(models(), {"moonshine"})][:2] == ["moonshine"] * 2


def test_a_folder_of_ones_own_is_of_the_moonshine_family(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "encoder_model.ort").write_bytes(b"12")
    settings = EngineSettings(local_model=str(folder), languages=["fr"])
    with pytest.raises(UnavailableError, match="is no speech model"):
        choose(settings, InstalledModels(tmp_path))
    (folder / "decoder_model_merged.onnx").write_bytes(b"345")
    model = choose(settings, InstalledModels(tmp_path))
    assert (model.name, model.runtime, model.path) == ("mine", "moonshine", folder)
    assert (model.warning, model.knows_english, model.size()) == ("", True, 5)


@pytest.mark.parametrize("name", ["ggml-tiny.bin", "parakeet.gguf"])
def test_a_file_of_ones_own_is_for_transcribe_cpp(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / name).write_bytes(b"1234")
    model = choose(EngineSettings(local_model=f"~/{name}"), InstalledModels(tmp_path))
    assert (model.runtime, model.path, model.size()) == ("transcribe-cpp", tmp_path / name, 4)


def test_a_file_of_the_catalogue_is_what_transcribe_cpp_opens(tmp_path):
    store = InstalledModels(tmp_path, "whisper-small")
    model = choose(EngineSettings(languages=["de"]), store)
    assert model.path == tmp_path / "whisper-small" / find("whisper-small").files[0].name
    assert isinstance(model.path, Path)
