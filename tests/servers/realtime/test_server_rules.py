"""What a client must not do, and that the fake sees it."""

import base64

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers.realtime.raw import RATE, client, last, named, said
from tests.servers.realtime.words import silence, word

PREVIEW = "api-version=2025-04-01-preview"


async def closed(raw):
    with pytest.raises(ConnectionClosed) as ending:
        await raw.until("never")
    return ending.value.rcvd.code, ending.value.rcvd.reason


@pytest.mark.parametrize(
    ("kind", "query", "headers", "status"),
    [
        ("openai", None, {}, 401),
        ("openai", None, {"Authorization": "Bearer wrong"}, 401),
        ("openai", None, {"api-key": "test-key"}, 401),
        ("azure", None, {"api-key": "wrong"}, 401),
        ("azure", None, {"Authorization": "Bearer test-key"}, 401),
        ("azure", f"?intent=transcription&{PREVIEW}", None, 401),
        ("azure", "?intent=transcription&model=gpt-realtime-whisper", None, 400),
        ("azure", "", None, 400),
        ("azure-preview", "?intent=transcription", None, 400),
        ("azure-preview", f"?{PREVIEW}", None, 400),
        ("azure-preview", f"?{PREVIEW}&intent=transcription&deployment=d", None, 400),
        ("speaches", "?intent=transcription", None, 403),
        ("localai", "", None, 400),
    ],
)
async def test_the_handshake_is_refused(servers, kind, query, headers, status):
    with pytest.raises(InvalidStatus) as refused:
        async with client(servers[kind], query, headers):
            pass
    assert refused.value.response.status_code == status
    record = await last(servers[kind])
    assert record["status"] == status
    assert not any("test-key" in str(value) for value in record.values())


async def test_azure_names_the_operation_that_it_refuses(servers):
    with pytest.raises(InvalidStatus) as refused:
        async with client(servers["azure"], "?intent=transcription&model=x"):
            pass
    assert b"OperationNotSupported" in refused.value.response.body


async def test_another_path_is_not_found(servers):
    server = servers["openai"]
    with pytest.raises(InvalidStatus) as refused:
        async with client(server, "/sessions?intent=transcription"):
            pass
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    ("kind", "headers", "form"),
    [
        ("azure", {"api-key": "test-key"}, "api-key"),
        ("azure", {"Authorization": "Bearer entra-token"}, "bearer"),
        ("speaches", {}, "none"),
        ("vllm", {}, "none"),
    ],
)
async def test_these_keys_are_let_in(servers, kind, headers, form):
    async with client(servers[kind], headers=headers) as raw:
        await raw.until("created")
    assert (await last(servers[kind]))["auth"] == form


async def test_a_server_of_ones_own_may_ask_for_a_key(servers):
    server = servers.own("speaches", require_key=True)
    with pytest.raises(InvalidStatus):
        async with client(server, headers={}):
            pass
    async with client(server) as raw:
        await raw.until("created")


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        ("?intent=transcription&model=whisper-1", {}, "invalid_model"),
        ("?intent=transcription", {"OpenAI-Beta": "realtime=v1"}, "beta_api_shape_disabled"),
        ("", {}, "missing_model"),
    ],
)
async def test_openai_says_what_is_fatal_and_closes_with_4000(servers, query, headers, code):
    headers = {"Authorization": "Bearer test-key", **headers}
    async with client(servers["openai"], query, headers) as raw:
        assert (await raw.until("error"))["error"]["code"] == code
        assert await closed(raw) == (4000, f"invalid_request_error.{code}")


async def test_a_model_that_openai_does_not_have_closes_the_connection(servers):
    async with client(servers["openai"]) as raw:
        heard = {"transcription": {"model": "gpt-9"}, "turn_detection": None}
        session = {"type": "transcription", "audio": {"input": heard}}
        error = await raw.refused("session.update", session=session)
        assert (error["code"], error["param"]) == (
            "invalid_model",
            "session.audio.input.transcription.model",
        )
        assert await closed(raw) == (4000, "invalid_request_error.invalid_model")


async def test_on_azure_an_unknown_deployment_fails_each_item(servers):
    server = servers.own("azure", models={"mine": "gpt-4o-transcribe"})
    async with client(server) as raw:
        await raw.start("not-mine")
        await raw.append(said(1))
        await raw.commit()
        assert (await raw.until(".failed"))["error"]["type"] == "server_error"


INPUT = "session.audio.input"


@pytest.mark.parametrize(
    ("heard", "code", "param"),
    [
        ({"noise_reductoin": None}, "unknown_parameter", f"{INPUT}.noise_reductoin"),
        (
            {"transcription": {"model": "whisper-1", "langauge": "en"}},
            "unknown_parameter",
            f"{INPUT}.transcription.langauge",
        ),
        ({"format": {"type": "audio/pcm", "rate": 16000}}, "invalid_value", f"{INPUT}.format.rate"),
        ({"turn_detection": {"type": "psychic"}}, "invalid_value", f"{INPUT}.turn_detection.type"),
        (
            {
                "transcription": {"model": "gpt-live-transcribe"},
                "turn_detection": {"type": "server_vad"},
            },
            "invalid_value",
            f"{INPUT}.turn_detection",
        ),
        (
            {
                "transcription": {"model": "gpt-realtime-whisper"},
                "turn_detection": {"type": "semantic_vad"},
            },
            "invalid_value",
            f"{INPUT}.turn_detection",
        ),
        (
            {"transcription": {"model": "gpt-realtime-whisper", "prompt": "Foo"}},
            "invalid_parameter",
            f"{INPUT}.transcription.prompt",
        ),
        (
            {"transcription": {"model": "whisper-1", "languages": ["en"]}},
            "invalid_parameter",
            f"{INPUT}.transcription.languages",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_session_is_refused_by_the_name_of_its_field(servers, heard, code, param):
    async with client(servers["openai"]) as raw:
        session = {"type": "transcription", "audio": {"input": heard}}
        error = await raw.refused("session.update", session=session, event_id="mine")
        assert (error["code"], error["param"], error["event_id"]) == (code, param, "mine")
    assert len((await last(servers["openai"]))["violations"]) == 1


async def test_the_words_for_a_refused_turn_detection_are_the_documented_ones(servers):
    async with client(servers["openai"]) as raw:
        heard = {"transcription": {"model": "gpt-live-transcribe"}}
        heard["turn_detection"] = {"type": "server_vad"}
        session = {"type": "transcription", "audio": {"input": heard}}
        error = await raw.refused("session.update", session=session)
    assert error["message"] == "Turn detection is not supported for this transcription model"


@pytest.mark.parametrize(
    ("kind", "fields", "code", "param"),
    [
        ("session.update", {"session": {"type": "realtime"}}, "invalid_parameter", "session.type"),
        ("session.update", {"session": {}}, "missing_required_parameter", "session.type"),
        ("session.update", {}, "missing_required_parameter", "session.type"),
        ("transcription_session.update", {"session": {}}, "invalid_value", "type"),
        ("input_audio_buffer.commit", {"final": True}, "unknown_parameter", "final"),
        ("input_audio_buffer.append", {}, "missing_required_parameter", "audio"),
        ("input_audio_buffer.append", {"audio": "not base64!"}, "invalid_audio", "audio"),
        ("input_audio_buffer.append", {"audio": "AAAA"}, "invalid_audio", "audio"),
        ("response.create", {}, "invalid_value", "type"),
    ],
)
async def test_an_event_is_refused(servers, kind, fields, code, param):
    async with client(servers["azure"]) as raw:
        error = await raw.refused(kind, **fields)
        assert (error["code"], error["param"]) == (code, param)
        await raw.start()  # and the session goes on
    assert len((await last(servers["azure"]))["violations"]) == 1


@pytest.mark.parametrize("message", ["{", "[]", "null", b"{}"])
async def test_what_is_not_an_object_in_text_is_refused(servers, message):
    async with client(servers["openai"]) as raw:
        await raw.ws.send(message)
        assert (await raw.until("error"))["error"]["code"] == "invalid_json"


async def test_more_than_15_mib_in_one_append_are_refused(servers):
    async with client(servers["openai"]) as raw:
        too_much = base64.b64encode(bytes(15 * 2**20 + 2)).decode()
        assert (await raw.refused("input_audio_buffer.append", audio=too_much))["param"] == "audio"
        await raw.append(bytes(15 * 2**20))
        await raw.start()
    assert len((await last(servers["openai"]))["violations"]) == 1


async def test_a_clear_discards_what_was_not_committed(servers):
    async with client(servers["openai"]) as raw:
        await raw.start()
        await raw.say("input_audio_buffer.clear")
        await raw.until("cleared")
        await raw.append(said(1))
        await raw.say("input_audio_buffer.clear")
        await raw.until("cleared")
        assert (await raw.turn(2))["transcript"] == "w2"


async def test_a_commit_in_the_middle_of_a_word_tears_it(servers):
    async with client(servers["openai"]) as raw:
        await raw.start()
        half = len(word(7, RATE)) // 4 * 2
        await raw.append(said(6) + word(7, RATE)[:half])
        await raw.commit()
        assert (await raw.until(".completed"))["transcript"] == "w6 torn"
        await raw.append(word(7, RATE)[half:] + silence(0.1, RATE))
        await raw.commit()
        assert (await raw.until(".completed"))["transcript"] == "torn"


async def test_a_commit_while_the_server_listens_for_turns_flushes_the_tail(servers):
    async with client(servers["openai"]) as raw:
        await raw.start(turn_detection={"type": "server_vad"})
        await raw.append(silence(0.4, RATE) + said(4))
        started = await raw.until("speech_started")
        await raw.commit()
        assert (await raw.until("committed"))["item_id"] == started["item_id"]
        assert (await raw.until(".completed"))["transcript"] == "w4"
        await raw.append(silence(0.6, RATE) + said(5) + silence(0.6, RATE))
        assert (await raw.until("speech_started"))["item_id"] != started["item_id"]
        assert (await raw.until(".completed"))["transcript"] == "w5"
        assert len(named(raw, "speech_stopped")) == 1  # the first turn was over by the commit


async def test_turns_are_detected_where_the_session_says_nothing_about_it(servers):
    async with client(servers["openai"]) as raw:
        heard = {"transcription": {"model": "whisper-1"}}
        session = {"type": "transcription", "audio": {"input": heard}}
        await raw.say("session.update", session=session)
        updated = await raw.until("updated")
        assert updated["session"]["audio"]["input"]["turn_detection"]["type"] == "server_vad"


async def test_without_a_model_nothing_is_transcribed(servers):
    async with client(servers["openai"]) as raw:
        await raw.append(said(1))
        await raw.commit()
        await raw.until("committed")
        await raw.start()
        assert "completed" not in raw.kinds()
