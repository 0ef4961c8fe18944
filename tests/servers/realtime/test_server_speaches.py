"""The quirks of Speaches, as they were measured."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.servers.realtime.raw import RATE, client, last, said
from tests.servers.realtime.words import silence

FOUR = {
    "type": "server_vad",
    "threshold": 1.0,
    "prefix_padding_ms": 0,
    "silence_duration_ms": 500,
    "create_response": False,
}


async def dropped(raw):
    with pytest.raises((ConnectionClosedError, ConnectionResetError)) as ending:
        await raw.until("never")
    assert ending.value.rcvd is None


async def test_speaches_listens_for_turns_and_clips_the_first_word(servers):
    async with client(servers["speaches"]) as raw:
        await raw.append(silence(0.5, RATE) + said(1, 2) + silence(3, RATE))
        completed = await raw.until(".completed")
    assert completed["transcript"] == "torn w2"  # its prefix is 0 ms
    assert raw.kinds() == [
        "session.created",
        "speech_started",
        "speech_stopped",
        "committed",
        "created",
        "completed",
    ]


async def test_speaches_ends_no_turn_before_it_has_three_seconds(servers):
    async with client(servers["speaches"]) as raw:
        await raw.append(said(1, 2) + silence(0.7, RATE))
        await raw.until("speech_started")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw.until("speech_stopped"), 0.2)


async def test_speaches_can_end_one_turn_twice(servers):
    servers["speaches"].plan([{"work": 0.1}])
    async with client(servers["speaches"]) as raw:
        await raw.append(said(1, 2) + silence(3, RATE))
        await raw.append(silence(0.1, RATE))
        first, second = await raw.until(".completed"), await raw.until(".completed")
    assert first["item_id"] == second["item_id"]
    assert "error" in raw.kinds()


async def test_speaches_is_made_manual_by_a_threshold_of_1(servers):
    async with client(servers["speaches"]) as raw:
        error = await raw.refused("session.update", session={"turn_detection": FOUR})
        assert "prefix_padding_ms" in error["message"]
        assert error["code"] is None
        assert (await raw.until("updated"))["session"]["turn_detection"] == FOUR
        assert (await raw.turn(1, 2))["transcript"] == "w1 w2"
        await raw.commit()
        error = (await raw.until("error"))["error"]
        assert "buffer only has 0.00ms" in error["message"]
        assert error["code"] is None
    assert (await last(servers["speaches"]))["violations"] == []


@pytest.mark.parametrize(
    "session",
    [
        {"type": "transcription", "audio": {"input": {"turn_detection": FOUR}}},
        {"turn_detection": {"type": "server_vad", "threshold": 1.0}},
    ],
    ids=["nested", "with fields missing"],
)
async def test_speaches_ignores_a_session(servers, session):
    async with client(servers["speaches"]) as raw:
        await raw.say("session.update", session=session)
        assert (await raw.until("updated"))["session"]["turn_detection"]["threshold"] == 0.9


async def test_speaches_refuses_no_turn_detection_and_lives(servers):
    async with client(servers["speaches"]) as raw:
        error = await raw.refused("session.update", session={"turn_detection": None})
        assert error["param"] == "session.turn_detection"
        await raw.refused("transcription_session.update", session={})
        await raw.say("input_audio_buffer.clear")
        await raw.until("cleared")


async def test_speaches_falls_over_a_commit_in_the_middle_of_a_turn(servers):
    async with client(servers["speaches"]) as raw:
        await raw.append(said(1))
        await raw.until("speech_started")
        await raw.commit()
        await dropped(raw)


async def test_speaches_falls_over_audio_that_is_no_base64(servers):
    async with client(servers["speaches"]) as raw:
        await raw.say("input_audio_buffer.append", audio="!")
        await dropped(raw)
