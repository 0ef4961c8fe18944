"""What a session is asked for, by a real server that takes or refuses it."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.spoken_words import Online, phrases, said, send
from tests.servers.realtime.server import RealtimeServer
from tray_dictate.core.segments import Completed

SOUND, WORDS = phrases(4, 5, 6), said(15)
NOISE = "session.audio.input.noise_reduction"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TRAY_DICTATE_KEY", "test-key")


@pytest.fixture(scope="module")
def server():
    mini = "gpt-4o-mini-transcribe"
    with RealtimeServer("azure", models={"my-stt": "gpt-live-transcribe", mini: mini}) as running:
        yield running


async def test_a_field_that_the_server_refuses_is_left_out_from_then_on_and_told_once(server):
    before = len(server.report()["connections"])
    server.plan([{"refuse_fields": [NOISE]}, {"refuse_fields": [NOISE]}])
    async with Online(server, warm_seconds=0) as online:
        assert await online.take(SOUND) == WORDS
        assert await online.take(SOUND) == WORDS
    first, second = server.report()["connections"][before:]
    assert [count for kind, count in first["events"] if kind == "session.update"] == [2]
    assert [count for kind, count in second["events"] if kind == "session.update"] == [1]
    assert len(online.told) == 1
    assert "engine.noise_reduction" in online.told[0]
    assert not first["violations"]
    assert not second["violations"]


async def test_several_refused_fields_are_dropped_one_after_the_other(server):
    prompt = "session.audio.input.transcription.prompt"
    server.plan([{"refuse_fields": [NOISE, prompt, "session.include"]}])
    async with Online(server, prompt="Dictation.", logprobs=True) as online:
        assert await online.take(SOUND) == WORDS
    told = " ".join(online.told)
    assert all(name in told for name in ("noise_reduction", "prompt", "logprobs"))


async def test_a_deployment_without_voice_detection_still_gives_text_at_the_pauses(server):
    async with (
        Online(server, model="my-stt", turns="server") as online,
        asyncio.timeout(20),
        online.engine.session() as session,
    ):
        events = session.events()
        await send(session, phrases(4, 5), 24000, pace=0.3)
        words = []
        async for event in events:  # without any release
            words += event.text.split() if isinstance(event, Completed) else []
            if len(words) == 9:
                break
        assert words == said(9)
    assert [note for note in online.told if "engine.turns" in note]


KINDS = {
    "openai": {}, "azure": {}, "azure-preview": {}, "sglang": {}, "mlx-audio": {},
    "speaches": {"model": "tiny"}, "localai": {"model": "pipe"}, "vllm": {"model": "voxtral"},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_text_comes_while_the_key_is_held_wherever_turns_are_taken_at_pauses(servers, kind):
    before = len(servers[kind].report()["connections"])
    async with (
        Online(servers[kind], **KINDS[kind]) as online,
        asyncio.timeout(20),
        online.engine.session() as session,
    ):
        sound = phrases(4, 5, rate=online.engine.rate)
        await send(session, sound, online.engine.rate)
        words = []
        async for event in session.events():
            words += event.text.split() if isinstance(event, Completed) else []
            if len(words) == 9:
                break
        assert words == said(9)
    assert not servers[kind].report()["connections"][before]["violations"]


async def test_a_deployment_that_does_not_exist_is_named_and_the_take_is_finished_here(server):
    async with Online(server, model="nothing") as online:
        assert await online.take(SOUND) == WORDS
    assert len(online.told) == 1
    assert "engine.model" in online.told[0]
