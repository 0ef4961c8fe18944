"""Proxies of the environment, by both transports: used, exempted, told from the server.

The proxy takes every name for this machine, so a name that nobody knows is another machine's.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from tests.engine.transports import BOTH, KEY, door, http, listening, proxy, server_for
from tests.servers.realtime.raw import Pool, last
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError
from tray_dictate.engine.realtime.transport import Times

pytestmark = BOTH


@pytest.fixture(scope="module")
def secure(servers: Pool):
    return servers.own("openai", tls=True)


def far(server):
    """Return the server's address as it is behind the proxy."""
    return f"{'https' if server.tls else 'http'}://server.invalid:{server.port}"


async def meet(connect, server):
    """Connect, hear the server, part."""
    connection = await connect(await server_for(server))
    assert b"session.created" in await connection.receive()
    await connection.close()


WSS = ["HTTPS_PROXY", "https_proxy", "WSS_PROXY", "ALL_PROXY", "all_proxy"]


@pytest.mark.parametrize("name", WSS)
async def test_wss_goes_through_the_proxy_and_the_key_stays_within(
    connect, secure, monkeypatch, name
):
    monkeypatch.setenv("SSL_CERT_FILE", secure.ca_file)
    async with proxy() as seen:
        monkeypatch.setenv(name, f"http://user:secret@127.0.0.1:{seen.port}")
        await meet(connect, far(secure))
    (head,) = seen.heads
    assert head.startswith(f"CONNECT server.invalid:{secure.port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=" in head
    assert KEY not in head
    assert "proxy-authorization" not in (await last(secure))["header_names"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "WS_PROXY", "ALL_PROXY"])
async def test_ws_goes_through_the_proxy(connect, server, monkeypatch, name):
    async with proxy() as seen:
        monkeypatch.setenv(name, f"http://127.0.0.1:{seen.port}")
        await meet(connect, far(server))
    assert [head.split("\r\n")[0] for head in seen.heads] == [
        f"CONNECT server.invalid:{server.port} HTTP/1.1"
    ]


async def test_a_proxy_without_a_scheme_is_one_of_http(connect, server, monkeypatch):
    async with proxy() as seen:
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{seen.port}")
        await meet(connect, far(server))
    assert len(seen.heads) == 1


async def test_the_proxy_resolves_the_name(connect, server, monkeypatch):
    async with proxy() as seen:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{seen.port}")
        await meet(connect, far(server))
    assert "Host: server.invalid" in seen.heads[0]


@pytest.mark.parametrize("exempt", ["server.invalid", "*", "example.org, .invalid"])
async def test_no_proxy_exempts(connect, server, monkeypatch, exempt):
    async with proxy() as seen:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{seen.port}")
        monkeypatch.setenv("NO_PROXY", exempt)
        with pytest.raises(LostError, match=r"server\.invalid:\d+ cannot be found:"):
            await connect(await server_for(far(server)))
    assert seen.heads == []


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
async def test_a_proxy_that_refuses_is_told_from_the_server(connect, server, monkeypatch, status):
    async with proxy(http(status)) as seen:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{seen.port}")
        with pytest.raises(RefusedError) as refused:
            await connect(await server_for(far(server)))
    assert str(refused.value) == (
        f"The proxy answered HTTP {status[:3]}. Check HTTPS_PROXY, or exempt "
        f"server.invalid:{server.port} in NO_PROXY."
    )


SOCKS = ["HTTPS_PROXY", "SOCKS_PROXY", "ALL_PROXY"]


@pytest.mark.parametrize("scheme", ["socks5h", "socks5", "socks"])  # the last is GNOME's
@pytest.mark.parametrize("name", SOCKS)
async def test_socks_without_its_package_names_the_package(
    connect, server, monkeypatch, name, scheme
):  # fmt: skip
    monkeypatch.setenv(name, f"{scheme}://user:secret@127.0.0.1:1")
    with pytest.raises(
        RefusedError, match=f"^{name} names a SOCKS.*install python-socks"
    ) as refused:
        await connect(await server_for(far(server)))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["ftp://user:secret@there", "http://user@there", "secret"])
async def test_a_proxys_address_that_is_none_is_said_without_its_password(
    connect, server, monkeypatch, address
):
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(RefusedError, match="The proxy's address cannot be used") as refused:
        await connect(await server_for(far(server)))
    assert "secret" not in str(refused.value)


async def test_a_proxy_that_is_not_there_is_told_from_the_server(connect, server, monkeypatch):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(LostError, match="through the proxy of HTTPS_PROXY: "):
            await connect(await server_for(far(server)))
    monkeypatch.setenv("HTTPS_PROXY", "http://no-such-proxy.invalid:3128")
    with pytest.raises(LostError, match="cannot be found through the proxy of HTTPS_PROXY: "):
        await connect(await server_for(far(server)))


async def test_a_proxy_that_says_nothing_is_not_waited_for(connect, server, monkeypatch):
    async def handle(reader, _writer):
        await reader.read()

    async with listening(handle) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(LostError, match="not answer in time through the proxy of HTTPS_PROXY"):
            await connect(await server_for(far(server)), Times(handshake=0.2))


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n"])
async def test_a_proxy_that_is_none_is_told_from_the_server(connect, server, monkeypatch, answer):
    async with proxy(answer or b" ") as seen:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{seen.port}")
        with pytest.raises(LostError, match=r"^The proxy failed\. Check HTTPS_PROXY, or exempt"):
            await connect(await server_for(far(server)))


async def test_a_proxy_that_goes_away_loses_the_connection(connect, server, monkeypatch):
    async with proxy() as seen:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{seen.port}")
        connection = await connect(await server_for(far(server)))
        await connection.receive()
    with pytest.raises(LostError, match="The connection to OpenAI broke"):
        await asyncio.wait_for(connection.receive(), 5)
    await connection.close()


# This machine

VARIABLES = [
    ("http_proxy",), ("HTTP_PROXY",), ("https_proxy",), ("HTTPS_PROXY",), ("all_proxy",),
    ("ALL_PROXY",), ("ws_proxy",), ("WSS_PROXY",), ("SOCKS_PROXY",), ("HTTP_PROXY", "HTTPS_PROXY"),
    ("HTTP_PROXY", "ALL_PROXY"), ("http_proxy", "https_proxy", "all_proxy", "ws_proxy"),
]  # fmt: skip
EXEMPT = ["", "example.org"]  # which says nothing of this machine
SPELLINGS = [
    "127.0.0.1", "localhost", "[::1]", "LOCALHOST.", "speech.localhost", "localhost.localdomain",
    "127.1", "[::ffff:127.0.0.1]", "0.0.0.0",
]  # fmt: skip


@pytest.mark.parametrize("names", VARIABLES, ids=" ".join)
@pytest.mark.parametrize("exempt", EXEMPT)
async def test_this_machine_is_never_behind_a_proxy(connect, monkeypatch, names, exempt):
    async with proxy() as seen, both_loopbacks() as there:
        for name in names:
            monkeypatch.setenv(name, f"http://127.0.0.1:{seen.port}")
        monkeypatch.setenv("NO_PROXY", exempt)
        for host in SPELLINGS:
            with pytest.raises(LostError, match="HTTP 503"):
                await connect(await server_for(f"ws://{host}:{there.port}", allow_plain=False))
    assert seen.heads == []
    assert len(there.heads) == len(SPELLINGS)
    assert all(KEY in head for head in there.heads)


async def test_a_server_that_listens_on_one_address_of_this_machine_is_found(connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for address in ("127.0.0.1", "::1"):
        async with door(http("503 Busy"), host=address) as seen:
            with pytest.raises(LostError, match="HTTP 503"):
                await connect(await server_for(f"ws://localhost:{seen.port}"))
        assert len(seen.heads) == 1


@contextlib.asynccontextmanager
async def both_loopbacks():
    """A door at the same port of 127.0.0.1 and ::1."""
    async with door(http("503 Busy")) as seen:
        async with door(http("503 Busy"), host="::1", port=seen.port) as other:
            yield seen
        seen.heads += other.heads
