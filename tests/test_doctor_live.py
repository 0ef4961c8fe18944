"""`tray-dictate doctor engine --live`: a recording at the speed of speech, sent and understood."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.as_user import ASKED, KEY, PROGRAM, environment, marks, settings
from tests.realtime.server import RealtimeServer


def test_live_measures_the_text_and_then_on_the_same_connection_again(doctor):
    with RealtimeServer("openai", key=KEY, ear="embedded") as server:
        done = doctor("--live", *settings("openai", server.endpoint))
        (seen,) = server.report()["connections"]
    assert (marks(done), done.returncode) == ([*ASKED, "✓ text", "✓ text, warm"], 0)
    assert done.stdout.count("while speaking") == 2
    assert "nothing came while speaking" not in done.stdout
    assert "--live" not in done.stdout
    assert seen["audio_bytes"] == pytest.approx(2 * 9.2 * 48000, rel=0.01)
    assert seen["last_append"] - seen["first_append"] > 18, "faster than speech"
    assert seen["violations"] == []


def test_a_server_that_hears_something_else_has_not_passed(doctor):
    with RealtimeServer("mlx-audio") as server:  # it hears numbers
        done = doctor("--live", *settings("mlx-audio", server.endpoint, "turns=release"))
    assert (marks(done), done.returncode) == ([*ASKED, "✗ text"], 1)
    assert "nothing came while speaking; 0% of the words" in done.stdout
    assert "engine.model" in done.stdout


def test_the_embedded_engine_does_not_help_out(doctor):
    with RealtimeServer("sglang", ear="embedded", drop_at="commit") as server:
        done = doctor("--live", *settings("sglang", server.endpoint, "patience_seconds=1"))
    assert (marks(done), done.returncode) == ([*ASKED, "✗ text"], 1)
    assert "The connection to SGLang broke." in done.stdout
    assert "embedded" not in done.stdout


def test_a_connection_that_was_lost_on_the_way_is_told(doctor):
    with RealtimeServer("openai", key=KEY, ear="embedded") as server:
        server.plan([{"drop_at": "commit"}])
        done = doctor("--live", *settings("openai", server.endpoint))
    assert marks(done) == [*ASKED, "✓ text", "! connection", "✓ text, warm"]
    assert done.returncode == 0


def test_ctrl_c_ends_it_without_a_mess(tmp_path):
    with RealtimeServer("openai", key=KEY) as server:
        process = subprocess.Popen(
            [*PROGRAM, "doctor", "engine", "--live", *settings("openai", server.endpoint)],
            text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(tmp_path, TRAY_DICTATE_KEY=KEY),
        )  # fmt: skip
        assert process.stdout is not None
        while "round trip" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (130, "")


@pytest.mark.peer
def test_a_server_that_is_not_ours_passes_live_through_the_sdk(doctor, peer):
    done = doctor(
        "--live", "--set", "engine.name=mlx-audio", "--set", f"engine.endpoint={peer.endpoint}",
        "--set", "engine.transport=sdk", TRAY_DICTATE_KEY="",
    )  # fmt: skip
    assert (marks(done), done.returncode) == ([*ASKED, "✓ text", "✓ text, warm"], 0)
    assert "none is sent" in done.stdout
