"""`tray-dictate doctor engine` as a user runs it, against servers that work and that do not."""

from __future__ import annotations

import json
import re
import socket
import time

import pytest

from tests.rigs.as_user import ASKED, KEY, MODEL, marks, settings
from tests.servers.realtime.profiles import PROFILES
from tests.servers.realtime.server import RealtimeServer

pytestmark = pytest.mark.live


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
