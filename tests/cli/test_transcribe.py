"""`tray-dictate transcribe` over servers, as a user runs it; test_main.py has it offline."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
from websockets.sync.server import serve

from tests import speech
from tests.rigs.as_user import KEY, environment, run, settings
from tests.rigs.commands import PROGRAM
from tests.servers.realtime.profiles import PROFILES
from tests.servers.realtime.server import RealtimeServer
from tests.waiting import wait_until

pytestmark = pytest.mark.live

SENTENCE = "Please send the invoice to accounting before noon."
OTHER = "The quick brown fox jumps over the lazy dog."
PAUSE = 1.6  # seconds: every segment ends in it, however short
SHORT = "We meet at noon.", "See you tomorrow."


@pytest.fixture
def said(tmp_path):
    return str(speech.write_wav(tmp_path / "said.wav", SENTENCE))


@pytest.fixture
def both(tmp_path):
    """Two sentences and the pauses after them: 9 s."""
    samples, rate = spoken()
    soundfile.write(tmp_path / "both.wav", samples, rate, subtype="PCM_16")
    return str(tmp_path / "both.wav")


@pytest.fixture
def short(tmp_path):
    """Two short sentences, and a pause that ends the first: 5 s."""
    samples, rate = spoken(*SHORT)
    soundfile.write(tmp_path / "short.wav", samples[: -int(rate * PAUSE)], rate, subtype="PCM_16")
    return str(tmp_path / "short.wav")


@pytest.fixture
def transcribe(tmp_path):
    def transcribed(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
        done = run(tmp_path, "transcribe", *args, **env)
        assert "Traceback" not in done.stderr
        # how far it is, which a busy machine has the time to tell
        done.stderr = re.sub(r"^.*: \d+ %\n", "", done.stderr, flags=re.MULTILINE)
        return done

    return transcribed


def spoken(one: str = SENTENCE, other: str = OTHER) -> tuple[speech.Samples, int]:
    first, rate = speech.say(one)
    second, _ = speech.say(other)
    pause = np.zeros(int(rate * PAUSE), np.float32)
    return np.concatenate([first, pause, second, pause]), rate


def test_a_constant_under_quiet_speech_changes_no_word(transcribe, tmp_path):
    quiet, rate = spoken()
    files = [str(tmp_path / f"{offset}.wav") for offset in (0, 0.1, -0.2)]
    for file, offset in zip(files, (0, 0.1, -0.2), strict=True):
        sound = quiet * np.float32(0.1) + np.float32(offset)
        soundfile.write(file, sound, rate, subtype="PCM_16")
    texts = transcribe(*files).stdout.splitlines()
    assert len(texts) == 3
    assert "invoice" in texts[0]
    assert set(texts) == {texts[0]}


@pytest.mark.parametrize("kind", PROFILES)
def test_every_kind_of_server_transcribes_a_file(transcribe, said, kind):
    with RealtimeServer(kind, key=KEY, ear="embedded") as server:
        done = transcribe("--engine", kind, said, *settings("openai", server.endpoint))
        (seen,) = server.report()["connections"]
    assert (done.stdout, done.stderr, done.returncode) == (f"{SENTENCE}\n", "", 0)
    assert seen["violations"] == []


def test_the_sdk_transcribes_a_file(transcribe, said):
    with RealtimeServer("azure", key=KEY, ear="embedded") as server:
        done = transcribe(said, *settings("azure", server.endpoint, "transport=sdk"))
    assert (done.stdout, done.stderr, done.returncode) == (f"{SENTENCE}\n", "", 0)


def test_engine_goes_before_every_other_setting(transcribe, said):
    done = transcribe(
        "--engine", "offline", said, *settings("openai", "ws://127.0.0.1:9"),
        TRAY_DICTATE_ENGINE_NAME="vllm",
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == (f"{SENTENCE}\n", "", 0)


def test_an_engine_that_there_is_not_is_wrongly_asked(transcribe, said):
    done = transcribe("--engine", "opnai", said)
    assert (done.stdout, done.returncode) == ("", 2)
    assert "engine.name" in done.stderr
    assert "'openai'" in done.stderr


def test_a_missing_key_is_one_sentence(transcribe, said):
    done = transcribe("--engine", "openai", said, TRAY_DICTATE_KEY="")
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.startswith("tray-dictate: There is no key for openai")


def test_a_missing_file_is_told_before_an_engine_is_loaded(transcribe):
    done = transcribe("--engine", "openai", "nowhere.wav", TRAY_DICTATE_KEY="")
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == "tray-dictate: nowhere.wav does not exist. Check the name.\n"


def test_a_refused_key_is_told_and_the_offline_engine_does_it(transcribe, said):
    with RealtimeServer("openai", key="another") as server:
        done = transcribe(said, *settings("openai", server.endpoint))
    assert (done.stdout, done.returncode) == (f"{SENTENCE}\n", 0)
    assert done.stderr.count("\n") == 1
    assert "refused the key from TRAY_DICTATE_KEY" in done.stderr
    assert "The offline engine finishes this dictation" in done.stderr


def test_where_the_offline_engine_cannot_help_the_error_is_one_sentence(transcribe, said):
    with RealtimeServer("openai", key="another") as server:
        done = transcribe(said, *settings("openai", server.endpoint, 'languages=["de"]'))
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.count("\n") == 1
    assert "refused the key from TRAY_DICTATE_KEY" in done.stderr
    assert "has no model that knows German. `tray-dictate models get" in done.stderr


def test_a_server_that_dies_in_the_middle_costs_no_word(tmp_path, short):
    with RealtimeServer("openai", key=KEY, ear="embedded") as server:
        process = subprocess.Popen(
            [*PROGRAM, "transcribe", "--realtime", short,
             *settings("openai", server.endpoint, "patience_seconds=1")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment(tmp_path, TRAY_DICTATE_KEY=KEY),
        )  # fmt: skip
        wait_until(
            lambda: [c for c in server.report()["connections"] if c["completed"]], 30, "a text"
        )
        server.kill()
        text, errors = process.communicate(timeout=60)
    assert (text, process.returncode) == (" ".join(SHORT) + "\n", 0)
    assert errors.count("The offline engine finishes this dictation") == 1
    assert "Traceback" not in errors


def test_realtime_takes_as_long_as_the_speech(transcribe, short):
    with RealtimeServer("openai", key=KEY, ear="embedded") as server:
        args = settings("openai", server.endpoint)
        done = transcribe("--realtime", "--json", short, *args)
        transcribe(short, *args)
        live, fast = (
            seen["last_append"] - seen["first_append"] for seen in server.report()["connections"]
        )
    line = json.loads(done.stdout)
    assert [segment["text"] for segment in line["segments"]] == [*SHORT]
    assert all("confidence" not in segment for segment in line["segments"])
    assert line["seconds"] - 1.5 < live < line["seconds"] + 2
    assert fast < live / 2


def test_a_minute_and_a_half_at_once_loses_neither_sound_nor_patience(transcribe, tmp_path):
    samples, rate = spoken()
    times = int(90 * rate / len(samples)) + 1
    soundfile.write(tmp_path / "long.wav", np.tile(samples, times), rate, subtype="PCM_16")
    with RealtimeServer("openai", key=KEY, work=0.5) as server:
        done = transcribe(
            "--json", str(tmp_path / "long.wav"), *settings("openai", server.endpoint)
        )
        (seen,) = server.report()["connections"]  # one: no time limit was hit
    assert done.returncode == 0
    assert "tray-dictate:" not in done.stderr, "the engine had something to tell"
    assert len(json.loads(done.stdout)["segments"]) >= times
    assert seen["audio_bytes"] == pytest.approx(2 * len(samples) * times, rel=0.01)
    assert len(seen["completed"]) == len(seen["commits"])


def test_a_server_that_is_silent_is_not_flooded(transcribe, tmp_path):
    samples, rate = spoken()
    soundfile.write(tmp_path / "long.wav", np.tile(samples, 6), rate, subtype="PCM_16")
    with RealtimeServer("openai", key=KEY) as server:
        args = settings("openai", server.endpoint, "turns=release")
        assert transcribe(str(tmp_path / "long.wav"), *args).returncode == 0
        (seen,) = server.report()["connections"]
    beyond = len(samples) * 6 / rate - 30  # seconds of sound after the first half minute
    assert seen["last_append"] - seen["first_append"] > beyond / 10


@contextmanager
def server_that_is_sure():
    """A server that says how sure it is."""

    def handle(ws):
        ws.send(json.dumps({"type": "session.created", "session": {}}))
        for message in ws:
            match json.loads(message)["type"]:
                case "session.update":
                    ws.send(json.dumps({"type": "session.updated", "session": {}}))
                case "input_audio_buffer.commit":
                    item = {"item_id": "i"}
                    ws.send(json.dumps({"type": "input_audio_buffer.committed", **item}))
                    kind = "conversation.item.input_audio_transcription.completed"
                    sure = {"transcript": "Yes.", "logprobs": [{"token": "Yes", "logprob": -0.25}]}
                    ws.send(json.dumps({"type": kind, **item, **sure}))

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_confidence_is_printed_where_it_is_known(transcribe, said):
    with server_that_is_sure() as endpoint:
        done = transcribe("--json", said, *settings("openai", endpoint, "logprobs=true"))
    (segment,) = json.loads(done.stdout)["segments"]
    assert segment["text"] == "Yes."
    assert segment["confidence"] == pytest.approx(np.exp(-0.25), abs=0.001)


@pytest.mark.peer
def test_a_server_that_is_not_ours_transcribes_a_file(transcribe, both, peer):
    done = transcribe("--engine", "mlx-audio", both, "--set", f"engine.endpoint={peer.endpoint}")
    assert (done.stderr, done.returncode) == ("", 0)
    words = done.stdout.lower()
    assert "invoice to accounting" in words
    assert "jumps over the lazy dog" in words
