"""What a refusal means: another try, or something to change; and what its message says."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.config_engine import EngineSettings
from tray_dictate.engine.dialect import DIALECTS
from tray_dictate.engine.dialect_errors import (
    LostError,
    RefusedError,
    explain,
    explain_close,
    explain_handshake,
    explain_settings,
    is_harmless,
    quoted,
    refused_field,
    without,
)
from tray_dictate.engine.dialect_events import Refused

SOURCE = "OPENAI_API_KEY"
KEYS = [
    "sk-proj-abcdefghijkl", "0123456789abcdef0123456789abcdef",
    "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "Bearer abc.def",
    "A1b2C3d4" * 10 + "AACAAAAAACOGabcd",
]  # fmt: skip
KEY = (
    "OpenAI refused the key from OPENAI_API_KEY. Check that it belongs to this server, or set "
    "another with `tray-dictate key set`."
)
MODEL = "OpenAI has no such model or deployment: engine.model = 'm'. Set it to one that it has."
QUOTA = (
    "OpenAI says that the account has no quota left. Look at its plan and billing, or set "
    'engine.name = "offline".'
)
BETA = 'OpenAI no longer speaks the preview protocol. Set engine.name to "azure" or "openai".'
KIND = (
    "OpenAI does not transcribe with these settings: engine.model = 'm'. Set it to a "
    "transcription model's name or deployment."
)
ADDRESS = (
    "OpenAI has no realtime transcription at this address, or no engine.model = 'm'. Check "
    "engine.endpoint, engine.name and engine.model."
)


def known(name="openai", **more):
    """Return what every explanation is given."""
    return DIALECTS[name], EngineSettings(name=name, model=more.pop("model", "m"), **more), SOURCE


# `error` events

FATAL = [
    ("invalid_api_key", KEY), ("invalid_issuer", KEY), ("401", KEY), ("Unauthorized", KEY),
    ("PermissionDenied", KEY), ("AuthenticationError", KEY), ("invalid_model", MODEL),
    ("model_not_found", MODEL), ("model_load_error", MODEL), ("DeploymentNotFound", MODEL),
    ("insufficient_quota", QUOTA), ("beta_api_shape_disabled", BETA),
    ("OperationNotSupported", KIND), ("OpperationNotSupported", KIND),
]  # fmt: skip
PASSING = [
    "server_error", "internal_error", "rate_limit_exceeded", "session_expired", "", "invalid_value",
    "model_not_validated", "processing_error", "inference_failed", "buffer_overflow",
    "transcription_failed", "unknown_event", "invalid_state", "not_implemented",
]  # fmt: skip
HARMLESS_BEFORE = {"server_error", "internal_error", "rate_limit_exceeded", "session_expired"}


@pytest.mark.parametrize(("code", "said"), FATAL)
@pytest.mark.parametrize("what", [explain, explain_settings])
def test_a_code_that_no_retry_mends_is_fatal_and_told_in_our_words(what, code, said):
    error = what(*known(), Refused(code, f"Incorrect key {KEYS[0]}"))

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize("code", PASSING)
def test_another_error_in_mid_take_is_worth_another_try(code):
    error = explain(*known(), Refused(code, "It went wrong."))

    assert isinstance(error, LostError)
    assert str(error) == "OpenAI reports an error: It went wrong."


def test_an_error_without_words_is_told_by_its_code_if_it_has_one():
    assert str(explain(*known(), Refused("oops", ""))) == "OpenAI reports an error: oops."
    assert str(explain(*known(), Refused("", ""))) == "OpenAI reports an error."


@pytest.mark.parametrize("code", PASSING)
def test_an_error_instead_of_the_acknowledgement_is_fatal_unless_it_passes(code):
    error = explain_settings(*known(), Refused(code, "No."))

    assert isinstance(error, LostError if code in HARMLESS_BEFORE else RefusedError)
    if code not in HARMLESS_BEFORE:
        assert str(error) == (
            "OpenAI refuses the session's settings: No. Check engine.model and the other engine "
            "settings."
        )


@pytest.mark.parametrize("what", [explain, explain_settings])
def test_a_conversation_session_that_takes_no_transcription_needs_another_deployment(what):
    words = "Passing a transcription session update event to a realtime session is not allowed."
    error = what(*known(), Refused("invalid_parameter", words))

    assert isinstance(error, RefusedError)
    assert str(error) == KIND


def test_a_server_without_a_model_is_told_of_by_the_setting_alone():
    error = explain(*known("sglang", model=""), Refused("invalid_model", ""))

    assert str(error) == (
        "SGLang has no such model or deployment: engine.model. Set it to one that it has."
    )


# The fields that a session can do without

FIELDS = [
    ("session.audio.input.noise_reduction", "noise_reduction"),
    ("session.audio.input.noise_reduction.type", "noise_reduction"),
    ("session.input_audio_noise_reduction", "noise_reduction"),
    ("session.audio.input.transcription.language", "language"),
    ("session.audio.input.transcription.languages[0]", "languages"),
    ("session.input_audio_transcription.prompt", "prompt"),
    ("session.audio.input.transcription.keywords", "keywords"),
    ("session.audio.input.transcription.delay", "delay"),
    ("session.include[0]", "logprobs"),
    ("session.audio.input.turn_detection.type", "turn_detection"),
    ("prompt", "prompt"),
    ("session.audio.input.format.rate", None),
    ("session.audio.input.transcription.model", None),
    ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("param", "field"), FIELDS)
def test_a_refused_parameter_is_a_setting(param, field):
    assert refused_field(Refused("unknown_parameter", "No.", param)) == field


def test_a_live_model_refuses_voice_detection_in_words_alone():
    words = "Turn detection is not supported for this transcription model"
    assert refused_field(Refused("invalid_value", words)) == "turn_detection"


@pytest.mark.parametrize(
    ("message", "harmless"),
    [("Item item_1 already exists.", True), ("Item 'item_1' already exists", True),
     ("It already exists, so no", False), ("", False)],
)  # fmt: skip
def test_a_turn_that_a_server_ends_twice_harms_nobody(message, harmless):
    assert is_harmless(Refused("", message)) is harmless


@pytest.mark.parametrize(
    ("field", "name"),
    [("turn_detection", "turns"), ("language", "languages"), ("prompt", "prompt")],
)
def test_what_is_dropped_is_told_by_its_setting(field, name):
    assert without(DIALECTS["sglang"], field) == (
        f"SGLang does not take engine.{name} with this model; the dictation goes on without it."
    )


# The end of a connection


@pytest.mark.parametrize(("code", "said"), [row for row in FATAL if row[0] != "401"])
def test_close_4000_with_a_known_code_is_told_as_that(code, said):
    error = explain_close(*known(), 4000, f"invalid_request_error.{code}")

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize(
    ("reason", "words"), [("", ""), ("invalid_request_error.new", ": invalid_request_error.new")]
)
def test_close_4000_is_fatal_whatever_it_says(reason, words):
    error = explain_close(*known(), 4000, reason)

    assert isinstance(error, RefusedError)
    assert str(error) == (
        f"OpenAI ended the session for good (close code 4000){words}. Check engine.name and "
        "engine.model."
    )


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 1015])
def test_another_close_is_worth_another_try(code):
    error = explain_close(*known(), code, "Your session hit the maximum duration of 60 minutes.")

    assert isinstance(error, LostError)
    assert str(error) == (
        f"OpenAI ended the connection (close code {code}): Your session hit the maximum duration "
        "of 60 minutes."
    )


# An HTTP answer instead of a WebSocket


@pytest.mark.parametrize(
    ("status", "said"),
    [(400, KIND), (401, KEY), (403, KEY), (404, ADDRESS), (405, ADDRESS), (410, ADDRESS)],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b'"x"', b'{"error":"x"}', b"[" * 100_000, b"\xff"]
)
def test_a_status_that_no_retry_mends_is_fatal(status, said, body):
    error = explain_handshake(*known(), status, body)

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"error": {"code": "invalid_api_key"}}, KEY),
        (404, {"error": {"code": "DeploymentNotFound", "message": "x"}}, MODEL),
        (401, {"error": {"code": 401, "message": "x"}}, KEY),
        (500, {"code": "401"}, KEY),
        (429, {"error": {"code": "insufficient_quota"}}, QUOTA),
        (400, {"error": {"error": {"code": "OpperationNotSupported"}}}, KIND),
    ],
)
def test_a_code_in_the_body_says_more_than_the_status(status, body, said):
    error = explain_handshake(*known(), status, json.dumps(body).encode())

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize("status", [200, 302, 408, 429, 500, 502, 503, 504])
def test_another_status_is_worth_another_try(status):
    told = explain_handshake(*known(), status, b'{"error":{"message":"Busy","code":null}}')
    silent = explain_handshake(*known(), status, b"")

    assert isinstance(told, LostError)
    assert isinstance(silent, LostError)
    assert str(told) == f"OpenAI answered the connection with HTTP {status}: Busy."
    assert str(silent) == f"OpenAI answered the connection with HTTP {status}."


@pytest.mark.parametrize(("asked", "other"), [("deployment", "intent"), ("intent", "deployment")])
@pytest.mark.parametrize(("status", "hinted"), [(400, True), (404, True), (401, False)])
def test_the_preview_may_be_asked_in_the_other_way(asked, other, status, hinted):
    error = explain_handshake(*known("azure-preview", preview_query=asked), status, b"")

    assert str(error).endswith(f' Or try engine.preview_query = "{other}".') is hinted


# The words of a server


@pytest.mark.parametrize("key", KEYS)
def test_no_message_holds_a_key_that_a_server_echoes(key):
    words = f"Bad request with key {key}, from you"
    refused = Refused("odd", words)
    for error in [
        explain(*known(), refused), explain_settings(*known(), refused),
        explain_close(*known(), 4000, words), explain_close(*known(), 1011, words),
        explain_handshake(*known(), 500, json.dumps({"error": {"message": words}}).encode()),
    ]:  # fmt: skip
        assert key.removeprefix("Bearer ") not in str(error)
        assert "Bad request with key …" in str(error)


@given(st.text() | st.text("\x1b\x00[31m\x9b\u202e\r\na "))
def test_a_servers_words_are_one_line_of_text_and_not_long(words):
    said = quoted("It says", words * 300)

    assert len(said) <= len("It says: .") + 200
    assert not {unicodedata.category(c) for c in said} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(said) & set("\u202a\u202e\u2066\u2069")
    assert said.endswith(".")


def test_an_ordinary_sentence_is_quoted_as_it_is():
    words = "Invalid value: 'x' for item_CcGfKp2vJ8yq0yW9Qr1aB."
    assert quoted("It says", words) == f"It says: {words}"
