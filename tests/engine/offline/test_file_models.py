"""transcribe-cpp itself, with whisper: English and Spanish dictated, and files that are none."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from importlib import import_module
from typing import Any, cast

import pytest

from tests.engine.file_library import ERRORS
from tests.engine.takes import engine_of, quiet, spoken, transcribed, words
from tests.rigs.weights import WHISPER_BASE, WHISPER_TINY_EN
from tests.speech import SPANISH, resampled, spanish, write_wav
from tests.waiting import until
from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.engine.models import StreamingModels
from tray_dictate.engine.offline import transcribe_cpp
from tray_dictate.engine.offline.engine import OfflineEngine
from tray_dictate.engine.offline.transcribe_cpp import StreamingFileModels

pytestmark = pytest.mark.weights

SENTENCE = "Please send the invoice to accounting before noon."


@pytest.fixture
def tiny():
    models = transcribe_cpp.load(WHISPER_TINY_EN)
    yield models
    models.close()


async def test_english_is_dictated(tiny):
    async with engine_of(tiny) as engine:
        text = await transcribed(engine, quiet(0.5), spoken(SENTENCE))
    assert words(text) == words(SENTENCE)


@pytest.mark.timeout(300)
async def test_spanish_is_dictated_without_being_announced():
    sound = resampled(*spanish(), 16000)
    async with engine_of(transcribe_cpp.load(WHISPER_BASE)) as engine:
        assert await transcribed(engine, quiet(0.5), sound, quiet(0.3)) == SPANISH


async def test_a_pass_is_cancelled_from_another_thread(tiny):
    cancel, found = tiny.cancellation(), []
    samples = spoken(SENTENCE)
    run = threading.Thread(
        target=lambda: found.append(tiny.decode(samples, (), cancel, urgent=False))
    )
    run.start()
    while run.is_alive():
        cancel.cancel()
        run.join(0.01)
    assert found[0].cancelled
    again = tiny.decode(samples, (), tiny.cancellation(), urgent=False)
    assert words(again.text) == words(SENTENCE)


async def test_a_model_that_was_freed_is_loaded_again_for_the_next_take():
    loaded = []

    def load():
        loaded.append(transcribe_cpp.load(WHISPER_TINY_EN))
        return loaded[-1]

    engine = OfflineEngine(load, unload_minutes=0.01 / 60)
    for count in (1, 2):
        assert words(await transcribed(engine, spoken(SENTENCE))) == words(SENTENCE)
        await until(lambda number=count: loaded[number - 1]._model._handle is None)
    assert len(loaded) == 2
    await engine.close()


def test_words_of_the_user_are_not_left_out_where_they_are_said():
    sound = spoken("Please ask Wojciech Kowalczyk for the report.")
    models = transcribe_cpp.load(WHISPER_TINY_EN, words=("Wojciech", "Kowalczyk"))
    found = models.decode(sound, (), models.cancellation(), urgent=False)
    models.close()
    assert words(found.text)[:2] == ["please", "ask"]
    assert words(found.text)[-3:] == ["for", "the", "report"]


@pytest.mark.parametrize("size", [0, 10, 100, 60_000, 5_000_000, -1])
def test_a_file_that_breaks_off_is_refused(tmp_path, size):
    path = tmp_path / "half.bin"
    path.write_bytes(WHISPER_TINY_EN.read_bytes()[:size])
    with pytest.raises(UnavailableError, match=r"half\.bin cannot be loaded: the file is damaged"):
        transcribe_cpp.load(path)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = write_wav(tmp_path / "sound.wav", SENTENCE)
    with pytest.raises(UnavailableError, match=r"sound\.wav cannot be loaded: the file is damaged"):
        transcribe_cpp.load(path)


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UnavailableError, match=r"none\.gguf .*: the file does not exist"):
        transcribe_cpp.load(tmp_path / "none.gguf")


def test_english_whisper_knows_no_german():
    with pytest.raises(UnavailableError, match=r"tiny\.en\.bin does not know the language de"):
        transcribe_cpp.load(WHISPER_TINY_EN, ("de",))


def test_a_model_without_streams_has_none_and_says_so_if_it_is_asked(tiny):
    assert not isinstance(tiny, StreamingModels)
    streaming = StreamingFileModels(tiny._loaded)
    with pytest.raises(EngineError, match=r"tiny\.en\.bin failed: "):
        streaming.stream(streaming.cancellation())
    streaming.rest()


QUIET = """
import sys
from pathlib import Path
import numpy as np
from tray_dictate.engine.offline import transcribe_cpp
models = transcribe_cpp.load(Path(sys.argv[1]))
models.decode(np.zeros(16000, np.float32), (), models.cancellation(), urgent=False)
models.close()
"""


def test_the_library_prints_nothing():
    command = [sys.executable, "-c", QUIET, str(WHISPER_TINY_EN)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")


def test_the_played_library_has_the_names_of_the_real_one(tiny):
    library = cast("Any", import_module("transcribe_cpp"))
    for name in ERRORS:
        assert issubclass(vars(library)[name], library.TranscribeError)
    run = inspect.signature(library.Session.run).parameters
    stream = inspect.signature(library.Session.stream).parameters
    assert {"pcm", "language", "timestamps", "vocabulary"} <= set(run)
    assert {"language", "vocabulary"} <= set(stream)
    assert {"feed", "finalize", "text", "reset"} <= set(vars(library.Stream))
    assert {"full", "committed", "tentative", "display"} <= set(dir(library.StreamText)) | set(
        library.StreamText.__annotations__
    )
    known = tiny._model.capabilities
    assert known.languages == ("en",)
    assert not known.supports_streaming
    assert not known.supports_language_detect
    assert known.max_audio_ms == 0
