"""What the server that is not ours does, as the official SDK sees it: our client relies on this."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import jiwer
import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import ConversationItemInputAudioTranscriptionCompletedEvent
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from whisper_normalizer.english import EnglishTextNormalizer

from tests import speech
from tests.servers.peers.peer import Peer

pytestmark = pytest.mark.peer
RATE = 24000
CHUNK = 40 * RATE // 1000 * 2  # bytes: 40 ms
PATIENCE = 30  # s
SENTENCES = [
    "Please send the invoice to accounting before noon.",
    "The quick brown fox jumps over the lazy dog.",
    "Could you forward me the contract that we signed in February?",
]
SERVER_VAD = {"type": "server_vad", "silence_duration_ms": 400}
ADDED = "conversation.item.added"
STARTED = "input_audio_buffer.speech_started"
STOPPED = "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"
DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
normalize = EnglishTextNormalizer()


class Conversation:
    """The SDK's connection, and every event since the session was acknowledged."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self.events: list[Any] = []

    async def send(self, audio: bytes, chunk: int = CHUNK, pace: float = 0) -> None:
        for start in range(0, len(audio), chunk):
            part = base64.b64encode(audio[start : start + chunk]).decode()
            await self.connection.input_audio_buffer.append(audio=part)
            await asyncio.sleep(pace)

    async def commit(self) -> None:
        await self.connection.input_audio_buffer.commit()

    async def until(self, kind: str) -> Any:
        """Return the next event of that type."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self.events.append(event := await self.connection.recv())
                if event.type == kind:
                    return event

    async def text(self) -> str:
        """Return the next transcript."""
        completed = await self.until(COMPLETED)
        assert isinstance(completed, ConversationItemInputAudioTranscriptionCompletedEvent)
        return completed.transcript

    @property
    def kinds(self) -> list[str]:
        """The types of the events, in order; many of one in a row are told once."""
        return [kind for kind, _ in groupby(event.type for event in self.events)]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]


@asynccontextmanager
async def conversation(
    peer: Peer, turn_detection: dict[str, Any] | None = None, model: str | None = None
) -> AsyncIterator[Conversation]:
    pcm = {"type": "audio/pcm", "rate": RATE}
    audio: dict[str, Any] = {"format": pcm, "turn_detection": turn_detection}
    if model:
        audio["transcription"] = {"model": model}
    client = AsyncOpenAI(websocket_base_url=f"{peer.endpoint}/v1", api_key="none is asked for")
    query = {"intent": "transcription"}
    async with client, client.realtime.connect(extra_query=query) as connection:
        talk = Conversation(connection)
        await talk.until("session.created")
        await connection.session.update(
            session={"type": "transcription", "audio": {"input": audio}}
        )
        yield talk


@asynccontextmanager
async def ready(
    peer: Peer, turn_detection: dict[str, Any] | None = None
) -> AsyncIterator[Conversation]:
    async with conversation(peer, turn_detection) as talk:
        await talk.until("session.updated")
        talk.events.clear()
        yield talk


@pytest.fixture(scope="module")
def streaming_peer():
    with Peer(stream=True) as running:
        yield running


def spoken(text: str) -> bytes:
    samples, rate = speech.say(text)
    return speech.pcm16(speech.resampled(samples, rate, RATE))


def silence(ms: int) -> bytes:
    return bytes(ms * RATE // 1000 * 2)


def assert_says(text: str, said: str) -> None:
    assert jiwer.wer(normalize(said), normalize(text)) <= 0.1, text


def ids(events: Sequence[Any]) -> list[str]:
    return [event.item_id for event in events]


async def test_a_committed_turn_is_transcribed(peer):
    async with ready(peer) as talk:
        await talk.send(spoken(SENTENCES[0]))
        await talk.until(ADDED)  # by the first audio, before any commit
        await talk.commit()
        text = await talk.text()
    assert_says(text, SENTENCES[0])
    assert talk.kinds == [ADDED, COMMITTED, DELTA, COMPLETED]
    assert "".join(delta.delta for delta in talk.of(DELTA)) == text
    [added], [committed] = talk.of(ADDED), talk.of(COMMITTED)
    assert set(ids(talk.events[1:])) == {committed.item_id} == {added.item.id}


async def test_turns_follow_one_another_without_a_link_between_them(peer):
    async with ready(peer) as talk:
        for sentence in SENTENCES:
            await talk.send(spoken(sentence))
            await talk.commit()
            assert_says(await talk.text(), sentence)
    committed = talk.of(COMMITTED)
    assert [event.previous_item_id for event in committed] == [None] * 3
    assert len(set(ids(committed))) == 3
    assert ids(committed) == ids(talk.of(COMPLETED))


async def test_what_is_sent_while_a_turn_is_transcribed_belongs_to_the_next(peer):
    async with ready(peer) as talk:
        for sentence in SENTENCES:
            await talk.send(spoken(sentence))
            await talk.commit()
        for sentence in SENTENCES:
            assert_says(await talk.text(), sentence)
    assert talk.kinds == [ADDED, COMMITTED, DELTA, COMPLETED] * 3


async def test_server_vad_commits_at_pauses(peer):
    async with ready(peer, SERVER_VAD) as talk:
        for sentence in SENTENCES[:2]:
            await talk.send(silence(500) + spoken(sentence) + silence(600))
        for sentence in SENTENCES[:2]:
            assert_says(await talk.text(), sentence)
    assert talk.kinds == [ADDED, STARTED, STOPPED, COMMITTED, DELTA, COMPLETED] * 2
    assert len(set(ids(talk.of(COMMITTED)))) == 2
    assert ids(talk.of(STARTED)) == ids(talk.of(STOPPED)) == ids(talk.of(COMMITTED))
    assert [event.previous_item_id for event in talk.of(COMMITTED)] == [None, None]


async def test_times_of_server_vad_are_those_of_all_the_audio_sent(peer):
    audio = spoken(SENTENCES[0])
    async with ready(peer, SERVER_VAD) as talk:
        await talk.send(silence(2000) + audio + silence(600))
        await talk.text()
    end = 2000 + len(audio) / RATE / 2 * 1000
    [started], [stopped] = talk.of(STARTED), talk.of(STOPPED)
    assert 1700 <= started.audio_start_ms <= 2300  # minus 300 of padding; the voice takes a breath
    assert end <= stopped.audio_end_ms <= end + 600


async def test_a_commit_ends_what_server_vad_began_without_speech_stopped(peer):
    async with ready(peer, SERVER_VAD) as talk:
        await talk.send(silence(500) + spoken(SENTENCES[0]))
        await talk.commit()
        assert_says(await talk.text(), SENTENCES[0])
    assert talk.kinds == [ADDED, STARTED, COMMITTED, DELTA, COMPLETED]


@pytest.mark.parametrize("turn_detection", [None, SERVER_VAD], ids=["manual", "server-vad"])
async def test_a_commit_of_nothing_is_an_empty_item_and_no_error(peer, turn_detection):
    async with ready(peer, turn_detection) as talk:
        await talk.commit()
        assert await talk.text() == ""
    assert talk.kinds == [ADDED, COMMITTED, COMPLETED]


@pytest.mark.parametrize("ms", [40, 2000])  # the first is less than OpenAI takes
async def test_a_commit_of_silence_is_an_empty_item(peer, ms):
    async with ready(peer) as talk:
        await talk.send(silence(ms))
        await talk.commit()
        assert await talk.text() == ""


async def test_a_clear_is_neither_answered_nor_obeyed(peer):
    async with ready(peer) as talk:
        await talk.send(spoken(SENTENCES[0]))
        await talk.connection.input_audio_buffer.clear()
        await talk.commit()
        assert_says(await talk.text(), SENTENCES[0])
    assert "input_audio_buffer.cleared" not in talk.kinds


async def test_one_append_that_holds_a_whole_turn_loses_it_under_server_vad(peer):
    audio = silence(500) + spoken(SENTENCES[0]) + silence(600)
    async with ready(peer, SERVER_VAD) as talk:
        await talk.send(audio, chunk=len(audio))
        assert await talk.text() == ""


async def test_events_lack_usage_and_items_lack_a_status(peer):
    async with ready(peer) as talk:
        await talk.send(spoken(SENTENCES[0]))
        await talk.commit()
        await talk.text()
    assert "usage" not in talk.of(COMPLETED)[0].to_dict()
    assert "status" not in talk.of(ADDED)[0].to_dict()["item"]


async def test_a_model_it_does_not_have_is_an_error_instead_of_the_acknowledgement(peer):
    async with conversation(peer, model="gpt-live-transcribe") as talk:
        failed = await talk.until("error")
        assert "gpt-live-transcribe" in failed.error.message
        assert set(failed.error.to_dict()) == {"message"}
        await talk.send(spoken(SENTENCES[0]))  # it goes on with its own model
        await talk.commit()
        assert_says(await talk.text(), SENTENCES[0])
    assert "session.updated" not in talk.kinds


async def test_a_model_it_does_not_have_in_the_address_ends_the_session_as_if_all_were_well(peer):
    async with connect(f"{peer.endpoint}/v1/realtime?model=gpt-4o-transcribe") as socket:
        assert "gpt-4o-transcribe" in json.loads(await socket.recv())["error"]["message"]
        with pytest.raises(ConnectionClosedOK):
            await socket.recv()


async def test_half_a_sample_ends_the_session_as_if_all_were_well(peer):
    async with ready(peer) as talk:
        await talk.send(b"\0\0\0", chunk=3)
        await talk.until("error")
        with pytest.raises(ConnectionClosedOK):
            await talk.until(COMPLETED)


async def test_an_event_it_does_not_know_is_not_answered(peer):
    async with ready(peer) as talk:
        await talk.connection.send({"type": "transcription_session.update", "session": {}})
        await talk.commit()
        await talk.text()
    assert talk.kinds == [ADDED, COMMITTED, COMPLETED]


async def test_semantic_vad_is_an_error_instead_of_the_acknowledgement(peer):
    async with conversation(peer, {"type": "semantic_vad"}) as talk:
        assert "semantic_vad" in (await talk.until("error")).error.message
    assert "session.updated" not in talk.kinds


async def test_words_come_while_audio_still_arrives(streaming_peer):
    async with ready(streaming_peer) as talk:
        await talk.send(spoken(SENTENCES[2]), pace=0.04)
        await talk.commit()
        text = await talk.text()
    assert_says(text, SENTENCES[2])
    assert talk.kinds == [ADDED, DELTA, COMMITTED, DELTA, COMPLETED]
    assert "".join(delta.delta for delta in talk.of(DELTA)) == text


async def test_a_killed_server_drops_its_clients_without_a_word():
    with Peer() as doomed:
        async with ready(doomed) as talk:
            await talk.send(spoken(SENTENCES[0]))
            doomed.kill()
            doomed.kill()  # the second finds it dead
            with pytest.raises(ConnectionClosedError) as closed:
                await talk.text()
    assert closed.value.rcvd is None
