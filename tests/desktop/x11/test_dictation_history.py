"""What the user finds in the history and in the numbers after real dictations."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.dictation import SENTENCE, errors, settled
from tests.rigs.person import KEY, WORDS, WRONG, daemon_of, fake
from tests.waiting import wait_until

NOBODY = "ws://127.0.0.1:9"  # the port of a service that nobody runs
AWAY = {
    "engine__name": "mlx-audio", "engine__endpoint": NOBODY, "engine__auth": "none",
    "engine__languages": ["de"], "engine__patience_seconds": 1,
}  # fmt: skip


def command(desktop, *words: str) -> subprocess.CompletedProcess[str]:
    """Run tray-dictate in the user's session."""
    argv = [sys.executable, "-m", "tray_dictate", *words]
    env = {**desktop.env, "PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=90)


def newest(desktop) -> dict:
    """Return the newest dictation."""
    return json.loads(command(desktop, "history", "--json", "--limit", "1").stdout)


def seconds_sent(desktop) -> float:
    cloud = json.loads(command(desktop, "stats", "--json").stdout)["cloud"]
    return cloud["engines"].get("openai", 0.0) * 60


def test_a_dictation_is_in_the_history_of_the_running_daemon_with_all_that_is_known(
    desktop, person
):
    before = seconds_sent(desktop)
    with fake() as server, daemon_of(desktop, server, engine__languages=["en"]) as daemon:
        began = time.monotonic()
        person.take()
        settled(daemon)
        text = person.reads(SENTENCE)
        lasted = (time.monotonic() - began) * 1e3
        entry = wait_until(
            lambda: (found := newest(desktop))["text"] == text and found, 20, "the entry"
        )
        sound = server.report()["connections"][-1]["audio_bytes"] / 48_000
    assert (entry["engine"], entry["language"], entry["outcome"]) == ("openai", "en", "delivered")
    assert entry["window"]
    assert entry["recording"] is None
    assert entry["seconds"] == pytest.approx(sound, abs=1)
    assert 0 < entry["heard_ms"] < lasted
    assert 0 <= entry["engine_ms"] <= entry["text_ms"] < lasted
    assert seconds_sent(desktop) - before == pytest.approx(sound, abs=1)
    assert KEY not in json.dumps(entry)


def test_a_dictation_that_failed_becomes_text_when_it_is_tried_again(desktop, person):
    with desktop.daemon(log__level="debug", **AWAY) as daemon:
        person.take()
        settled(daemon)
        told = person.news.only(daemon)
        assert told.endswith("`tray-dictate history retry` transcribes it.")
        entry = wait_until(
            lambda: (found := newest(desktop))["outcome"] == "failed" and found, 20, "the entry"
        )
        recording = Path(entry["recording"])
        assert recording.is_file()
        assert (entry["text"], entry["engine"], entry["language"]) == ("", "mlx-audio", "de")
        done = command(desktop, "history", "retry")
    assert errors(SENTENCE, done.stdout) <= WRONG
    assert done.stderr == "tray-dictate: The text is on the clipboard.\n"
    assert desktop.clipboard().decode() == done.stdout.removesuffix("\n")
    again = newest(desktop)
    assert (again["id"], again["text"]) == (entry["id"], done.stdout.removesuffix("\n"))
    assert (again["outcome"], again["engine"]) == ("undelivered", "offline")
    assert again["recording"] is None
    assert not recording.exists()
    assert not recording.with_suffix(".json").exists()
    assert not [word for word in WORDS if word in daemon.log().lower()]
