"""The catalogue that we ship: every entry can be fetched, checked and shown."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from urllib.parse import urlsplit

import pytest

from tests.rigs import weights
from tray_dictate.core.errors import ModelError
from tray_dictate.core.languages import language_problem
from tray_dictate.engine import catalogue
from tray_dictate.engine.catalogue import CatalogueModel

# hosts of public CDNs and of the hub; a package registry's own host is none of them
HOSTS = {"huggingface.co", "cdn.jsdelivr.net", "unpkg.com"}
FREE = {"MIT", "Apache-2.0", "CC-BY-4.0"}

every_package = pytest.mark.parametrize(
    "package",
    [package for package in weights.PACKAGES if isinstance(package, weights.NpmPackage)],
    ids=lambda package: package.folder.name,
)
every_model = pytest.mark.parametrize("model", catalogue.models(), ids=lambda model: model.id)


@every_model
def test_a_model_can_be_shown_chosen_and_judged(model: CatalogueModel):
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", model.id)  # a folder's name on every system
    assert model.name.strip()
    assert model.languages
    assert [wrong for code in model.languages if (wrong := language_problem(code))] == []
    assert len(set(model.languages)) == len(model.languages)
    assert model.runtime in ("moonshine", "transcribe-cpp")
    assert model.speed in ("fast", "medium", "slow")
    assert model.memory > model.size


@every_model
def test_every_file_has_its_size_its_hash_and_safe_mirrors(model: CatalogueModel):
    assert model.files
    for file in model.files:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", file.name)
        assert file.size > 1_000_000
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.urls
        for url in file.urls:
            parts = urlsplit(url)
            assert (parts.scheme, parts.netloc in HOSTS) == ("https", True), url
            assert parts.path.rpartition("/")[2] == file.name


@every_model
def test_a_licence_that_is_not_free_has_one_line_to_accept(model: CatalogueModel):
    assert bool(model.terms) == (model.licence not in FREE)
    if model.terms:
        assert re.fullmatch(r"[^\n]+: https://\S+", model.terms)


@every_model
def test_a_compressed_model_is_there_in_its_larger_file_too(model: CatalogueModel):
    larger = [
        other
        for other in catalogue.models()
        if (other.title, other.languages) == (model.title, model.languages)
        and other.size > model.size
    ]
    assert [other.is_compressed for other in larger] == [False] * model.is_compressed


def test_ids_and_hashes_are_unique():
    models = catalogue.models()
    assert len({model.id for model in models}) == len(models)
    hashes = [file.sha256 for model in models for file in model.files]
    assert len(set(hashes)) == len(hashes)


def test_a_file_of_transcribe_cpp_is_the_only_one_of_its_model_and_pinned_by_its_revision():
    for model in catalogue.models():
        if model.runtime == "transcribe-cpp":
            [file] = model.files
            assert all(re.search(r"/resolve/[0-9a-f]{40}/", url) for url in file.urls)


@every_package
def test_the_weights_of_the_tests_are_those_of_the_catalogue(package: weights.NpmPackage):
    model = catalogue.find(package.folder.name)
    assert {file.name: file.sha256 for file in model.files} == package.files
    for file in model.files:
        assert any(f"/{package.name}/{package.inside}/" in url for url in file.urls)


@pytest.mark.weights
@every_package
def test_the_sizes_are_those_of_the_files(package: weights.NpmPackage):
    model = catalogue.find(package.folder.name)
    assert {file.name: file.size for file in model.files} == {
        path.name: path.stat().st_size for path in package.folder.iterdir()
    }


@pytest.mark.parametrize("name", ["../elsewhere", "/tmp/x", "a/b", ".hidden", "", "a\\b", "c:x"])
@pytest.mark.parametrize("field", ["id", "files"])
def test_no_name_leads_out_of_the_folder_of_models(name: str, field: str):
    text = (files("tray_dictate.engine") / "catalogue.toml").read_text(encoding="utf-8")
    row = tomllib.loads(text)["model"][0]
    if field == "id":
        wrong = text.replace(f'id = "{row["id"]}"', f"id = {json.dumps(name)}", 1)
    else:
        wrong = text.replace(f'name = "{row["files"][0]["name"]}"', f"name = {json.dumps(name)}", 1)
    assert wrong != text
    with pytest.raises(ValueError, match="is not a name of letters"):
        catalogue.parse(wrong)


def test_an_id_finds_its_model():
    assert catalogue.find("moonshine-base-en").languages == ("en",)


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ("whisper-smal.en", "did you mean whisper-small.en?"),
        ("moonshine-base", "did you mean moonshine-base-en or moonshine-base-es?"),
        ("xyz", "tray-dictate models lists them."),
        ("", "tray-dictate models lists them."),
    ],
)
def test_an_unknown_id_suggests_near_ones(wrong: str, remedy: str):
    with pytest.raises(ModelError) as error:
        catalogue.find(wrong)
    assert str(error.value) == f"The catalogue has no model {wrong!r}; {remedy}"


def test_of_many_similar_ids_three_are_suggested():
    with pytest.raises(ModelError, match=r"did you mean (whisper\S+ or ){2}whisper[^ ?]+\?$"):
        catalogue.find("whisper")
