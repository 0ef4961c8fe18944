"""`tray-dictate doctor engine --live`: a recording at the speed of speech, sent and understood."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.rigs.as_user import ASKED, KEY, doctor, environment, marks, run, settings
from tests.rigs.commands import PROGRAM
from tests.servers.realtime.server import RealtimeServer

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future]]:
    """All examinations at once: each waits until its recording has been spoken."""

    homes = iter([tmp_path_factory.mktemp("home") for _ in range(4)])  # threads would race for them

    def over(server: RealtimeServer, *more: str, fault: dict[str, str] | None = None):
        home = next(homes)
        with server:
            server.plan([fault] if fault else [])
            done = doctor(home, "--live", *settings(server.kind, server.endpoint, *more))
            done.sent = json.loads(run(home, "stats", "--json").stdout)["cloud"]["engines"]
            return done, server.report()["connections"]

    cases: dict[str, Callable] = {
        "works": lambda: over(RealtimeServer("openai", key=KEY, ear="embedded")),
        "is lost": lambda: over(
            RealtimeServer("openai", key=KEY, ear="embedded"), fault={"drop_at": "commit"}
        ),
        "hears numbers": lambda: over(RealtimeServer("mlx-audio"), "turns=release"),
        "stays lost": lambda: over(
            RealtimeServer("sglang", ear="embedded", drop_at="commit"), "patience_seconds=4"
        ),
    }
    with ThreadPoolExecutor(len(cases)) as pool:
        yield {name: pool.submit(case) for name, case in cases.items()}


@pytest.mark.peer
def test_a_server_that_is_not_ours_passes_live_through_the_sdk(tmp_path, peer):
    asked = "engine.name=mlx-audio", f"engine.endpoint={peer.endpoint}", "engine.transport=sdk"
    words = [word for setting in asked for word in ("--set", setting)]
    done = doctor(tmp_path, "--live", *words, TRAY_DICTATE_KEY="")
    assert (marks(done), done.returncode) == ([*ASKED, "✓ text", "✓ text, warm"], 0)
    assert "none is sent" in done.stdout


def test_live_measures_the_text_and_then_on_the_same_connection_again(beside):
    done, (seen,) = beside["works"].result()
    assert (marks(done), done.returncode) == ([*ASKED, "✓ text", "✓ text, warm"], 0)
    assert done.stdout.count("while speaking") == 2
    assert "no text while speaking" not in done.stdout
    assert "--live" not in done.stdout
    assert seen["audio_bytes"] == pytest.approx(2 * 9.2 * 48000, rel=0.01)
    assert seen["last_append"] - seen["first_append"] > 18, "faster than speech"
    assert seen["violations"] == []
    minutes = seen["audio_bytes"] / 48000 / 60
    assert done.sent == {"openai": pytest.approx(minutes, abs=0.01)}, "it is paid for"


def test_a_connection_that_was_lost_on_the_way_is_told(beside):
    done, _ = beside["is lost"].result()
    assert marks(done) == [*ASKED, "✓ text", "! connection", "✓ text, warm"]
    assert done.returncode == 0


def test_a_server_that_hears_something_else_has_not_passed(beside):
    done, _ = beside["hears numbers"].result()
    assert (marks(done), done.returncode) == ([*ASKED, "✗ text"], 1)
    assert "no text while speaking; 0% of the words" in done.stdout
    assert "engine.model" in done.stdout


def test_the_offline_engine_does_not_help_out(beside):
    done, _ = beside["stays lost"].result()
    assert (marks(done), done.returncode) == ([*ASKED, "✗ text"], 1)
    # a busy machine may first find that it accepts no more sound
    why = ("The connection to SGLang broke.", "SGLang accepts no more sound.")
    assert done.stdout.rstrip().endswith(why)
    assert "offline" not in done.stdout


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
