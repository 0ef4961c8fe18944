"""How a secret is asked for in a key's place, and what an answer holds."""

from __future__ import annotations

import json

import pytest

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.realtime.protocol.client_secret import headers, secret, secret_requests
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, url

OPENAI = "https://api.openai.com"
AZURE = "https://n.openai.azure.com"
GA = {"session": {"type": "transcription", "audio": {"input": {"transcription": {"model": "m"}}}}}
OLDER = {"input_audio_transcription": {"model": "m"}}
VERSION = "?api-version=2025-04-01-preview"
ASKED = [
    ("openai", "", [(f"{OPENAI}/v1/realtime/client_secrets", GA),
                    (f"{OPENAI}/v1/realtime/transcription_sessions{VERSION}", OLDER)]),
    ("azure", AZURE, [(f"{AZURE}/openai/v1/realtime/client_secrets", GA),
                      (f"{AZURE}/openai/realtime/transcription_sessions{VERSION}", OLDER)]),
    ("azure-preview", AZURE,
     [(f"{AZURE}/openai/realtime/transcription_sessions{VERSION}", OLDER)]),
    ("azure", "http://127.0.0.1:80/a/b",
     [("http://127.0.0.1:80/a/b/openai/v1/realtime/client_secrets", GA),
      (f"http://127.0.0.1:80/a/b/openai/realtime/transcription_sessions{VERSION}", OLDER)]),
    ("speaches", "ws://127.0.0.1:80", []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "endpoint", "asked"), ASKED)
def test_a_secret_is_asked_for_where_the_socket_is(name, endpoint, asked):
    settings = EngineSettings(name=name, endpoint=endpoint, model="m")
    socket = url(DIALECTS[name], settings, endpoint)
    found = secret_requests(DIALECTS[name], settings, socket)
    assert [(asking.url, json.loads(asking.body)) for asking in found] == asked


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"value": "ek_1", "expires_at": 1}, "ek_1"),
        ({"client_secret": {"value": "ek_2"}, "id": "s"}, "ek_2"),
        ({"value": "two words"}, ""), ({"value": "line\nbreak"}, ""), ({"value": ""}, ""),
        ({"value": 7}, ""), ({"client_secret": "x"}, ""), ([], ""),
    ],
)  # fmt: skip
def test_the_secret_is_found_in_either_shape(answer, value):
    assert secret(json.dumps(answer).encode()) == value


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[" * 100_000, b"\xff"])
def test_what_is_no_answer_holds_no_secret(answer):
    assert secret(answer) == ""


def test_it_goes_where_the_key_would():
    assert headers(DIALECTS["openai"], "s") == {"Authorization": "Bearer s"}
    assert headers(DIALECTS["azure"], "s") == {"api-key": "s"}
