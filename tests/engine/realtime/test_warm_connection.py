"""The connection between two takes, by both transports: kept, expired, replaced, left by nobody."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.spoken_words import Online, phrases, said, send
from tests.engine.transports import gone, sockets
from tests.waiting import until

pytestmark = [
    pytest.mark.usefixtures("surroundings"),
    pytest.mark.parametrize("transport", ["websocket", "sdk"]),
]
SOUND = phrases(3, 4)
WORDS = said(7)


@pytest.fixture(scope="module")
def mortal(servers):
    return servers.own("openai")


class Watch:
    """What the server has seen since."""

    def __init__(self, server) -> None:
        self._server = server
        self._before = len(server.report()["connections"])
        self.others = server.connections

    @property
    def records(self) -> list[dict]:
        return self._server.report()["connections"][self._before :]

    async def ends(self) -> None:
        await gone(self._server, self.others)


@pytest.fixture
def watch(server):
    return Watch(server)


@pytest.fixture(autouse=True)
async def nothing_left(server):  # whose own socket is open by then
    before, open_before = asyncio.all_tasks(), sockets()
    yield
    await asyncio.sleep(0.01)
    assert sockets() == open_before
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}


async def test_the_next_take_needs_no_handshake(server, transport, watch):
    async with Online(server, transport=transport) as online:
        for _ in range(3):
            assert await online.take(SOUND) == WORDS
        (record,) = watch.records
        assert record["live"]
        assert len(record["sessions"]) == 1
    await watch.ends()
    (record,) = watch.records
    assert record["close_code"] == 1000
    assert record["violations"] == []


async def test_a_warm_connection_expires(server, transport, watch):
    async with Online(server, transport=transport, warm_seconds=0.6) as online:
        assert await online.take(SOUND) == WORDS
        assert watch.records[0]["live"]
        await watch.ends()
        assert await online.take(SOUND) == WORDS
    assert len(watch.records) == 2


async def test_its_time_begins_anew_with_every_take(server, transport, watch):
    async with Online(server, transport=transport, warm_seconds=0.9) as online:
        for _ in range(4):
            assert await online.take(SOUND) == WORDS
            await asyncio.sleep(0.35)
        assert len(watch.records) == 1


async def test_it_does_not_expire_within_a_take(server, transport, watch):
    async with Online(server, transport=transport, warm_seconds=0.2) as online:
        assert await online.take(SOUND) == WORDS
        assert await online.take(SOUND, pace=0.2) == WORDS  # 0.6 s
        assert len(watch.records) == 1


async def test_no_connection_is_kept_where_none_is_wanted(server, transport, watch):
    async with Online(server, transport=transport, warm_seconds=0) as online:
        assert await online.take(SOUND) == WORDS
        await watch.ends()
        assert await online.take(SOUND) == WORDS
        await watch.ends()
    assert len(watch.records) == 2


@pytest.mark.parametrize("end", [{"session_limit": {"seconds": 1.5}}, "restart"], ids=str)
async def test_a_connection_that_ended_meanwhile_costs_a_handshake(mortal, transport, end, caplog):
    server, watch = mortal, Watch(mortal)
    if end != "restart":
        server.plan([end])
    async with Online(server, transport=transport) as online:
        assert await online.take(SOUND) == WORDS
        if end == "restart":
            server.restart()
        else:
            await watch.ends()
        await asyncio.sleep(0.05)
        caplog.clear()
        assert await online.take(SOUND) == WORDS
        assert online.told == []
    assert "be sent again" not in caplog.text
    ours = server.report()["connections"] if end == "restart" else watch.records[1:]
    assert len(ours) == 1


async def test_a_connection_that_died_unnoticed_costs_no_word(server, transport, watch):
    server.plan([{"half_open": "commit:2"}])
    short = phrases(4, pause=0.2)
    async with Online(server, transport=transport, patience_seconds=1) as online:
        for _ in range(2):
            assert await online.take(short) == said(4)
        assert online.told == []
    assert len(watch.records) == 2


@pytest.mark.parametrize("moment", ["before the connection", "in the middle", "after the end"])
async def test_a_take_that_is_given_up_closes_its_connection(server, transport, watch, moment):
    server.plan([{"work": 5, "hang_handshake": moment == "before the connection"}])
    async with Online(server, transport=transport) as online:
        await online.engine.load()
        async with online.engine.session() as session:
            await send(session, SOUND, online.engine.rate)
            await until(lambda: watch.records[:1])
            if moment != "before the connection":
                await until(lambda: watch.records[0]["commits"])
            if moment == "after the end":
                await session.finish()
        await watch.ends()
        assert await online.take(SOUND) == WORDS
        assert len(watch.records) == 2
    await watch.ends()


async def test_a_take_that_is_given_up_unsaid_keeps_its_connection(server, transport, watch):
    async with Online(server, transport=transport) as online:
        assert await online.take(SOUND) == WORDS
        async with online.engine.session():
            await asyncio.sleep(0.05)
        assert await online.take(SOUND) == WORDS
        assert len(watch.records) == 1


async def test_two_takes_at_once_have_a_connection_each_and_one_is_kept(server, transport, watch):
    async with Online(server, transport=transport) as online:
        both = await asyncio.gather(online.take(SOUND, pace=0.1), online.take(SOUND, pace=0.1))
        assert both == [WORDS, WORDS]
        await gone(server, watch.others + 1)
        assert await online.take(SOUND) == WORDS
        assert len(watch.records) == 2


async def test_the_engine_closes_while_a_take_is_under_way(server, transport, watch):
    online = Online(server, transport=transport)
    assert await online.take(SOUND) == WORDS
    async with online.engine.session() as session:
        await send(session, SOUND, online.engine.rate)
        await asyncio.sleep(0.05)
        await online.engine.close()
    await watch.ends()
    await online.engine.close()
    await watch.ends()


async def test_the_end_of_the_program_does_not_wait_for_a_dead_server(server, transport):
    server.plan([{"half_open": "append:200"}])
    online = Online(server, transport=transport)
    assert await online.take(SOUND) == WORDS
    async with online.engine.session() as session:
        for _ in range(200):
            await session.send(bytes(48000))  # a second
        await asyncio.sleep(0.5)
    await online.engine.close()


async def test_after_the_machine_has_slept_the_next_take_connects_anew(server, transport, watch):
    async with Online(server, transport=transport) as online:
        assert await online.take(SOUND) == WORDS
        await online.engine.after_resume()
        await watch.ends()
        assert await online.take(SOUND) == WORDS
        assert len(watch.records) == 2
