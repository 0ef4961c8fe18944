"""`tray-dictate history` and `stats`, as a user runs them, on the files of a real home."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests import speech
from tests.rigs.as_user import KEY, environment, run, settings
from tests.rigs.commands import PROGRAM
from tests.servers.realtime.server import RealtimeServer
from tray_dictate.history import recordings
from tray_dictate.history.entries import Entry, History
from tray_dictate.history.statistics import Numbers, Stats, Timings, month_of

SENTENCE = "Please send the invoice to accounting before noon."


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """The user's folder, as this process and the command see it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return tmp_path / ".local" / "share" / "tray_dictate"


@pytest.fixture
def history(data):
    history = History()
    yield history
    history.close()


def said(text: str, ago: float = 60, **more) -> Entry:
    return Entry(0, time.time() - ago, text, text.lower(), "delivered", "xterm", **more)


def failed(audio: str) -> Entry:
    return Entry(0, time.time(), "", "", "failed", "", "openai", seconds=3.0, audio=audio)


def recording(sentence: str = SENTENCE) -> Path:
    samples, rate = speech.say(sentence)
    pcm = (speech.resampled(samples, rate, 16000) * 32767).astype("<i2").tobytes()
    return Path(recordings.save(pcm, 16000, "The server was away.", []).path)


def test_an_empty_history_says_so(tmp_path):
    done = run(tmp_path, "history")
    assert (done.stdout, done.stderr, done.returncode) == ("The history is empty.\n", "", 0)


def test_the_newest_is_first_and_search_since_and_limit_choose(tmp_path, history):
    history.add(said("Groceries: milk.", ago=3 * 86400, engine="offline"))
    for text in ("Milk is white.", "Snow is white."):
        history.add(said(text))
    lines = run(tmp_path, "history").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["id", "3", "2", "1"]

    def texts(*words: str) -> list[str]:
        shown = run(tmp_path, "history", "--json", *words).stdout.splitlines()
        return [json.loads(line)["text"] for line in shown]

    assert texts("--search", "MILK") == ["Milk is white.", "Groceries: milk."]
    assert texts("--since", "2h") == ["Snow is white.", "Milk is white."]
    assert texts("--limit", "1") == ["Snow is white."]


def test_a_time_that_is_none_is_wrongly_asked(tmp_path):
    done = run(tmp_path, "history", "--since", "soon")
    assert done.returncode == 2
    assert "expected 2h, 3d, today" in done.stderr


def test_a_process_that_holds_the_file_open_is_not_disturbed(tmp_path, history):
    history.add(said("One."))
    assert "One." in run(tmp_path, "history").stdout
    history.add(said("Two."))
    assert run(tmp_path, "history", "clear", "--yes").returncode == 0
    assert history.last(9) == []
    history.add(said("Three."))
    assert "Three." in run(tmp_path, "history").stdout


def test_clear_forgets_the_words_and_deletes_the_recordings(tmp_path, history, data):
    history.add(said("xylophone"))
    path = recording()
    history.add(failed(str(path)))
    history.close()
    refused = run(tmp_path, "history", "clear")
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    assert path.exists()
    done = run(tmp_path, "history", "clear", "--yes")
    assert done.stdout == "The history is empty. 1 recording deleted.\n"
    assert list((data / "kept").iterdir()) == []
    assert not any(b"xylophone" in file.read_bytes() for file in data.glob("history*"))


@pytest.mark.parametrize(("answer", "left"), [(b"n\n", 1), (b"y\n", 0)])
def test_clear_asks_who_sits_at_a_terminal(tmp_path, history, answer, left):
    history.add(said("One."))
    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        [*PROGRAM, "history", "clear"], stdin=theirs, stdout=subprocess.PIPE, text=True,
        env=environment(tmp_path),
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answer)
    asked = asking.communicate(timeout=60)[0]
    os.close(ours)
    assert "Delete all texts" in asked
    assert len(history.last(9)) == left


def test_a_failed_dictation_becomes_text_and_its_recording_goes(tmp_path, history, data):
    history.add(failed("/nowhere/older.wav"))
    path = recording()
    entry = history.add(failed(str(path)))
    done = run(tmp_path, "history", "retry")
    assert (done.stdout, done.returncode) == (f"{SENTENCE}\n", 0)
    assert "could not be copied to the clipboard" in done.stderr, "there is no display here"
    found = history.get(entry)
    assert (found.text, found.state, found.engine, found.audio) == (SENTENCE, "kept", "offline", "")
    assert found.raw == SENTENCE
    assert list((data / "kept").iterdir()) == []
    again = run(tmp_path, "history", "retry", str(entry))
    assert again.returncode == 1
    assert "has its text already" in again.stderr


def test_a_recording_that_is_gone_does_not_stand_before_those_that_are_there(tmp_path, history):
    path = recording()
    entry = history.add(failed(str(path)))
    gone = [history.add(failed(f"/nowhere/{n}.wav")) for n in range(2)]
    done = run(tmp_path, "history", "retry")
    assert (done.stdout, done.returncode) == (f"{SENTENCE}\n", 0)
    for id in gone:
        assert f"The recording of dictation {id} is gone: /nowhere/" in done.stderr
    assert history.get(entry).audio == ""
    again = run(tmp_path, "history", "retry")
    assert again.returncode == 1
    assert "No recordings to retry." in again.stderr


def test_a_recording_of_a_history_that_was_off_becomes_text_too(tmp_path, data):
    path = recording()
    done = run(tmp_path, "history", "retry", "--set", "text.replacements.invoice=bill")
    assert done.returncode == 2, "a table is no value"
    done = run(tmp_path, "history", "retry")
    assert done.stdout == f"{SENTENCE}\n"
    assert not path.exists()


def test_what_fails_again_stays(tmp_path, history):
    path = recording()
    entry = history.add(failed(str(path)))
    words = settings("openai", "ws://127.0.0.1:9", 'languages=["de"]', "patience_seconds=1")
    done = run(tmp_path, "history", "retry", *words)
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert path.exists()
    assert history.get(entry).state == "failed"


@pytest.mark.parametrize(
    ("words", "said_of_it"),
    [
        ((), "No recordings to retry."),
        (("77",), "There is no dictation 77."),
        (("1",), "The recording of dictation 1 is gone: /nowhere/a.wav"),
        (("2",), "Dictation 2 has its text already"),
    ],
)
def test_what_cannot_be_tried_again_is_named(tmp_path, history, words, said_of_it):
    if words:
        history.add(failed("/nowhere/a.wav"))
        history.add(said("One."))
    done = run(tmp_path, "history", "retry", *words)
    assert done.returncode == 1
    assert said_of_it in done.stderr


def test_the_numbers_are_there_where_the_history_is_off(tmp_path, data):
    stats = Stats()
    stats.add(Numbers(1.0, "openai", 9, 30.0, False, Timings(40.0, 100.0, 130.0)))
    stats.send({(month_of(time.time()), "openai"): 90.0}, "")
    stats.close()
    price = ["--set", "engine.price_per_minute=0.01", "--set", "history.enabled=false"]
    shown = json.loads(run(tmp_path, "stats", "--json", *price).stdout)
    assert (shown["takes"], shown["words"]) == (1, 9)
    assert shown["engines"][0]["text"] == {"count": 1, "p50": 130.0, "p95": 130.0}
    assert (shown["cloud"]["minutes"], shown["cloud"]["cost"]) == (1.5, 0.015)
    assert "1.5 minutes (openai), 0.01 at 0.01 per minute" in run(tmp_path, "stats", *price).stdout
    assert not (data / "history.sqlite").exists()


def test_a_history_that_another_locks_is_an_error_in_plain_words(tmp_path, history, data):
    history.add(said("One."))
    other = sqlite3.connect(data / "history.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    done = run(tmp_path, "history")
    other.close()
    assert done.returncode in (0, 1)  # readers need not wait for a writer
    assert "Traceback" not in done.stderr


def test_files_are_counted_and_capped_too(tmp_path, data):
    path = recording()
    with RealtimeServer("openai", key=KEY, ear="embedded") as server:
        words = settings("openai", server.endpoint)
        assert run(tmp_path, "transcribe", str(path), *words).stdout == f"{SENTENCE}\n"
        cloud = json.loads(run(tmp_path, "stats", "--json").stdout)["cloud"]
        got = sum(record["audio_bytes"] for record in server.report()["connections"]) / 48_000
        assert cloud["engines"] == {"openai": pytest.approx(got / 60, abs=0.01)}
        before = len(server.report()["connections"])
        capped = [*words, "--set", "engine.cap_minutes=0.01"]
        done = run(tmp_path, "transcribe", str(path), *capped)
        assert done.stdout == f"{SENTENCE}\n", "the offline engine does it"
        assert "engine.cap_minutes" in done.stderr
        done = run(tmp_path, "doctor", "engine", "--live", *capped)
        assert done.returncode == 1
        assert "engine.cap_minutes" in done.stderr
        assert len(server.report()["connections"]) == before
