"""`tray-dictate doctor engine` as a user runs it, against servers that work and that do not.

With `--live` it sends a recording at the speed of speech: those examinations run beside the rest.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.rigs import as_user
from tests.rigs.as_user import ASKED, KEY, MODEL, environment, marks, run, settings
from tests.rigs.commands import PROGRAM
from tests.servers.realtime.profiles import PROFILES
from tests.servers.realtime.server import RealtimeServer

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future]]:
    """All examinations of --live at once: each waits until its recording has been spoken."""

    homes = iter([tmp_path_factory.mktemp("home") for _ in range(4)])  # threads would race for them

    def over(server: RealtimeServer, *more: str, fault: dict[str, str] | None = None):
        home = next(homes)
        with server:
            server.plan([fault] if fault else [])
            done = as_user.doctor(home, "--live", *settings(server.kind, server.endpoint, *more))
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


@pytest.fixture(scope="module", autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """Let them begin before the first test, if one of those that run will ask for them."""
    if any("beside" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("beside")


@pytest.mark.parametrize("kind", PROFILES)
def test_a_server_that_works_passes_and_gets_no_sound(doctor, kind):
    with RealtimeServer(kind, key=KEY) as server:
        done = doctor(*settings(kind, server.endpoint))
        (seen,) = server.report()["connections"]
    assert (marks(done), done.returncode) == (ASKED, 0)
    assert re.search(r"handshake +\d+ ms", done.stdout)
    assert f"from TRAY_DICTATE_KEY, {len(KEY)} characters" in done.stdout
    assert "--live also sends a recording" in done.stdout
    assert {kind for kind, _ in seen["events"]} <= {
        "session.update",
        "transcription_session.update",
    }
    assert (seen["violations"], seen["close_code"]) == ([], 1000)


def test_the_sdk_is_checked_the_same_way(doctor):
    with RealtimeServer("azure", key=KEY) as server:
        done = doctor(*settings("azure", server.endpoint, "transport=sdk"))
    assert (marks(done), done.returncode) == (ASKED, 0)
    assert "over sdk" in done.stdout


def test_a_wrong_key_is_named_by_its_source_only(doctor):
    with RealtimeServer("azure", key="another") as server:
        done = doctor(*settings("azure", server.endpoint))
    assert (marks(done), done.returncode) == ([*ASKED[:3], "✗ handshake"], 1)
    assert "refused the key from TRAY_DICTATE_KEY" in done.stdout


def test_no_key_says_how_to_set_one(doctor):
    done = doctor(*settings("openai", "ws://127.0.0.1:9"), TRAY_DICTATE_KEY="")
    assert (marks(done), done.returncode) == ([*ASKED[:2], "✗ key"], 1)
    assert "tray-dictate key set" in done.stdout


def test_no_endpoint_is_a_mistake_in_the_settings(doctor):
    done = doctor("--set", "engine.name=azure")
    assert (marks(done), done.returncode) == (["✗ settings"], 1)
    assert "https://NAME.openai.azure.com" in done.stdout


def test_a_model_that_the_server_has_not_is_named(doctor):
    with RealtimeServer("openai", key=KEY, models=["whisper-1"]) as server:
        done = doctor(*settings("openai", server.endpoint))
    assert (marks(done), done.returncode) == ([*ASKED[:4], "✗ session"], 1)
    assert f"engine.model = '{MODEL}'" in done.stdout


def test_a_server_that_is_not_there_is_named(doctor):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    done = doctor(*settings("openai", f"ws://{where}"))
    assert (marks(done), done.returncode) == ([*ASKED[:3], "✗ handshake"], 1)
    assert where in done.stdout


def test_a_server_that_never_acknowledges_is_given_up(doctor):
    with RealtimeServer("openai", key=KEY, no_ack=True) as server:
        done = doctor(*settings("openai", server.endpoint, "patience_seconds=1"))
    assert (marks(done), done.returncode) == ([*ASKED[:4], "✗ session"], 1)
    assert "does not acknowledge the session" in done.stdout


@pytest.mark.parametrize("transport", ["websocket", "sdk"])
def test_a_certificate_is_trusted_by_its_authority_only(doctor, transport):
    with RealtimeServer("openai", key=KEY, tls=True) as server:
        args = settings("openai", server.endpoint, f"transport={transport}")
        refused = doctor(*args)
        taken = doctor(*args, SSL_CERT_FILE=server.ca_file)
    assert (marks(refused), refused.returncode) == ([*ASKED[:3], "✗ handshake"], 1)
    assert "is not trusted" in refused.stdout
    assert "SSL_CERT_FILE" in refused.stdout
    assert (marks(taken), taken.returncode) == (ASKED, 0)


def test_a_setting_that_the_server_refuses_is_shown_and_no_failure(doctor):
    fields = ("session.audio.input.noise_reduction",)
    with RealtimeServer("azure", key=KEY, refuse_fields=fields) as server:
        done = doctor(*settings("azure", server.endpoint))
    assert (marks(done), done.returncode) == ([*ASKED, "! refused"], 0)
    assert "engine.noise_reduction" in done.stdout


@pytest.mark.parametrize("key", [KEY, "no.key.looks.like.this"])
def test_no_secret_is_shown_wherever_it_stands(doctor, key):
    quotes = {"type": "invalid_request_error", "message": f"What is {key} to us"}
    with RealtimeServer("openai", key=key, error_at=("updated", quotes)) as server:
        address = f"{server.endpoint}?sig=hidden-signature"
        done = doctor(*settings("openai", address), TRAY_DICTATE_KEY=key)
        (seen,) = server.report()["connections"]
    assert done.returncode == 1
    assert "What is … to us" in done.stdout
    assert key not in done.stdout
    assert seen["query"]["sig"] == "hidden-signature"
    assert "hidden-signature" not in done.stdout
    assert "intent=transcription" in done.stdout


def test_json_tells_the_same(doctor):
    with RealtimeServer("openai", key="another") as server:
        began = time.monotonic()
        done = doctor("--json", *settings("openai", server.endpoint))
        lasted = (time.monotonic() - began) * 1e3
    said = json.loads(done.stdout)
    assert (said["engine"], said["passed"], done.returncode) == ("openai", False, 1)
    assert [step["name"] for step in said["steps"]] == ["settings", "address", "key", "handshake"]
    assert said["steps"][-1]["passed"] is False
    assert said["steps"][-1]["unit"] == "ms"
    assert 0 < said["steps"][-1]["value"] < lasted


def test_a_terminal_without_ticks_gets_words(doctor):
    done = doctor(PYTHONIOENCODING="ascii:strict")
    assert done.returncode == 0
    assert all(line.startswith("ok ") for line in done.stdout.splitlines())


def test_the_offline_engine_is_measured(doctor):
    done = doctor("--json")
    said = json.loads(done.stdout)
    assert (said["passed"], done.returncode) == (True, 0)
    assert [step["name"] for step in said["steps"]] == ["model", "load", "text"]
    assert said["steps"][2]["unit"] == "x"
    assert said["steps"][2]["value"] > 0


# --- --live


@pytest.mark.peer
def test_a_server_that_is_not_ours_passes_live_through_the_sdk(doctor, peer):
    asked = "engine.name=mlx-audio", f"engine.endpoint={peer.endpoint}", "engine.transport=sdk"
    words = [word for setting in asked for word in ("--set", setting)]
    done = doctor("--live", *words, TRAY_DICTATE_KEY="")
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
