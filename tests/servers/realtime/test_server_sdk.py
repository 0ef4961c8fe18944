"""The official SDK's client speaks with the fake: it is not shaped by our client alone."""

import asyncio
import base64
import contextlib
import ssl

import pytest
from openai import AsyncOpenAI
from openai.types import realtime

from tests.servers.realtime.raw import Pool, last, said
from tests.servers.realtime.server import RealtimeServer
from tests.servers.realtime.words import silence

VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
}


@pytest.fixture(
    params=[("openai", False), ("openai", True), ("azure", False), ("azure", True)],
    ids=["openai", "openai over TLS", "azure", "azure over TLS"],
    scope="module",
)
def server(request, servers: Pool):
    kind, tls = request.param
    return servers.own(kind, tls=True) if tls else servers[kind]


@contextlib.asynccontextmanager
async def connected(server: RealtimeServer, *, model="gpt-4o-mini-transcribe", vad=None):
    azure = server.kind == "azure"
    base = f"{server.endpoint}/openai/v1" if azure else server.endpoint
    options = {"ssl": ssl.create_default_context(cafile=server.ca_file)} if server.tls else {}
    async with (
        asyncio.timeout(10),
        AsyncOpenAI(base_url=base, api_key=server.key) as openai,
        openai.realtime.connect(
            extra_query={"intent": "transcription"},
            extra_headers={"api-key": server.key} if azure else {},
            websocket_connection_options=options,
        ) as connection,
    ):
        heard = {
            "format": {"type": "audio/pcm", "rate": 24000},
            "noise_reduction": {"type": "near_field"},
            "transcription": {"model": model},
            "turn_detection": vad,
        }
        session = {"type": "transcription", "audio": {"input": heard}}
        await connection.session.update(session=session)
        yield connection


async def append(connection, pcm):
    await connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())


async def events_until(connection, kind, count=1):
    events = []
    while count:
        events.append(await connection.recv())
        count -= events[-1].type == kind
    return events


COMPLETED = "conversation.item.input_audio_transcription.completed"


async def test_a_manual_turn_comes_as_the_sdks_own_events(server):
    async with connected(server) as connection:
        await append(connection, said(17, 18))
        await connection.input_audio_buffer.commit()
        events = await events_until(connection, COMPLETED)
    kinds = list(dict.fromkeys(type(event) for event in events))
    assert kinds == [
        realtime.SessionCreatedEvent,
        realtime.SessionUpdatedEvent,
        realtime.InputAudioBufferCommittedEvent,
        realtime.ConversationItemAdded,
        realtime.ConversationItemDone,
        realtime.ConversationItemInputAudioTranscriptionDeltaEvent,
        realtime.ConversationItemInputAudioTranscriptionCompletedEvent,
    ]
    assert events[-1].transcript == "w17 w18"
    assert "".join(event.delta for event in events if event.type.endswith("delta")) == "w17 w18"
    assert events[1].session.audio.input.transcription.model == "gpt-4o-mini-transcribe"
    record = await last(server)
    assert record["violations"] == []
    assert record["transcripts"] == ["w17 w18"]
    assert record["auth"] == ("bearer+api-key" if server.kind == "azure" else "bearer")


async def test_turns_are_detected_on_the_timeline_of_the_sound(server):
    async with connected(server, vad=VAD) as connection:
        await append(connection, silence(1, 24000) + said(1, 2) + silence(0.5, 24000))
        await append(connection, said(3) + silence(0.5, 24000))
        events = await events_until(connection, COMPLETED, 2)
    started = [event for event in events if event.type.endswith("speech_started")]
    stopped = [event for event in events if event.type.endswith("speech_stopped")]
    committed = [event for event in events if event.type.endswith("committed")]
    assert [event.audio_start_ms for event in started] == [840, 1760]
    assert [event.audio_end_ms for event in stopped] == [1520, 2280]
    for turn in zip(started, stopped, committed, strict=True):
        assert len({event.item_id for event in turn}) == 1
    assert [event.transcript for event in events if event.type == COMPLETED] == ["w1 w2", "w3"]
    assert (await last(server))["violations"] == []


async def test_several_items_are_linked_in_the_order_of_their_commits(server):
    async with connected(server) as connection:
        for number in range(3):
            await append(connection, said(number))
            await connection.input_audio_buffer.commit()
        events = await events_until(connection, COMPLETED, 3)
    committed = [event for event in events if event.type == "input_audio_buffer.committed"]
    ids = [event.item_id for event in committed]
    assert [event.previous_item_id for event in committed] == [None, *ids[:2]]
    done = {event.item_id: event.transcript for event in events if event.type == COMPLETED}
    assert [done[item] for item in ids] == ["w0", "w1", "w2"]


async def test_a_commit_of_less_than_100_ms_is_an_error_that_ends_nothing(server):
    async with connected(server) as connection:
        await append(connection, silence(0.05, 24000))
        await connection.input_audio_buffer.commit(event_id="mine")
        error = (await events_until(connection, "error"))[-1]
        assert type(error) is realtime.RealtimeErrorEvent
        assert error.error.code == "input_audio_buffer_commit_empty"
        assert error.error.event_id == "mine"
        assert error.error.message == (
            "Error committing input audio buffer: buffer too small. Expected at least 100ms of "
            "audio, but buffer only has 50.00ms of audio."
        )
        await append(connection, said(5))
        await connection.input_audio_buffer.commit()
        assert (await events_until(connection, COMPLETED))[-1].transcript == "w5"


async def test_a_live_model_tells_its_deltas_before_the_commit_under_the_items_id(server):
    async with connected(server, model="gpt-live-transcribe") as connection:
        await append(connection, said(1, 2))
        delta = (await events_until(connection, COMPLETED.replace("completed", "delta")))[-1]
        assert delta.delta == "w1 w2"
        await append(connection, said(3))
        await connection.input_audio_buffer.commit()
        events = await events_until(connection, COMPLETED)
    assert events[0].delta == " w3"
    committed = [event for event in events if event.type == "input_audio_buffer.committed"]
    assert {event.item_id for event in [delta, *committed, events[-1]]} == {delta.item_id}
    assert events[-1].transcript == "w1 w2 w3"
