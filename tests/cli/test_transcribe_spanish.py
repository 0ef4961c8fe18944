"""Another language than English, offline: a Spanish file, as a user has it transcribed."""

from __future__ import annotations

import shutil

import pytest
import soundfile

from tests import speech
from tests.rigs.as_user import KEY, doctor, run, settings
from tests.rigs.weights import MOONSHINE_BASE_ES
from tests.servers.realtime.server import RealtimeServer
from tests.speech import SPANISH
from tray_dictate.engine.catalogue import find

pytestmark = [pytest.mark.live, pytest.mark.weights]

MODEL = find("moonshine-base-es")
SPOKEN = ("--set", "engine.languages=['es-MX']")


@pytest.fixture
def said(tmp_path):
    samples, rate = speech.spanish()
    soundfile.write(tmp_path / "said.wav", samples, rate, subtype="PCM_16")
    return str(tmp_path / "said.wav")


@pytest.fixture
def home(tmp_path):
    """The home of a user who has the Spanish model, as one without a network gets it: copied."""
    folder = tmp_path / "data" / "tray_dictate" / "models" / MODEL.id
    folder.parent.mkdir(parents=True)
    shutil.copytree(MOONSHINE_BASE_ES, folder)
    done = run(tmp_path, "models", "get", "--yes", MODEL.id, XDG_DATA_HOME=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    return tmp_path


def data(home):
    return {"XDG_DATA_HOME": str(home / "data")}


def test_a_folder_of_ones_own_transcribes_spanish(tmp_path, said):
    model = f"engine.local_model={MOONSHINE_BASE_ES}"
    done = run(tmp_path, "transcribe", said, "--set", model, *SPOKEN)
    assert (done.stdout, done.stderr, done.returncode) == (f"{SPANISH}\n", "", 0)


def test_an_installed_model_is_used_for_its_language(home, said):
    done = run(home, "transcribe", said, *SPOKEN, **data(home))
    assert (done.stdout, done.stderr, done.returncode) == (f"{SPANISH}\n", "", 0)
    listed = run(home, "models", "list", *SPOKEN, **data(home)).stdout
    assert [line for line in listed.splitlines() if line.endswith("installed, in use")]


def test_it_finishes_in_spanish_what_a_server_does_not(home, said):
    with RealtimeServer("openai", key="another") as server:
        words = settings("openai", server.endpoint, "languages=['es']")
        done = run(home, "transcribe", said, *words, **data(home))
    assert (done.stdout, done.returncode) == (f"{SPANISH}\n", 0)
    assert "The offline engine finishes this dictation." in done.stderr
    assert KEY not in done.stderr


def test_the_doctor_names_and_measures_it(home):
    done = doctor(home, *SPOKEN, **data(home))
    assert done.returncode == 0
    assert f"{MODEL.name}, 64 MB, run by onnxruntime; " in done.stdout
    assert "its words are English and are not checked" in done.stdout
