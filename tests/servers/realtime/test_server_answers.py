"""What the fake says wrong, late, twice or in another order on command, seen by a client."""

import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.servers.realtime.faults import GARBAGE, marked_words
from tests.servers.realtime.raw import client, dictate, last, named, said, texts


async def test_an_error_comes_at_a_point_and_the_rest_goes_on(server):
    error = {"type": "server_error", "code": "rate_limit_exceeded", "message": "Slow down."}
    server.plan([{"error_at": ("committed", error)}, {"error_at": ("append:2", error)}])
    for _ in range(2):
        async with client(server) as raw:
            assert texts(await dictate(raw)) == ["w0"]
        assert raw.kinds()[2:4] == ["error", "committed"]
        assert named(raw, "error", "error") == [error]


async def test_committed_and_completed_come_twice(server):
    server.plan([{"duplicate": True}])
    async with client(server) as raw:
        await dictate(raw)
        await raw.until(".completed")
    assert len(named(raw, ".committed")) == 2
    assert len(set(named(raw, ".committed") + named(raw, ".completed"))) == 1


@pytest.mark.parametrize("committed", [False, True])
async def test_items_complete_in_another_order_and_all_of_them(server, committed):
    server.plan([{"reorder": seed, "reorder_committed": committed} for seed in range(4)])
    orders, announced = set(), set()
    for _ in range(4):
        async with client(server) as raw:
            await dictate(raw, items=7)
        orders.add(tuple(texts(raw)))
        linked = dict(
            zip(named(raw, ".committed"), named(raw, ".committed", "previous_item_id"), strict=True)
        )
        announced.add(tuple(named(raw, ".committed")) == tuple(_chain(linked)))
        for item in linked:
            kinds = [event["type"] for event in raw.events if event.get("item_id") == item]
            assert kinds.index("input_audio_buffer.committed") < len(kinds) - 1
            assert kinds[-1].endswith(".completed")
    assert len(orders) > 1
    assert all(sorted(order) == [f"w{number}" for number in range(7)] for order in orders)
    assert (False in announced) is committed


def _chain(linked):
    """Return the items in the order in which they were spoken."""
    after = {before: item for item, before in linked.items()}
    item = after.get(None)
    while item:
        yield item
        item = after.get(item)


async def test_the_previous_item_is_wrong(server):
    server.plan([{"wrong_previous": wrong} for wrong in ("null", "random", "last", "self")])
    seen = []
    for _ in range(4):
        async with client(server) as raw:
            await dictate(raw, items=4)
        right = [None, *named(raw, ".committed")[:-1]]
        previous = named(raw, ".committed", "previous_item_id")
        seen.append((right, previous, named(raw, ".committed")))
    assert seen[0][1] == [None] * 4
    assert seen[1][1] != seen[1][0]
    assert set(seen[2][1]) <= {None, *seen[2][2]}
    assert seen[3][1] == seen[3][2]


async def test_items_complete_under_ids_that_were_not_announced(server):
    server.plan([{"wrong_ids": True}])
    async with client(server) as raw:
        assert texts(await dictate(raw, items=2)) == ["w0", "w1"]
    assert not set(named(raw, ".completed")) & set(named(raw, ".committed"))
    assert set(named(raw, ".delta")) == set(named(raw, ".completed"))


async def test_garbage_comes_before_an_event(server):
    server.plan([{"malformed_at": "completed"}])
    async with client(server) as raw:
        await raw.start()
        await raw.append(said(1))
        await raw.commit()
        await raw.until(".delta")
        assert [await raw.ws.recv() for _ in GARBAGE] == list(GARBAGE)
        assert (await raw.until(".completed"))["transcript"] == "w1"


async def test_an_enormous_message_comes_before_an_event(server):
    server.plan([{"enormous_at": ("committed", 3)}])
    async with client(server) as raw:
        await raw.start()
        await raw.append(said(1))
        await raw.commit()
        assert len(await raw.ws.recv()) > 3 * 2**20
        await raw.until(".completed")


async def test_control_characters_stand_around_every_word(server):
    server.plan([{"control_characters": True}])
    async with client(server) as raw:
        await raw.start()
        text = (await raw.turn(1, 2, 3, 4, 5, 6))["transcript"]
    for mark in ("\x1b[31m", "\x00", "\x07", "\u202e", "\u009b", "\r"):
        assert mark in text
    assert marked_words(text) == "w1 w2 w3 w4 w5 w6"


@pytest.mark.parametrize("limit", [{"seconds": 0.2}, {"items": 2}])
async def test_a_session_ends_at_its_limit_with_the_documented_words(server, limit):
    server.plan([{"session_limit": limit}])
    async with client(server) as raw:
        await dictate(raw, items=2)
        assert (await raw.until("error"))["error"]["code"] == "session_expired"
        with pytest.raises(ConnectionClosed) as ending:
            await raw.until("never")
    expected = (1001, "Your session hit the maximum duration of 60 minutes")
    assert (ending.value.rcvd.code, ending.value.rcvd.reason) == expected
    assert texts(raw) == ["w0", "w1"]


async def test_azures_limit_may_be_an_error_that_says_nothing(server):
    server.plan([{"session_limit": {"items": 1}, "azure_opaque_limit": True}])
    async with client(server) as raw:
        await dictate(raw)
        error = (await raw.until("error"))["error"]
        assert error["type"] == "server_error"
        assert "code" not in error


async def test_latency_counts_each_way_and_work_between(server):
    server.plan([{"latency": 0.1, "work": 0.15}])
    async with client(server) as raw:
        started = time.monotonic()
        await raw.start()
        assert time.monotonic() - started >= 0.2
        await raw.append(said(1))
        committed = time.monotonic()
        await raw.commit()
        await raw.until(".completed")
        completed = time.monotonic()
    record = await last(server)
    assert record["commits"][0] - committed >= 0.1
    assert record["completed"][0] - record["commits"][0] >= 0.15
    assert completed - record["completed"][0] >= 0.1


async def test_a_session_is_refused_for_having_a_field(server):
    field = "session.audio.input.noise_reduction"
    server.plan([{"refuse_fields": [field]}])
    async with client(server) as raw:
        heard = {"transcription": {"model": "whisper-1"}, "noise_reduction": None}
        session = {"type": "transcription", "audio": {"input": heard}}
        error = await raw.refused("session.update", session=session)
        assert (error["code"], error["param"]) == ("unknown_parameter", field)
        await raw.start()
    assert (await last(server))["violations"] == []


async def test_deltas_may_be_left_out(server):
    server.plan([{"deltas": False}])
    async with client(server) as raw:
        await dictate(raw, model="gpt-live-transcribe")
    assert "delta" not in raw.kinds()
