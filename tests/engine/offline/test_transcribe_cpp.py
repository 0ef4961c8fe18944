"""Models in a single file: what is asked of the library, which is played, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.engine.file_library import LIBRARY, Capabilities, Model
from tests.engine.spoken_words import said
from tests.servers.realtime.words import word
from tests.waiting import wait_until
from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.engine.models import Segmentation, StreamingModels
from tray_dictate.engine.offline.transcribe_cpp import FileModels, FileStream, _check_version
from tray_dictate.engine.segmenter import RATE

WHISPER = Capabilities(("en", "de", "es", "no"), supports_language_detect=True)
NEMOTRON = Capabilities(("en-US", "en-GB", "de-DE"), supports_language_detect=False)


def sound(count, first=0):
    pcm = b"".join(word(number, RATE) for number in range(first, first + count))
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768


def decoded(models: FileModels, samples=None):
    samples = sound(9) if samples is None else samples
    return models.decode(samples, (), models.cancellation(), urgent=False)


def test_what_is_spoken_is_returned_without_tokens():
    found = decoded(Model().models())
    assert found.text.split() == said(9)
    assert found.tokens == ()
    assert not found.cancelled


def test_very_short_sound_is_filled_up_with_silence():
    model = Model()
    assert decoded(model.models(), sound(2)).text.split() == said(2)
    assert model.runs[0]["samples"] == RATE // 2


@pytest.mark.parametrize(
    ("spoken", "capabilities", "asked"),
    [
        ((), WHISPER, None),
        (("es",), WHISPER, "es"),
        (("de-AT",), WHISPER, "de"),
        (("nb",), WHISPER, "no"),
        (("en", "de"), WHISPER, None),
        (("en", "xx"), WHISPER, "en"),
        (("de",), NEMOTRON, "de-DE"),
        (("en-gb",), NEMOTRON, "en-GB"),
        (("en", "de"), NEMOTRON, "en-US"),
        ((), NEMOTRON, None),
        (("de",), Capabilities(()), None),
    ],
    ids=str,
)
def test_the_language_is_asked_for_in_the_models_own_words(spoken, capabilities, asked):
    model = Model(capabilities=capabilities)
    decoded(model.models(spoken))
    assert [run["language"] for run in model.runs] == [asked]


def test_a_model_that_knows_none_of_the_languages_is_refused():
    with pytest.raises(UnavailableError, match=r"words\.gguf does not know the language fr or pl"):
        Model(capabilities=WHISPER).models(("fr", "pl"))


def test_a_language_that_the_user_does_not_speak_is_not_believed():
    model = Model(capabilities=WHISPER, detected="es")
    assert decoded(model.models(("de", "en"))).text.split() == said(9)
    assert [run["language"] for run in model.runs] == [None, "de"]


def test_a_language_that_the_user_speaks_is_believed():
    model = Model(capabilities=WHISPER, detected="en")
    decoded(model.models(("de", "en")))
    assert len(model.runs) == 1


def test_the_words_of_the_user_are_given_to_the_model():
    model = Model()
    decoded(model.models(words=("Anneliese", "nginx")))
    decoded(model.models())
    assert [run["vocabulary"] for run in model.runs] == [["Anneliese", "nginx"], None]


def test_whisper_is_not_given_the_words_because_it_leaves_them_out_then():
    model = Model(arch="whisper")
    decoded(model.models(words=("Anneliese", "nginx")))
    assert [run["vocabulary"] for run in model.runs] == [None]


def test_whisper_is_given_long_segments_and_none_before_it_is_over():
    assert Model(arch="whisper").models().segmentation == Segmentation(longest=28, step=0)


def test_a_model_is_given_no_more_than_it_takes():
    short = Model(capabilities=Capabilities(max_audio_ms=20_000)).models().segmentation
    assert short.longest + short.before + short.after == pytest.approx(20)
    assert Model().models().segmentation == Segmentation()


def test_sound_that_a_model_cannot_end_is_decoded_in_parts_cut_where_it_is_quiet():
    model = Model(most=2.5)
    gap = np.zeros(RATE // 5, np.float32)
    whole = np.concatenate([part for first in range(0, 80, 10) for part in (sound(10, first), gap)])
    assert decoded(model.models(), whole).text.split() == said(80)


def test_sound_that_is_too_short_to_divide_gives_what_was_found():
    model = Model(most=0)
    model.broken = LIBRARY.OutputTruncated("went in circles")
    assert decoded(model.models()).text == ""


def test_a_pass_that_is_cancelled_says_so():
    model = Model(hold=True)
    models = model.models()
    cancel = models.cancellation()
    found = []
    samples = sound(9)
    run = threading.Thread(
        target=lambda: found.append(models.decode(samples, (), cancel, urgent=False))
    )
    run.start()
    wait_until(lambda: model.runs, 10, "a pass")
    cancel.cancel()
    run.join(10)
    assert found[0].cancelled


def test_a_pass_that_was_cancelled_before_it_began_does_not_begin():
    model = Model()
    models = model.models()
    cancel = models.cancellation()
    cancel.cancel()
    assert models.decode(sound(9), (), cancel, urgent=False).cancelled
    assert model.runs == []


def test_a_pass_that_is_cancelled_too_late_spares_the_next_one():
    models = Model().models()
    cancel = models.cancellation()
    models.decode(sound(9), (), cancel, urgent=False)
    cancel.cancel()
    assert not models._session.cancelled.is_set()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("OutOfMemory", "too little free memory"),
        ("Busy", r"words\.gguf failed: some reason"),
        ("TranscribeError", r"words\.gguf failed: some reason"),
    ],
)
def test_a_run_that_fails_is_an_engine_error_in_plain_words(name, words):
    model = Model()
    model.broken = vars(LIBRARY)[name]("some reason")
    with pytest.raises(EngineError, match=words):
        decoded(model.models())


def test_memory_is_freed_between_two_takes_and_the_model_stays():
    model = Model()
    models = model.models()
    decoded(models)
    session = models._session
    models.rest()
    assert session.closed
    assert not model.closed
    assert decoded(models).text.split() == said(9)
    models.close()
    assert model.closed


def test_only_a_model_that_streams_is_one_of_the_streaming_models():
    assert isinstance(Model().models(), StreamingModels)
    assert not isinstance(
        Model(capabilities=Capabilities(supports_streaming=False)).models(), StreamingModels
    )


def stream_of(model) -> FileStream:
    models = model.models()
    return models.stream(models.cancellation())


def test_a_stream_shows_what_it_is_sure_of_and_what_it_is_not():
    stream = stream_of(Model(lag=2))
    assert stream.feed(sound(5)) == "w0 w1 w2 W3 W4"
    assert stream.feed(sound(2, 5)) == "w0 w1 w2 w3 w4 W5 W6"
    assert stream.finish().split() == said(7)


def test_a_stream_may_be_closed_at_any_time_and_leaves_the_model_free():
    model = Model()
    stream = stream_of(model)
    stream.feed(sound(5))
    stream.close()
    stream.close()
    assert model.active is None


def test_a_cancelled_stream_computes_no_more():
    model = Model()
    models = model.models()
    cancel = models.cancellation()
    stream = models.stream(cancel)
    cancel.cancel()
    with pytest.raises(EngineError, match="cancelled"):
        stream.feed(sound(5))


def test_a_second_stream_is_refused_while_the_first_goes_on():
    models = Model().models()
    first = models.stream(models.cancellation())
    with pytest.raises(EngineError, match="already active"):
        models.stream(models.cancellation())
    with pytest.raises(EngineError, match="active"):
        decoded(models)
    first.close()
    assert decoded(models).text.split() == said(9)


LOAD = """
import sys
from pathlib import Path
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine.offline import transcribe_cpp
try:
    transcribe_cpp.load(Path(sys.argv[1]))
except UnavailableError as error:
    print(error)
"""


@pytest.fixture
def package(tmp_path):
    """An installed package: its version, and what its module does when it is imported."""

    def install(version, module):
        (tmp_path / "transcribe_cpp.py").write_text(module)
        record = tmp_path / f"transcribe_cpp-{version}.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(f"Name: transcribe-cpp\nVersion: {version}\n")

    return install


def loaded(folder: Path) -> str:
    """Return what a Python says that finds this folder before its own packages."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    command = [sys.executable, "-c", LOAD, "model.gguf"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return ended.stdout


@pytest.mark.parametrize("version", ["0.4.0", "0.4.2", "1.0"])
def test_another_version_of_the_library_is_refused_and_not_even_imported(
    package, tmp_path, version
):
    package(version, "print('imported')")
    said = loaded(tmp_path)
    assert said.startswith(f"transcribe-cpp {version} is installed, but only 0.4.1 is known to")
    assert "-m pip install transcribe-cpp==0.4.1" in said
    assert "imported" not in said


def test_a_library_that_cannot_be_imported_is_to_be_installed_again(package, tmp_path):
    package("0.4.1", "raise ImportError('no libgomp.so')")
    said = loaded(tmp_path)
    assert said.startswith("transcribe-cpp cannot be loaded: no libgomp.so.")
    assert "--force-reinstall transcribe-cpp==0.4.1" in said


def test_a_library_that_is_not_installed_is_to_be_installed():
    with pytest.raises(UnavailableError, match=r"not installed\. Install it: .* install tr.*==0"):
        _check_version(None)
