"""A link, over both transports: settled, watched, used again, replaced."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
from collections import Counter
from collections.abc import Callable

import pytest

from tests.engine.fakes import FakeDetector
from tests.engine.spoken_words import WordsEngine, phrases, said, send, words_of
from tests.engine.transports import BOTH, gone, server_for, turning
from tests.servers.realtime.raw import last
from tests.servers.realtime.words import silence, word
from tests.waiting import until
from tray_dictate.engine.realtime.connection import WarmConnection
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError
from tray_dictate.engine.realtime.retry_budget import RetryBudget
from tray_dictate.engine.realtime.session import Plan, ResilientSession
from tray_dictate.engine.realtime.take_progress import TakeProgress
from tray_dictate.engine.realtime.transport import Times
from tray_dictate.engine.segmenter import PauseDetector

pytestmark = BOTH
RATE = 24000


@contextlib.asynccontextmanager
async def linked(connect, server, **changes):
    soon = functools.partial(connect, times=Times(close=0.1))
    link = await WarmConnection.open(await server_for(server, **changes), soon, set())
    try:
        yield link
    finally:
        await link.close()


class Sound(TakeProgress):
    """A take, as its turns and its sound."""

    def __init__(self, *turns: bytes, over: bool = True) -> None:
        super().__init__(RATE, RetryBudget(10))
        for turn in turns:
            self.append(turn)
            if turn is not turns[-1]:
                self.turns.cut(self.turns.end)
        if over:
            self.turns.finish(self.turns.end)

    async def over(self, link: WarmConnection, patience: float = 5) -> None:
        self.budget = RetryBudget(2 * patience)
        await link.converse(self)

    @property
    def words(self) -> list[str]:
        self.hand_out()
        events = [self.events.get_nowait() for _ in range(self.events.qsize())]
        return [word for event in events if hasattr(event, "text")
                for word in event.text.split()]  # fmt: skip


class CountedSound(Sound):
    """Counts the samples that are read in each turn of the loop."""

    def __init__(self, turns: Callable[[], int], *sound: bytes) -> None:
        super().__init__(*sound)
        self._loop_turns = turns
        self.read_in = Counter[int]()

    def read(self, start: int, end: int) -> bytes:
        self.read_in[self._loop_turns()] += end - start
        return super().read(start, end)


def spoken(*numbers: int) -> bytes:
    """Return the words and a breath, so that one is no click."""
    return b"".join(word(number, RATE) for number in numbers) + silence(0.1, RATE)


async def test_the_session_is_acknowledged_before_it_is_used(connect, server):
    server.plan([{"ack_delay": 0.2}])
    async with linked(connect, server) as link:
        assert link.conversation.ready
        assert link.reusable
    record = await last(server)
    assert record["events"] == [["session.update", 1]]


async def test_a_session_that_is_not_acknowledged_ends_in_time(connect, server):
    others = server.connections
    server.plan([{"no_ack": True}])
    with pytest.raises(LostError, match=r"^OpenAI does not acknowledge the session\.$"):
        opening = WarmConnection.open(await server_for(server), connect, set(), limit=0.2)
        await opening
    await gone(server, others)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"close_at": ["updated", 4000, "invalid_request_error.invalid_model"]}, RefusedError),
        ({"close_at": ["created", 1011, ""]}, LostError),
        ({"drop_at": "update"}, LostError),
        ({"error_at": ["update", {"type": "x", "code": "invalid_api_key"}]}, RefusedError),
    ],
    ids=str,
)
async def test_a_session_that_fails_at_its_start_is_closed(connect, server, fault, kind):
    others = server.connections
    server.plan([fault])
    with pytest.raises(kind) as failed:
        await WarmConnection.open(await server_for(server), connect, set())
    assert type(failed.value) is kind
    await gone(server, others)


async def test_opening_that_is_given_up_leaves_no_connection(connect, server):
    others = server.connections
    server.plan([{"no_ack": True}])
    task = asyncio.create_task(WarmConnection.open(await server_for(server), connect, set()))
    await until(lambda: server.connections != others)
    task.cancel()
    await asyncio.wait([task])
    await gone(server, others)


async def test_garbage_disturbs_neither_the_session_nor_a_take(connect, server):
    server.plan([{"malformed_at": "updated"}, {"malformed_at": "completed"}])
    for _ in range(2):
        async with linked(connect, server) as link:
            take = Sound(spoken(1, 2), spoken(3))
            await take.over(link)
            assert take.words == ["w1", "w2", "w3"]


async def test_takes_follow_each_other_on_one_connection(connect, server):
    async with linked(connect, server) as link:
        for number in range(3):
            take = Sound(spoken(number), spoken(number + 10))
            await take.over(link)
            assert take.words == [f"w{number}", f"w{number + 10}"]
            assert link.reusable
    record = await last(server)
    assert record["violations"] == []
    assert len(record["sessions"]) == 1


async def test_a_link_with_an_answer_owed_is_not_used_again(connect, server):
    server.plan([{"work": 5}])
    async with linked(connect, server) as link:
        take = asyncio.create_task(Sound(spoken(1, 2)).over(link))
        await until(lambda: link.conversation.owed)
        take.cancel()
        await asyncio.wait([take])
        assert not link.reusable


async def test_a_link_with_half_a_turn_is_not_used_again(connect, server):
    async with linked(connect, server) as link:
        take = asyncio.create_task(Sound(spoken(1, 2), over=False).over(link))
        await asyncio.sleep(0.1)
        take.cancel()
        await asyncio.wait([take])
        assert not link.reusable


async def test_an_old_link_is_not_used_again(connect, server):
    async with linked(connect, server, dialect={"minutes": 0.2 / 60}) as link:
        assert link.reusable
        await asyncio.sleep(0.25)
        assert not link.reusable


async def test_a_link_that_the_server_has_closed_is_not_used_again(connect, server):
    server.plan([{"session_limit": {"seconds": 0.6}}])
    async with linked(connect, server) as link:
        assert link.reusable
        await until(lambda: not link.reusable)


@pytest.mark.parametrize("code", [1000, 1001, 1011])
async def test_an_end_while_a_text_is_owed_is_a_loss(connect, server, code):
    server.plan([{"close_at": ["completed", code, ""]}])
    async with linked(connect, server) as link:
        with pytest.raises(LostError, match=f"close code {code}"):
            await Sound(spoken(1)).over(link)


@pytest.mark.parametrize("fault", [{"stall_at": "commit"}, {"half_open": "append:3"}], ids=str)
async def test_an_owed_text_is_not_waited_for_without_end(connect, server, fault):
    server.plan([fault])
    async with linked(connect, server) as link:
        with pytest.raises(LostError, match=r"^OpenAI does not answer\.$"):
            await Sound(spoken(1, 2), silence(0.4, RATE)).over(link, 0.3)


async def test_a_text_may_take_as_long_as_its_turn_beside_the_patience(connect, server):
    server.plan([{"work": 1.2}])
    async with linked(connect, server) as link:
        take = Sound(spoken(1) + silence(1, RATE))
        await take.over(link, 0.5)
        assert take.words == ["w1"]


async def test_a_server_that_reads_no_more_is_noticed_while_one_speaks(connect, server):
    """Nothing is owed yet, and pings wait behind the sound."""
    server.plan([{"half_open": "append:3"}])
    async with linked(connect, server) as link:
        take = Sound(bytes(48000 * 400), over=False)  # more than the system takes in
        with pytest.raises(LostError, match=r"^OpenAI accepts no more sound\.$"):
            await take.over(link, 0.5)


async def test_saying_a_long_take_again_does_not_hold_up_the_loop(connect, server):
    async with linked(connect, server) as link, turning() as turns:
        take = CountedSound(turns, bytes(48000 * 60) + spoken(7))
        await take.over(link, 20)
        assert take.words == ["w7"]
        assert max(take.read_in.values()) < RATE, "others get a turn at each second of sound"


class Links:
    """New links of a dialect that grows old soon."""

    def __init__(self, connect, server) -> None:
        self._connect, self._server = connect, server
        self.taken = 0

    async def acquire(self, limit: float) -> WarmConnection:
        self.taken += 1
        return await WarmConnection.open(self._server, self._connect, set(), limit)

    def release(self, connection: WarmConnection) -> None:
        assert not connection.conversation.owed
        self._closing = asyncio.ensure_future(connection.close())


async def test_an_old_link_hands_over_between_turns_and_loses_nothing(connect, server, caplog):
    caplog.set_level(logging.WARNING)
    before = len(server.report()["connections"])
    links = Links(connect, await server_for(server, dialect={"minutes": 0.2 / 60}))
    plan = Plan(RATE, "pauses", 5, caplog.messages.append, WordsEngine())
    take = ResilientSession(plan, links, PauseDetector(FakeDetector(), RATE))
    hearing = asyncio.create_task(words_of(take.events()))
    await send(take, phrases(3, 4, 5, 6, 7), RATE, 0.1)
    await take.finish()
    assert await asyncio.wait_for(hearing, 10) == said(25)
    await take.give_up()
    await links._closing
    records = server.report()["connections"][before:]
    assert len(records) == links.taken > 2
    assert [text for record in records for text in record["transcripts"]] == [
        " ".join(f"w{number}" for number in range(*span))
        for span in ((0, 3), (3, 7), (7, 12), (12, 18), (18, 25))
    ]
    assert all(not record["violations"] for record in records)
    assert caplog.messages == []


async def test_the_settings_are_said_again_without_what_was_refused(connect, server):
    server.plan([{"refuse_fields": ["session.audio.input.noise_reduction"]}])
    dropped: set[str] = set()
    link = await WarmConnection.open(await server_for(server), connect, dropped)
    await link.close()
    assert dropped == {"noise_reduction"}
    assert link.conversation.notes == [
        "OpenAI does not accept engine.noise_reduction with this model; "
        "the dictation goes on without it."
    ]
    sessions = (await last(server))["sessions"]
    assert ["noise_reduction" in json.dumps(session) for session in sessions] == [True, False]
