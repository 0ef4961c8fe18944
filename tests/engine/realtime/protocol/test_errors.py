"""What a refusal means: another try, or something to change; and what its message says."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS
from tray_dictate.engine.realtime.protocol.errors import (
    EphemeralError,
    LostError,
    Partner,
    RefusedError,
    explain,
    explain_close,
    explain_handshake,
    explain_item,
    explain_settings,
    field_in_words,
    is_final,
    is_harmless,
    quoted,
    refused_field,
    without,
)
from tray_dictate.engine.realtime.protocol.events import Refused

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
FORBIDDEN = (
    "OpenAI refused the key from OPENAI_API_KEY, or this machine. Check that the key belongs to "
    "this server, or set another with `tray-dictate key set`; otherwise its owner has "
    "to admit this network or this account."
)
QUOTA = (
    "OpenAI says that the account has no quota left. Check its plan and billing, or set "
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


def known(name="openai", **more) -> Partner:
    """Return what every explanation is given."""
    source = more.pop("source", SOURCE)
    settings = EngineSettings(name=name, model=more.pop("model", "m"), **more)
    return Partner(DIALECTS[name], settings, source)


# `error` events

FATAL = [
    ("invalid_api_key", KEY), ("invalid_issuer", KEY), ("401", KEY), ("Unauthorized", KEY),
    ("AuthenticationError", KEY), ("invalid_model", MODEL),
    ("model_not_found", MODEL), ("model_load_error", MODEL), ("DeploymentNotFound", MODEL),
    ("insufficient_quota", QUOTA), ("beta_api_shape_disabled", BETA),
    ("OperationNotSupported", KIND), ("OpperationNotSupported", KIND),
]  # fmt: skip
PASSING = [
    "server_error", "internal_error", "rate_limit_exceeded", "session_expired", "", "invalid_value",
    "model_not_validated", "processing_error", "inference_failed", "buffer_overflow",
    "transcription_failed", "unknown_event", "invalid_state", "not_implemented",
]  # fmt: skip
HARMLESS_BEFORE = {
    "server_error", "internal_error", "rate_limit_exceeded", "session_expired", "processing_error",
    "inference_failed", "buffer_overflow", "transcription_failed",
}  # fmt: skip


@pytest.mark.parametrize(("code", "said"), FATAL)
@pytest.mark.parametrize("what", [explain, explain_settings])
def test_a_code_that_no_retry_mends_is_fatal_and_told_in_our_words(what, code, said):
    error = what(known(), Refused(code, f"Incorrect key {KEYS[0]}"))

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize("code", PASSING)
def test_another_error_in_mid_take_is_worth_another_try(code):
    error = explain(known(), Refused(code, "It went wrong."))

    assert isinstance(error, LostError)
    assert str(error) == "OpenAI reports an error: It went wrong."


def test_an_error_without_words_is_told_by_its_code_if_it_has_one():
    assert str(explain(known(), Refused("oops", ""))) == "OpenAI reports an error: oops."
    assert str(explain(known(), Refused("", ""))) == "OpenAI reports an error."


@pytest.mark.parametrize("code", PASSING)
def test_an_error_instead_of_the_acknowledgement_is_fatal_unless_it_passes(code):
    error = explain_settings(known(), Refused(code, "No."))

    assert isinstance(error, LostError if code in HARMLESS_BEFORE else RefusedError)
    if code not in HARMLESS_BEFORE:
        assert str(error) == (
            "OpenAI refuses the session's settings: No. Check engine.model and the other engine "
            "settings."
        )


@pytest.mark.parametrize("what", [explain, explain_settings])
def test_a_conversation_session_that_takes_no_transcription_needs_another_deployment(what):
    words = "Passing a transcription session update event to a realtime session is not allowed."
    error = what(known(), Refused("invalid_parameter", words))

    assert isinstance(error, RefusedError)
    assert str(error) == KIND


def test_a_server_without_a_model_is_told_of_by_the_setting_alone():
    error = explain(known("sglang", model=""), Refused("invalid_model", ""))

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


UPDATE = {
    "type": "session.update", "session": {"audio": {"input": {
        "noise_reduction": {"type": "near_field"}, "turn_detection": None,
        "transcription": {"model": "m", "language": "de", "prompt": "Hi.", "delay": "low"},
    }}, "include": ["x"]},
}  # fmt: skip
IN_WORDS = [
    ("Turn detection is not supported for this transcription model", "turn_detection"),
    ("semantic_vad is not available here", "turn_detection"),
    ("Noise reduction is not supported for this transcription model.", "noise_reduction"),
    ("This model does not support noise_reduction.", "noise_reduction"),
    ("Invalid language 'de-CH'. The language must be in ISO-639-1 format.", "language"),
    ("Unknown prompt; language is fine", "prompt"),
    ("The latency cannot be chosen with this model", "delay"),
    ("logprobs are not supported", "logprobs"),
    ("keywords are not supported", None),  # we have sent none
    ("The noise reduction is on.", None),
    ("It is not supported.", None),
    ("The prompt was invalid: it triggered the content filter", None),
]


@pytest.mark.parametrize(("words", "field"), IN_WORDS)
def test_a_setting_that_is_refused_in_words_alone_is_known_by_them(words, field):
    assert field_in_words(Refused("invalid_value", words), UPDATE) == field


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
        f"SGLang does not accept engine.{name} with this model; the dictation goes on without it."
    )


# The end of a connection


@pytest.mark.parametrize(("code", "said"), [row for row in FATAL if row[0] != "401"])
def test_close_4000_with_a_known_code_is_told_as_that(code, said):
    error = explain_close(known(), 4000, f"invalid_request_error.{code}")

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize(
    ("reason", "words"), [("", ""), ("invalid_request_error.new", ": invalid_request_error.new")]
)
def test_close_4000_is_fatal_whatever_it_says(reason, words):
    error = explain_close(known(), 4000, reason)

    assert isinstance(error, RefusedError)
    assert str(error) == (
        f"OpenAI ended the session for good (close code 4000){words}. Check engine.name and "
        "engine.model."
    )


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 1015])
def test_another_close_is_worth_another_try(code):
    error = explain_close(known(), code, "Your session hit the maximum duration of 60 minutes.")

    assert isinstance(error, LostError)
    assert str(error) == (
        f"OpenAI ended the connection (close code {code}): Your session hit the maximum duration "
        "of 60 minutes."
    )


# An HTTP answer instead of a WebSocket


@pytest.mark.parametrize(
    ("status", "said"),
    [(400, KIND), (401, KEY), (403, FORBIDDEN), (404, ADDRESS), (405, ADDRESS), (410, ADDRESS)],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b'"x"', b'{"error":"x"}', b"[" * 100_000, b"\xff"]
)
def test_a_status_that_no_retry_mends_is_fatal(status, said, body):
    error = explain_handshake(known(), status, body, {})

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"error": {"code": "invalid_api_key"}}, KEY),
        (404, {"error": {"code": "DeploymentNotFound", "message": "x"}}, MODEL),
        (401, {"error": {"code": 401, "message": "x"}}, KEY),
        (401, {"error": "x"}, KEY),
        (500, {"code": "401"}, KEY),
        (429, {"error": {"code": "insufficient_quota"}}, QUOTA),
        (400, {"error": {"error": {"code": "OpperationNotSupported"}}}, KIND),
    ],
)
def test_a_code_in_the_body_says_more_than_the_status(status, body, said):
    error = explain_handshake(known(), status, json.dumps(body).encode(), {})

    assert isinstance(error, RefusedError)
    assert str(error) == said


@pytest.mark.parametrize("status", [302, 408, 429, 500, 502, 503, 504])
def test_another_status_is_worth_another_try(status):
    told = explain_handshake(known(), status, b'{"error":{"message":"Busy","code":null}}', {})
    silent = explain_handshake(known(), status, b"", {})

    assert isinstance(told, LostError)
    assert isinstance(silent, LostError)
    assert str(told) == f"OpenAI answered the connection with HTTP {status}: Busy."
    assert str(silent) == f"OpenAI answered the connection with HTTP {status}."


@pytest.mark.parametrize(("asked", "other"), [("deployment", "intent"), ("intent", "deployment")])
@pytest.mark.parametrize(("status", "hinted"), [(400, True), (404, True), (401, False)])
def test_the_preview_may_be_asked_in_the_other_way(asked, other, status, hinted):
    error = explain_handshake(known("azure-preview", preview_query=asked), status, b"", {})

    assert str(error).endswith(f' Or try engine.preview_query = "{other}".') is hinted


# A cause of its own, and a remedy, for whatever a server says: as it is said by each of them

AZURE_KEY = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint."
)
ROLE = (
    "The principal `0000` lacks the required data action `Microsoft.CognitiveServices/accounts/"
    "OpenAI/realtime/action` to perform `POST /openai/realtime` operation."
)
SAID = [
    (401, "Unauthorized", "This operation requires ephemeral authentication.", "short-lived"),
    (401, "401", AZURE_KEY, "refused the key from OPENAI_API_KEY"),
    (403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource.",
     'engine.auth = "entra"'),
    (403, "403", "Access denied due to Virtual Network/Firewall rules.", "firewall"),
    (403, "403", "Public access is disabled. Please configure private endpoint.",
     "private endpoint"),
    (401, "PermissionDenied", ROLE, "Cognitive Services OpenAI User"),
    (403, "unsupported_country_region_territory", "No.", "country"),
    (403, "", "Country, region, or territory not supported", "country"),
    (401, "", "Access denied due to missing subscription key. Make sure to include it.", "gateway"),
    (404, "DeploymentNotFound", "The API deployment for this resource does not exist.",
     "no such model or deployment"),
    (403, "", "Project `p` does not have access to model `m`", "no such model or deployment"),
    (400, "", "Invalid model name passed in model=gpt-realtime-whisper.", "no such model"),
    (400, "missing_required_parameter", "You must provide a model parameter.", "name of a model"),
    (402, "", "", "no quota left"),
    (400, "", "Upstream realtime handshake rejected with HTTP 401", "server behind OpenAI refused"),
    (400, "budget_exceeded", "Budget has been exceeded! Current cost: 1.0", "no quota left"),
    (429, "insufficient_quota", "You exceeded your current quota, please check.", "no quota left"),
    (400, "billing_hard_limit_reached", "Billing hard limit has been reached", "no quota left"),
    (400, "content_filter", "The response was filtered.", "content filter objected"),
    (426, "", "Upgrade Required", "blocks WebSockets"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "message", "told"), SAID)
def test_every_cause_has_its_own_remedy(status, code, message, told):
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    error = explain_handshake(known(), status, body, {})

    assert isinstance(error, RefusedError)
    assert told in str(error)
    assert isinstance(error, EphemeralError) == ("ephemeral" in message)


@pytest.mark.parametrize(("status", "code", "message", "told"), [row for row in SAID if row[1]])
def test_a_close_and_an_event_say_the_same_as_the_handshake(status, code, message, told):
    if code in ("401", "403", "missing_required_parameter"):
        code = "x"
    for error in [
        explain(known(), Refused(code, message)), explain_item(known(), Refused(code, message)),
        explain_close(known(), 3000 + status, f"invalid_request_error.{code} {message}"),
    ]:  # fmt: skip
        assert isinstance(error, RefusedError)
        assert told in str(error)


BODIES = [
    ({"statusCode": 401, "message": "Access denied due to missing subscription key."}, "gateway"),
    ({"statusCode": 404, "message": "Resource not found"}, "engine.endpoint"),
    ({"detail": [{"loc": ["query", "model"], "msg": "field required"}]}, "name of a model"),
    ({"detail": [{"loc": 7, "msg": "field required"}]}, "refused the key"),
    ({"detail": ["x"]}, "refused the key"),
    ({"detail": "Invalid API key"}, "refused the key"),
    ({"error": "exceeded your current quota"}, "no quota left"),
    ({"error": {"type": "insufficient_quota", "code": None}}, "no quota left"),
]


@pytest.mark.parametrize(("body", "told"), BODIES)
def test_a_body_is_read_in_every_shape_that_servers_give_it(body, told):
    status = body.get("statusCode", 401)
    error = explain_handshake(known(), status, json.dumps(body).encode(), {})

    assert isinstance(error, RefusedError)
    assert told in str(error)


@pytest.mark.parametrize("status", [200, 511])
def test_the_log_in_page_of_a_network_is_told_from_the_server(status):
    error = explain_handshake(known(), status, b"<html>", {})

    assert isinstance(error, LostError)
    assert "log-in page" in str(error)


def test_where_no_key_is_sent_none_is_said_to_be_refused():
    for status in (401, 403):
        error = explain_handshake(known("mlx-audio", source="none"), status, b"", {})
        assert str(error) == (
            "mlx-audio requires a key, and none is sent. Set one with `tray-dictate key set`."
        )


def test_who_signs_in_without_a_key_is_not_told_to_set_one():
    for status in (401, 403):
        error = explain_handshake(known("azure", source="Entra ID"), status, b"", {})
        assert "refused the sign-in by Entra ID" in str(error)
        assert "az login" in str(error)
        assert "key set" not in str(error)


WAITS = [
    ("Please try again in 20s.", 20), ("Please retry after 17 seconds.", 17),
    ("try again in 6m0s", 360), ("Try again in 1.2s.", 1.2), ("try again in 120ms", 0.12),
    ("Wait for 2 minutes", 120), ("retry in 1h2m3s", 3723), ("Limit 1, Used 1.", 0), ("", 0),
]  # fmt: skip


@pytest.mark.parametrize(("words", "seconds"), WAITS)
def test_a_server_that_is_asked_too_much_says_how_long_to_wait(words, seconds):
    for error in [
        explain(known(), Refused("rate_limit_exceeded", words)),
        explain_item(known(), Refused("rate_limit_exceeded", words)),
        explain_close(known(), 4429, words),
    ]:  # fmt: skip
        assert isinstance(error, LostError)
        assert error.wait == pytest.approx(seconds)
        assert f"{seconds} s" in str(error) or seconds < 2


NOW = "Sun, 29 Nov 2026 18:00:00 GMT"
HEADERS = [
    ({"Retry-After": "17"}, 17), ({"retry-after": " 3.5 "}, 3.5), ({"Retry-After-Ms": "1500"}, 1.5),
    ({"Retry-After": "Sun, 29 Nov 2026 18:01:00 GMT", "Date": NOW}, 60),
    ({"Retry-After": NOW, "Date": "Sun, 29 Nov 2026 18:01:00 GMT"}, 0),
    ({"Retry-After": "Sun, 29 Nov 2026 18:01:00 GMT"}, 0), ({"Retry-After": "soon"}, 0),
    ({"Retry-After": "1.2.3"}, 0), ({"Retry-After": "9" * 400}, 86400), ({}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "seconds"), HEADERS)
@pytest.mark.parametrize("status", [429, 503, 529])
def test_retry_after_is_kept_to(headers, seconds, status):
    error = explain_handshake(known(), status, b"", headers)

    assert isinstance(error, LostError)
    assert error.wait == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("code", "words", "telling"),
    [
        ("rate_limit_exceeded", "", True), ("invalid_api_key", "", True),
        ("session_expired", "", True), ("inference_failed", "", True), ("server_error", "", False),
        ("response_cancel_not_active", "Cancellation failed: no active response found", False),
        ("", "", False),
    ],
)  # fmt: skip
def test_most_errors_say_nothing_of_an_answer(code, words, telling):
    assert is_final(Refused(code, words)) is telling


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (Refused("odd", "It is bad."), "OpenAI could not transcribe it: It is bad. (odd). "),
        (Refused("", "It is bad."), "OpenAI could not transcribe it: It is bad. "),
        (Refused("server_error", ""), "OpenAI could not transcribe it: (server_error). "),
    ],
)
def test_a_turn_that_fails_is_told_with_code_and_message(why, said):
    error = explain_item(known(), why)
    assert isinstance(error, LostError)
    assert str(error) == f"{said}If it never does, check engine.model."


CLOSES = [
    (3000, "invalid_request_error.invalid_api_key", "refused the key"),
    (3000, "", "refused the key"),
    (3003, "", "or this machine"), (4401, "", "refused the key"), (4404, "", "engine.endpoint"),
    (4429, "insufficient_quota", "no quota left"), (1008, "invalid_api_key", "refused the key"),
    (1008, "Azure realtime transcription session request failed: quota", "no quota left"),
    (1011, "model_not_found", "no such model"), (4000, "", "for good"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reason", "told"), CLOSES)
def test_the_reason_of_every_close_is_looked_up(code, reason, told):
    error = explain_close(known(), code, reason)
    assert isinstance(error, RefusedError)
    assert told in str(error)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(4429, ""), (4000, "invalid_request_error.session_expired"), (1013, "Try again later"),
     (4008, "timeout"), (4503, ""), (1001, "Your session hit the maximum duration of 60 minutes")],
)  # fmt: skip
def test_a_close_that_passes_is_no_refusal(code, reason):
    assert isinstance(explain_close(known(), code, reason), LostError)


# The words of a server


@pytest.mark.parametrize("key", KEYS)
def test_no_message_holds_a_key_that_a_server_echoes(key):
    words = f"Bad request with key {key}, from you"
    refused = Refused("odd", words)
    for error in [
        explain(known(), refused), explain_settings(known(), refused),
        explain_close(known(), 4000, words), explain_close(known(), 1011, words),
        explain_handshake(known(), 500, json.dumps({"error": {"message": words}}).encode(), {}),
    ]:  # fmt: skip
        assert key.removeprefix("Bearer ") not in str(error)
        assert "Bad request with key …" in str(error)


@given(st.text() | st.text("\x1b\x00[31m\x9b\u202e\r\na "))
def test_a_servers_words_are_one_line_of_text_and_not_long(words):
    said = quoted("It says", words * 300)

    assert len(said) <= len("It says: .") + 200
    assert not {unicodedata.category(c) for c in said} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(said) & set("\u202a\u202e\u2066\u2069")
    assert said.endswith((".", "!", "?"))


def test_an_ordinary_sentence_is_quoted_as_it_is():
    words = "Invalid value: 'x' for item_CcGfKp2vJ8yq0yW9Qr1aB."
    assert quoted("It says", words) == f"It says: {words}"
    assert quoted("It says", "Sorry!") == "It says: Sorry!"
