"""Open connections by both transports: how they end, and what they bear."""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc

import pytest
from websockets.asyncio.server import serve

from tests.engine.transports import BOTH, gone, message, server_for, sockets, turning
from tests.servers.realtime.faults import GARBAGE
from tests.waiting import until
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError
from tray_dictate.engine.realtime.transport import Times

pytestmark = BOTH
SOON = Times(close=0.1)


@contextlib.asynccontextmanager
async def connected(connect, server, times=SOON):
    connection = await connect(await server_for(server), times)
    try:
        yield connection
    finally:
        await connection.close()


ENDS = {
    "4000 for the model": (
        4000, "invalid_request_error.invalid_model", RefusedError, "no such model or deployment",
    ),
    "4000 for the beta": (
        4000, "invalid_request_error.beta_api_shape_disabled", RefusedError, "preview protocol",
    ),
    "4000 for something new": (4000, "odd", RefusedError, "for good (close code 4000): odd."),
    "4000 without a word": (4000, "", RefusedError, "for good (close code 4000). Check"),
    "1000": (1000, "", LostError, "ended the connection (close code 1000)."),
    "1001": (1001, "too long", LostError, "ended the connection (close code 1001): too long."),
    "1008": (1008, "", LostError, "(close code 1008)"),
    "1011": (1011, "oops", LostError, "(close code 1011): oops."),
    "1012": (1012, "", LostError, "(close code 1012)"),
    "3500, with signs": (3500, "\x1b[31mred\u202e", LostError, "(close code 3500): "),
}  # fmt: skip


@pytest.mark.parametrize("case", ENDS)
async def test_an_end_is_final_or_not_and_says_why_to_both_ways(connect, server, case):
    code, reason, kind, words = ENDS[case]
    server.plan([{"close_at": ["created", code, reason]}])
    async with connected(connect, server) as connection:
        for use in (connection.receive, lambda: connection.send("{}"), connection.ping):
            with pytest.raises(kind) as end:
                await asyncio.wait_for(use(), 5)
            assert type(end.value) is kind
            assert words in str(end.value)
            assert str(end.value).isprintable()
        assert not connection.is_open


@pytest.mark.parametrize("fault", [{"drop_at": "created"}, {"drop_inside": "created"}])
async def test_a_reset_is_a_loss_to_both_ways(connect, server, fault):
    server.plan([fault])
    async with connected(connect, server) as connection:
        for use in (connection.receive, lambda: connection.send("{}"), connection.ping):
            with pytest.raises(LostError, match=r"^The connection to OpenAI broke\.$"):
                await asyncio.wait_for(use(), 5)


async def test_what_came_before_the_end_is_heard(connect, server):
    server.plan([{"close_at": ["updated", 1001, ""]}])
    async with connected(connect, server) as connection:
        await connection.send('{"type": "session.update", "session": {"type": "transcription"}}')
        assert b"session.created" in await connection.receive()
        with pytest.raises(LostError):
            await asyncio.wait_for(connection.receive(), 5)


async def test_an_end_while_nobody_listens_is_known(connect, server):
    server.plan([{"close_at": ["created", 1001, ""]}])
    async with connected(connect, server) as connection:
        await until(lambda: not connection.is_open)


async def test_a_cancelled_receive_loses_no_message(connect, server):
    async with connected(connect, server) as connection:
        await connection.receive()
        for _ in range(20):
            waiting = asyncio.create_task(connection.receive())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
            await connection.send("{")
            assert b"error" in await asyncio.wait_for(connection.receive(), 5)


async def test_an_enormous_message_ends_the_connection_before_it_is_read(connect, server):
    server.plan([{"enormous_at": ["created", 2]}])
    tracemalloc.start()
    try:
        async with connected(connect, server) as connection:
            with pytest.raises(LostError, match="sent a message of more than 1 MiB"):
                await asyncio.wait_for(connection.receive(), 10)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


async def test_a_large_message_is_still_one(connect, server):
    server.plan([{"enormous_at": ["created", 0.9]}])
    async with connected(connect, server) as connection:
        assert len(await connection.receive()) > 0.9 * 2**20
        assert b"session.created" in await connection.receive()


async def test_garbage_is_handed_on_as_it_came(connect, server):
    server.plan([{"malformed_at": "created"}])
    async with connected(connect, server) as connection:
        for garbage in GARBAGE:
            raw = garbage if isinstance(garbage, bytes) else garbage.encode()
            assert await connection.receive() == raw
        assert b"session.created" in await connection.receive()


async def test_text_that_is_no_utf_8_ends_nothing(connect):
    async def say(socket):
        await socket.send(b'{"type": "\xff\xfe"}', text=True)
        await socket.send("{}")
        await socket.wait_closed()

    async with serve(say, "127.0.0.1", 0, compression=None) as odd:
        port = odd.sockets[0].getsockname()[1]
        async with connected(connect, f"ws://127.0.0.1:{port}") as connection:
            assert await connection.receive() == b'{"type": "\xff\xfe"}'
            assert await connection.receive() == b"{}"


async def fill(connection) -> int:
    """Send until the way is full; return how much was taken."""
    sound, size = message(bytes(60_000)), 0
    async with turning() as turns:
        while True:
            before = turns()
            sending = asyncio.create_task(connection.send(sound))
            await asyncio.wait([sending], timeout=0.3)
            if not sending.done():
                assert turns() > before + 50, "the loop stood still with it"
                sending.cancel()
                await asyncio.wait([sending])
                return size
            sending.result()
            size += len(sound)
            assert size < 2**26, "it never waits"


async def test_sending_waits_for_a_server_that_reads_no_more(connect, server):
    server.plan([{"half_open": "append"}])
    tracemalloc.start()
    try:
        async with connected(connect, server) as connection:
            await connection.send(message(bytes(4800)))
            assert await fill(connection) > 2**16
            assert tracemalloc.get_traced_memory()[0] < 2 * 2**20
    finally:
        tracemalloc.stop()


async def test_closing_does_not_wait_for_a_server_that_reads_no_more(connect, server):
    server.plan([{"half_open": "append"}])
    before = sockets()
    connection = await connect(await server_for(server), Times(ping=1000, close=0.1))
    await connection.send(message(bytes(4800)))
    await fill(connection)
    await connection.close()
    await asyncio.sleep(0.01)
    assert sockets() == before
    assert not connection.is_open
    with pytest.raises(LostError):
        await connection.send("{}")


@pytest.mark.parametrize("fault", ["stall_at", "half_open"])
async def test_a_silent_server_is_noticed_by_its_missing_pongs(connect, server, fault):
    server.plan([{fault: "append"}])
    times = Times(ping=0.1, pong=0.6, close=0.1)
    async with connected(connect, server, times) as connection:
        await connection.receive()
        await asyncio.sleep(0.8)
        assert connection.is_open  # it answered until now
        await connection.send(message(bytes(4800)))
        with pytest.raises(LostError, match=r"^The connection to OpenAI broke\.$"):
            await asyncio.wait_for(connection.receive(), 5)
        assert not connection.is_open


async def test_closing_ends_it_for_the_server_and_for_who_waits(connect, server):
    others = server.connections  # half open
    connection = await connect(await server_for(server), SOON)
    await connection.receive()
    waiting = asyncio.create_task(connection.receive())
    await asyncio.sleep(0)
    await connection.close()
    with pytest.raises(LostError):
        await waiting
    await gone(server, others)
