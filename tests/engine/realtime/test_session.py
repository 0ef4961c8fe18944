"""No spoken word is lost and none comes twice, whatever the server and the network do.

A real server process, real sockets; each word of the sound carries a number.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.spoken_words import Online, phrases, said, send, words_of
from tests.servers.realtime.server import RealtimeServer
from tray_dictate.core.errors import EngineError

pytestmark = pytest.mark.live

SOUND = phrases(4, 5, 6)
WORDS = said(15)
MIDDLE = len(SOUND) // 2
FOREIGN = {"type": "invalid_request_error", "code": "odd", "message": "Something is odd."}


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TRAY_DICTATE_KEY", "test-key")


@pytest.fixture(scope="module")
def server():
    with RealtimeServer("openai") as running:
        yield running


FAULTS = {
    "the handshake is refused with 503": {"refuse": {"status": 503, "body": "busy"}},
    "the handshake is refused with 429": {"refuse": {"status": 429, "body": ""}},
    "the connection is reset before the first word": {"drop_after_bytes": 1},
    "the connection is reset in mid-take": {"drop_after_bytes": MIDDLE},
    "the connection is reset inside a frame": {"drop_after_wire": MIDDLE + 777},
    "it is reset when the session exists": {"drop_at": "created"},
    "it is reset before the settings are acknowledged": {"drop_at": "updated"},
    "it is reset at the first commit": {"drop_at": "commit"},
    "it is reset at the second commit": {"drop_at": "commit:2"},
    "it is reset before an announcement": {"drop_at": "committed:2"},
    "it is reset before a text": {"drop_at": "completed:2"},
    "it is reset within a text": {"drop_inside": "completed:2"},
    "it is reset before the last text": {"drop_at": "completed:3"},
    "it is closed in mid-take": {"close_at": ("append:60", 1001, "going away")},
    "it is closed as if all were well": {"close_at": ("committed", 1000, "")},
    "it is closed with an internal error": {"close_at": ("completed", 1011, "oops")},
    "it is closed for a large message": {"enormous_at": ("completed", 2)},
    "an error is reported": {"error_at": ("committed:2", FOREIGN)},
    "the session is over its limit of texts": {"session_limit": {"items": 1}},
    "the session ends with an opaque error": {
        "session_limit": {"items": 2}, "azure_opaque_limit": True,
    },
    "every answer comes twice": {"duplicate": True},
    "texts come in another order": {"reorder": 3},
    "announcements come in another order": {"reorder": 5, "reorder_committed": True},
    "no item tells what it follows": {"wrong_previous": "null"},
    "every item follows an unknown one": {"wrong_previous": "random"},
    "every item follows the last text": {"wrong_previous": "last"},
    "every item follows itself": {"wrong_previous": "self"},
    "texts come under other names": {"wrong_ids": True},
    "garbage comes between": {"malformed_at": "completed:2"},
    "the settings are acknowledged late": {"ack_delay": 0.4},
    "the handshake takes its time": {"handshake_delay": 0.4},
    "everything is slow": {"latency": 0.1, "work": 0.1},
}  # fmt: skip


@pytest.mark.parametrize("transport", ["websocket", "sdk"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_every_word_comes_once_and_in_order_where(server, fault, transport):
    server.plan([fault])
    async with Online(server, transport=transport) as online:
        assert await online.take(SOUND) == WORDS
    assert not online.told
    assert not online.offline.sessions


# it says nothing more, it reads nothing more, a text never comes
STALLS = [{"stall_at": "commit:2"}, {"half_open": "commit:2"}, {"stall_at": "completed:2"}]
FIRED = ["half_open commit:2", "stall_at commit:2", "stall_at completed:2"]


async def test_a_server_that_falls_silent_is_left_for_a_new_connection(server):
    before = len(server.report()["connections"])
    sound = phrases(4, 5) + phrases(6, pause=0.2, first=9)  # what is owed is waited for as long

    async def dictate() -> None:
        async with Online(server, patience_seconds=3) as online:
            assert await online.take(sound) == WORDS
        assert not online.offline.sessions

    server.plan(STALLS)
    await asyncio.gather(*(dictate() for _ in STALLS))
    stalled = server.report()["connections"][before:][: len(STALLS)]
    assert sorted(fired for record in stalled for fired in record["fired"]) == FIRED


async def test_only_what_has_no_text_yet_is_said_again(server):
    before = len(server.report()["connections"])
    server.plan([{"drop_at": "completed:3"}])
    async with Online(server) as online:
        assert await online.take(SOUND, pace=0.25) == WORDS
    first, second = server.report()["connections"][before:]
    assert first["transcripts"][:2] == [" ".join(WORDS[:4]), " ".join(WORDS[4:9])]
    assert second["transcripts"] == [" ".join(WORDS[9:])]


async def test_a_text_that_waits_for_an_earlier_one_is_not_asked_for_again(server):
    before = len(server.report()["connections"])
    # the second text comes before the first, which never comes
    server.plan([{"reorder": 3, "drop_at": "completed:2"}])
    async with Online(server) as online:
        assert await online.take(SOUND) == WORDS
    reports = server.report()["connections"][before:]
    delivered = [text for report in reports for text in report["transcripts"]]
    assert len(reports) == 2
    assert sorted(set(delivered)) == sorted(delivered) or len(delivered) <= 5


async def test_faults_on_many_connections_in_a_row_lose_nothing(server):
    drops = [{"drop_after_bytes": size} for size in (1, 30_000, 90_000)]
    server.plan([*drops, {"drop_at": "commit"}, {"drop_inside": "completed"}])
    async with Online(server) as online:
        assert await online.take(SOUND) == WORDS
    assert not online.offline.sessions


FATAL = {
    "the key": ({"refuse": {"status": 401, "body": ""}}, "tray-dictate key set"),
    "the address": ({"refuse": {"status": 404, "body": ""}}, "engine.endpoint"),
    "the model": (
        {"close_at": ("append:9", 4000, "invalid_request_error.invalid_model")}, "engine.model",
    ),
    "the protocol": (
        {"close_at": ("updated", 4000, "invalid_request_error.beta_api_shape_disabled")},
        "engine.name",
    ),
    "the account": (
        {"error_at": ("committed", {"type": "x", "code": "insufficient_quota", "message": "m"})},
        "quota",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "setting"), FATAL.values(), ids=FATAL)
async def test_a_refusal_is_told_once_and_the_take_is_finished_here_if_it_is(
    server, fault, setting
):
    before = len(server.report()["connections"])
    server.plan([fault, fault, fault])
    async with Online(server) as online:
        assert await online.take(SOUND) == WORDS
        assert len(server.report()["connections"]) == before + 1, "it was tried again"
        assert len(online.told) == 1
        assert setting in online.told[0]
        assert "offline engine" in online.told[0]
        assert "test-key" not in online.told[0]
        assert await online.take(SOUND) == WORDS
        assert len(online.told) == 1, "the same news twice"
    server.plan([])


async def test_a_server_that_is_gone_in_mid_take_leaves_the_rest_to_the_offline_engine():
    with RealtimeServer("openai") as server:
        async with Online(server, patience_seconds=1) as online, asyncio.timeout(20):
            async with online.engine.session() as session:
                hearing = asyncio.create_task(words_of(session.events()))
                await send(session, phrases(4, 5), 24000)
                await asyncio.sleep(0.2)
                server.kill()
                await send(session, phrases(6, 3, first=9), 24000)
                await session.finish()
                assert await hearing == said(18)
            assert online.offline.sessions
            assert len(online.told) == 1
            assert "cannot be reached" in online.told[0]


async def test_a_server_that_comes_back_in_time_goes_on_with_the_take():
    with RealtimeServer("openai") as server:
        async with Online(server, patience_seconds=20) as online, asyncio.timeout(20):
            async with online.engine.session() as session:
                hearing = asyncio.create_task(words_of(session.events()))
                await send(session, phrases(4, 5), 24000)
                server.kill()
                await send(session, phrases(6, first=9), 24000)
                await asyncio.sleep(0.3)
                server.restart()
                await session.finish()
                assert await hearing == said(15)
            assert not online.offline.sessions


async def test_without_any_server_the_offline_engine_hears_all():
    async with Online("", name="openai", endpoint="ws://127.0.0.1:9", patience_seconds=1) as online:
        assert await online.take(SOUND) == WORDS
    assert online.offline.sessions


async def test_a_language_that_the_offline_engine_does_not_know_is_not_guessed_at():
    async with Online("", name="openai", endpoint="ws://127.0.0.1:9", patience_seconds=1) as online:
        online.offline.refuses = "The offline engine has no model that knows German."
        with pytest.raises(EngineError, match=r"refused\. .* no model that knows German"):
            await online.take(SOUND)
        assert online.told == [], "it does not finish the dictation"
        assert not online.offline.sessions


async def test_an_item_that_fails_is_said_again_and_then_given_to_the_offline_engine():
    with RealtimeServer("azure", models=["another"]) as server:  # it has no such deployment
        async with Online(server) as online:
            assert await online.take(SOUND) == WORDS
        assert online.offline.sessions
        assert "could not transcribe it: Input transcription failed" in online.told[0]
        assert len(server.report()["connections"]) == 2


async def test_an_error_about_nothing_of_ours_is_no_reason_to_say_it_again(server):
    before = len(server.report()["connections"])
    server.plan([{"error_at": ("committed:2", FOREIGN)}])
    async with Online(server) as online:
        assert await online.take(SOUND) == WORDS
    assert len(server.report()["connections"]) == before + 1


SILENT = {
    "it never acknowledges": ({"no_ack": True}, "does not acknowledge the session"),
    "it never answers the handshake": ({"hang_handshake": True}, "did not answer in time"),
}


@pytest.mark.parametrize(("fault", "told"), SILENT.values(), ids=SILENT)
async def test_the_first_wait_for_a_silent_server_counts_where(server, fault, told):
    before = len(server.report()["connections"])
    server.plan([fault] * 9)
    async with Online(server, patience_seconds=1) as online:
        assert await online.take(SOUND) == WORDS
    assert online.offline.sessions
    assert told in online.told[0]
    assert len(server.report()["connections"]) == before + 1, "patience was at its end"
    server.plan([])


async def test_a_server_that_never_answers_is_tried_twice_within_the_patience(server):
    before = len(server.report()["connections"])
    server.plan([{"stall_at": "commit"}] * 9)
    async with Online(server, patience_seconds=2) as online:
        assert await online.take(phrases(4, pause=0.2)) == said(4)
    assert online.offline.sessions
    assert len(server.report()["connections"]) == before + 2
    server.plan([])


def busy(words: str) -> dict:
    return {"refuse": {"status": 429, "body": f'{{"error": {{"message": "{words}"}}}}'}}


async def test_a_server_that_wants_to_be_left_alone_for_a_while_is_and_the_take_goes_on(server):
    server.plan([busy("Please try again in 1s.")])
    async with Online(server) as online:
        assert await online.take(SOUND) == WORDS
    assert not online.offline.sessions


async def test_a_wait_that_is_longer_than_the_patience_is_not_begun(server):
    before = len(server.report()["connections"])
    server.plan([busy("Please retry after 40 seconds.")] * 9)
    async with Online(server, patience_seconds=20) as online:
        assert await online.take(SOUND, limit=10) == WORDS
    assert online.offline.sessions
    assert "asks for a wait of 40 s" in online.told[0]
    assert len(server.report()["connections"]) == before + 1
    server.plan([])


async def test_a_drop_between_two_takes_costs_a_handshake_and_no_word(server):
    server.plan([{"close_at": ("clear", 1001, "")}])
    async with Online(server) as online:
        assert await online.take(SOUND) == WORDS
        await asyncio.sleep(0.1)
        assert await online.take(SOUND) == WORDS
    server.plan([])


@pytest.mark.parametrize("turns", ["release", "server"])
async def test_other_ways_to_take_turns_lose_nothing_at_a_drop(server, turns):
    model = "gpt-4o-mini-transcribe"  # it has voice detection
    faults = [{"drop_after_bytes": MIDDLE}, {"drop_at": "completed"}, {"duplicate": True}]

    async def dictate() -> None:
        async with Online(server, turns=turns, model=model) as online:
            assert await online.take(SOUND, pace=0.2) == WORDS

    server.plan(faults)
    await asyncio.gather(*(dictate() for _ in faults))
