"""Each way in which the fake misbehaves on command, seen by a client."""

import asyncio
import json
import ssl
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    InvalidMessage,
    InvalidStatus,
)

from tests.servers.realtime.raw import Raw, client, dictate, last, said, texts

POINTS = ("created", "updated", "append:2", "commit:1", "committed:1", "delta:1", "completed:1")


async def lost(server):
    """Dictate until the connection is gone; return the client and how it ended."""
    with pytest.raises(ConnectionClosed) as ending:
        async with client(server) as raw:
            await dictate(raw)
            await raw.until("never")
    return raw, ending.value


async def test_a_handshake_is_refused_as_told_and_the_next_one_is_not(server):
    server.plan([{"refuse": {"status": 503, "body": "busy"}}])
    with pytest.raises(InvalidStatus) as refused:
        async with client(server):
            pass
    assert refused.value.response.status_code == 503
    assert refused.value.response.body == b"busy"
    async with client(server) as raw:
        assert texts(await dictate(raw)) == ["w0"]


async def test_a_handshake_hangs(server):
    server.plan([{"hang_handshake": True}])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client(server).__aenter__(), 0.2)
    assert (await last(server))["status"] == 503  # it noticed that the client had left


async def test_a_handshake_is_reset(server):
    server.plan([{"drop_handshake": True}])
    with pytest.raises(InvalidMessage):
        async with client(server):
            pass


async def test_a_handshake_takes_its_time(server):
    server.plan([{"handshake_delay": 0.2}])
    started = time.monotonic()
    async with client(server):
        assert time.monotonic() - started >= 0.2
    record = await last(server)
    assert record["handshake_end"] - record["handshake_start"] >= 0.2
    assert started <= record["handshake_start"]


async def test_an_acknowledgement_is_late_or_never_comes(server):
    server.plan([{"ack_delay": 0.2}, {"no_ack": True}])
    started = time.monotonic()
    async with client(server) as raw:
        await raw.start()
        assert time.monotonic() - started >= 0.2
    async with client(server) as raw:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw.start(), 0.2)
        assert (await raw.turn(1))["transcript"] == "w1"


@pytest.mark.parametrize("point", POINTS)
async def test_the_connection_is_reset_at_a_point(server, point):
    server.plan([{"drop_at": point}])
    raw, ending = await lost(server)
    assert type(ending) is ConnectionClosedError
    assert ending.rcvd is None
    assert isinstance(ending.__cause__, ConnectionResetError)
    kind, _, _ = point.partition(":")
    assert not [event for event in raw.events if event["type"].endswith(kind)]
    assert (await last(server))["fired"] == [
        f"drop_at {point}" if ":" in point else f"drop_at {point}:1"
    ]


async def test_the_connection_is_reset_after_that_much_audio(server):
    server.plan([{"drop_after_bytes": 2002}])
    raw, _ = await lost(server)
    assert raw.kinds() == ["session.created", "session.updated"]
    record = await last(server)
    assert record["audio_bytes"] >= 2002
    assert record["fired"] == ["drop_after_bytes"]


async def test_the_connection_is_reset_in_the_middle_of_a_frame_of_the_client(server):
    server.plan([{"drop_after_wire": 3000}])
    await lost(server)
    record = await last(server)
    assert record["fired"] == ["drop_after_wire"]
    assert record["audio_bytes"] == 2000


@pytest.mark.parametrize("point", ["completed:1", "updated"])
async def test_the_connection_is_reset_in_the_middle_of_a_message(server, point):
    server.plan([{"drop_inside": point}])
    raw, ending = await lost(server)
    assert ending.rcvd is None
    assert not texts(raw)
    assert (await last(server))["fired"] == ["drop_inside"]


async def test_the_connection_is_closed_with_a_code_at_a_point(server):
    server.plan([{"close_at": ("committed", 1013, "try again")}])
    raw, ending = await lost(server)
    assert (ending.rcvd.code, ending.rcvd.reason) == (1013, "try again")
    assert raw.kinds()[-1] == "session.updated"


@pytest.mark.parametrize("fault", ["stall_at", "half_open"])
async def test_the_server_falls_silent_and_answers_not_even_pings(server, fault):
    server.plan([{fault: "commit"}])
    async with client(server) as raw:
        await raw.start()
        await raw.append(said(1))
        await raw.commit()
        await asyncio.sleep(0.05)  # a pong is sent before what came with the ping is processed
        pong = await raw.ws.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw.until("committed"), 0.2)
        assert not pong.done()
        assert server.report()["connections"][-1]["live"]
        raw.ws.transport.abort()


async def takes_all(raw: Raw, seconds: float) -> bool:
    """Send more than the system buffers, and abort; whether it all went within the time."""
    sending = asyncio.gather(*(raw.append(bytes(2**20)) for _ in range(12)))
    done, _ = await asyncio.wait([sending], timeout=seconds)
    sending.cancel()
    raw.ws.transport.abort()
    await asyncio.gather(sending, return_exceptions=True)
    return bool(done)


async def test_a_half_open_connection_takes_no_more_than_the_buffers_hold(server):
    server.plan([{"half_open": "updated"}, {"stall_at": "updated"}])
    taken = []
    for _ in range(2):
        async with client(server) as raw:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(raw.start(), 0.1)
            taken.append(await takes_all(raw, 1))
    assert taken == [False, True]


@pytest.mark.parametrize("at", [3, 4])  # each second message comes while more is read
async def test_a_half_open_connection_stays_so_after_a_burst(server, at):
    server.plan([{"half_open": f"append:{at}"}])
    async with client(server) as raw:
        await raw.start()
        raw.burst(bytes(4800), 400)
        assert not await takes_all(raw, 0.5)


async def test_faults_hold_over_tls_too(servers):
    secure = servers.own("openai", tls=True, drop_at="committed", latency=0.01)
    with pytest.raises(ConnectionClosedError):
        async with client(secure) as raw:
            await dictate(raw)
    assert (await last(secure))["fired"] == ["drop_at committed:1"]
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(secure.url, proxy=None)


async def test_an_unknown_fault_is_refused(server):
    with pytest.raises(ValueError, match="explode"):
        server.plan([{"explode": True}])


async def test_a_killed_server_is_gone_and_comes_back_at_the_same_port(servers):
    mortal = servers.own("openai")
    port = mortal.port
    with pytest.raises(ConnectionClosedError):
        async with client(mortal) as raw:
            await raw.start()
            mortal.kill()
            await raw.until("never")
    with pytest.raises(OSError, match=r"refused|Connect"):
        await connect(mortal.url, proxy=None)
    mortal.restart()
    assert mortal.port == port
    async with client(mortal) as raw:
        assert texts(await dictate(raw)) == ["w0"]


async def test_the_report_tells_what_came_and_when_and_the_names_of_headers_only(server):
    others = server.connections  # the half-open ones, whose end it cannot see
    async with client(server) as raw:
        before = time.monotonic()
        await dictate(raw, items=2)
        assert server.connections == others + 1
    record = await last(server)
    assert record["events"] == [
        ["session.update", 1],
        *[["input_audio_buffer.append", 2], ["input_audio_buffer.commit", 1]] * 2,
    ]
    assert record["audio_bytes"] == 2 * (len(said(0)))
    assert before <= record["first_append"] <= record["commits"][0] <= record["completed"][0]
    assert (record["items"], record["transcripts"]) == (2, ["w0", "w1"])
    assert "authorization" in record["header_names"]
    assert server.key not in json.dumps(record)
    assert record["sessions"][0]["type"] == "transcription"
