"""How the servers differ from OpenAI's, as facts/protocol.md measured or read it."""

import asyncio

import pytest

from tests.servers.realtime.raw import RATE, client, last, said

FLAT = {
    "input_audio_format": "pcm16",
    "input_audio_transcription": {"model": "my-deployment", "prompt": "Foo", "language": "en"},
    "input_audio_noise_reduction": {"type": "near_field"},
    "turn_detection": None,
    "include": ["item.input_audio_transcription.logprobs"],
}


# Azure's preview


async def test_the_preview_speaks_the_beta_shape(servers):
    async with client(servers["azure-preview"]) as raw:
        await raw.say("transcription_session.update", session=FLAT)
        await raw.append(said(1))
        await raw.commit()
        await raw.until(".completed")
    assert raw.kinds() == [
        "transcription_session.created",
        "transcription_session.updated",
        "committed",
        "created",
        "delta",
        "completed",
    ]
    assert (await last(servers["azure-preview"]))["violations"] == []


async def test_a_deployment_in_the_url_makes_it_a_conversation_with_responses(servers):
    query = "?api-version=2025-04-01-preview&deployment=my-deployment"
    async with client(servers["azure-preview"], query) as raw:
        await raw.say("transcription_session.update", session=FLAT)
        await raw.append(said(1))
        await raw.commit()
        await raw.until("response.done")
    assert raw.kinds() == [
        "session.created",
        "transcription_session.updated",
        "committed",
        "created",
        "delta",
        "completed",
        "response.created",
        "response.text.delta",
        "response.text.done",
        "response.done",
    ]


async def test_the_preview_refuses_what_it_does_not_know(servers):
    async with client(servers["azure-preview"]) as raw:
        error = await raw.refused("session.update", session={"type": "transcription"})
        assert error["param"] == "type"
        session = {**FLAT, "turn_detektion": None}
        error = await raw.refused("transcription_session.update", session=session)
        assert (error["code"], error["param"]) == ("unknown_parameter", "session.turn_detektion")


async def test_a_preview_may_serve_only_one_form_of_the_query(servers):
    server = servers.own("azure-preview", refused_query="intent")
    with pytest.raises(Exception, match="400"):
        async with client(server):
            pass
    async with client(server, "?api-version=2025-04-01-preview&deployment=d") as raw:
        await raw.until("created")


# LocalAI, sglang, mlx-audio


async def test_localai_completes_under_an_id_that_it_never_announced(servers):
    async with client(servers["localai"]) as raw:
        await raw.start("pipeline")
        await raw.append(said(1))
        await raw.commit()
        committed = await raw.until("committed")
        completed = await raw.until(".completed")
    assert completed["transcript"] == "w1"
    assert completed["item_id"] != committed["item_id"]
    assert (await last(servers["localai"]))["violations"] == []


async def test_localai_commits_nothing_and_never_answers(servers):
    async with client(servers["localai"]) as raw:
        await raw.start("pipeline")
        await raw.commit()
        await raw.until("committed")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw.until("completed"), 0.2)


async def test_localai_cannot_commit_while_it_listens_for_turns(servers):
    async with client(servers["localai"]) as raw:
        await raw.start("pipeline", turn_detection={"type": "server_vad"})
        await raw.append(said(1))
        assert (await raw.refused("input_audio_buffer.commit"))["code"] == "not_implemented"


async def test_localai_takes_any_rate(servers):
    async with client(servers["localai"]) as raw:
        await raw.start("pipeline", format={"type": "audio/pcm", "rate": 16000})
        assert (await raw.turn(1, rate=16000))["transcript"] == "w1"


async def test_sglang_takes_no_audio_before_it_has_acknowledged_the_session(servers):
    servers["sglang"].plan([{"ack_delay": 0.1}])
    async with client(servers["sglang"]) as raw:
        session = {"type": "transcription", "audio": {"input": {"turn_detection": None}}}
        await raw.say("session.update", session=session)
        await raw.append(said(1))
        assert (await raw.until("error"))["error"]["code"] == "invalid_state"
        assert raw.kinds() == ["session.created", "session.updated", "error"]
        await raw.append(said(2))
        assert (await raw.until(".delta"))["delta"] == "w2"
        await raw.commit()
        item = raw.events[-1]["item_id"]
        assert (await raw.until("committed"))["item_id"] == item
        assert (await raw.until(".completed"))["transcript"] == "w2"
        assert (await raw.refused("input_audio_buffer.commit"))["code"] == "invalid_state"


@pytest.mark.parametrize(
    ("heard", "param"),
    [
        ({"turn_detection": {"type": "server_vad"}}, "turn_detection"),
        ({"noise_reduction": {"type": "near_field"}}, "noise_reduction"),
        ({"transcription": {"model": "m", "prompt": "Foo"}}, "transcription.prompt"),
    ],
)
async def test_sglang_names_what_it_does_not_support(servers, heard, param):
    async with client(servers["sglang"]) as raw:
        session = {"type": "transcription", "audio": {"input": heard}}
        error = await raw.refused("session.update", session=session)
        assert (error["code"], error["param"]) == ("not_supported", f"session.audio.input.{param}")


async def test_mlx_audio_announces_the_item_first_and_leaves_the_usage_out(servers):
    async with client(servers["mlx-audio"]) as raw:
        await raw.start("m")
        await raw.turn(1)
        completed = await raw.turn(2)
    assert raw.kinds()[2:] == ["added", "committed", "delta", "completed"] * 2
    assert "usage" not in completed
    committed = [event for event in raw.events if event["type"].endswith("committed")]
    assert [event["previous_item_id"] for event in committed] == [None, None]


async def test_mlx_audio_completes_an_empty_commit_and_does_not_answer_a_clear(servers):
    async with client(servers["mlx-audio"]) as raw:
        await raw.start("m")
        await raw.say("input_audio_buffer.clear")
        await raw.commit()
        assert (await raw.until(".completed"))["transcript"] == ""
        assert "cleared" not in raw.kinds()


# vLLM


async def test_vllm_speaks_its_own_protocol(servers):
    servers["vllm"].plan([{"work": 0.1}])
    async with client(servers["vllm"]) as raw:
        assert set(await raw.until("created")) == {"type", "id", "created"}
        await raw.say("session.update", model="voxtral")
        await raw.commit(final=False)
        await raw.append(said(1, 2, rate=16000))
        assert await raw.until(".delta") == {"type": "transcription.delta", "delta": "w1 w2"}
        await raw.append(said(3, rate=16000))
        await raw.commit(final=True)
        await raw.append(said(4, rate=16000))  # it is generating
        done = await raw.until(".done")
        assert done["text"] == "w1 w2 w3"
        assert set(done["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}
        await raw.commit(final=False)
        await raw.append(said(5, rate=16000))
        await raw.commit(final=True)
        assert (await raw.until(".done"))["text"] == "w5"
    record = await last(servers["vllm"])
    assert record["violations"] == ["append: audio while generating is lost"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "input_audio_buffer.commit"}, "model_not_validated"),
        ({"type": "input_audio_buffer.clear"}, "unknown_event"),
        ({"type": "session.update", "session": {}}, "invalid_event"),
        ({"type": "session.update"}, "invalid_event"),
        ({"type": "input_audio_buffer.commit", "final": "yes"}, "invalid_event"),
        ({"type": "input_audio_buffer.append", "audio": "!"}, "invalid_audio"),
    ],
)
async def test_vllms_errors_are_text(servers, event, code):
    async with client(servers["vllm"]) as raw:
        await raw.say(**{"kind": event.pop("type"), **event})
        error = await raw.until("error")
        assert isinstance(error["error"], str)
        assert error["code"] == code


async def test_vllm_may_not_have_the_model(servers):
    async with client(servers.own("vllm", models=["voxtral"])) as raw:
        await raw.say("session.update", model="whisper")
        assert (await raw.until("error"))["code"] == "model_not_found"


# the ear


async def test_real_speech_is_heard_by_the_embedded_model(servers):
    from tests.speech import pcm16, resampled, say  # noqa: PLC0415 - it loads a voice

    sound = pcm16(resampled(*say("The quick brown fox jumps over the lazy dog."), RATE))
    async with client(servers.own("openai", ear="embedded")) as raw:
        await raw.start("gpt-live-transcribe")
        await raw.append(sound)
        await raw.commit()
        text = (await raw.until(".completed"))["transcript"]
    assert "quick brown fox" in text.lower()
