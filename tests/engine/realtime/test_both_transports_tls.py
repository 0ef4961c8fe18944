"""TLS by both transports: whom we trust, and what we say where we do not."""

from __future__ import annotations

import contextlib
import datetime
import ssl

import pytest
import trustme

from tests.engine.transports import BOTH, door, http, listening, server_for
from tests.servers.realtime.raw import Pool, last
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError

pytestmark = BOTH


@pytest.fixture(scope="module")
def server(servers: Pool):
    return servers.own("openai", tls=True)


@pytest.fixture(autouse=True)
def no_authorities(monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


async def test_an_authority_of_ones_own_is_trusted_where_it_is_named(connect, server, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
    connection = await connect(await server_for(server))
    assert b"session.created" in await connection.receive()
    await connection.close()
    assert (await last(server))["status"] == 101


@pytest.mark.parametrize("named", [None, "/no/such/file"])
async def test_an_unknown_authority_is_refused_with_the_remedy(connect, server, monkeypatch, named):
    if named:
        monkeypatch.setenv("SSL_CERT_FILE", named)
    with pytest.raises(RefusedError) as refused:
        await connect(await server_for(server))
    assert str(refused.value) == (
        f"The certificate of {server.host_port} is not trusted: unable to get local issuer "
        "certificate. If it is your own server, set SSL_CERT_FILE to the file of its "
        "certificate authority."
    )


async def test_a_certificate_of_another_name_is_refused(connect, server, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_file)
    with pytest.raises(RefusedError, match=r"127\.1:\d+ is not trusted: Hostname mismatch"):
        await connect(await server_for(f"wss://127.1:{server.port}"))  # the same machine


async def test_an_expired_certificate_is_refused(connect, monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=yesterday).configure_cert(context)
    async with door(http("503 Busy"), context) as seen:
        with pytest.raises(RefusedError, match="is not trusted: certificate has expired"):
            await connect(await server_for(seen.url.replace("http", "wss")))
    assert seen.heads == []


async def test_plain_words_to_a_tls_port_name_the_scheme(connect, server):
    with pytest.raises(LostError, match=r"write engine.endpoint with https:// or wss://\.$"):
        await connect(await server_for(f"ws://127.0.0.1:{server.port}"))


@contextlib.asynccontextmanager
async def answering(answer: bytes):
    async def handle(reader, writer):
        await reader.read(2**14)
        writer.write(answer)
        await writer.drain()

    async with listening(handle) as port:
        yield f"127.0.0.1:{port}"


async def test_tls_to_a_plain_port_names_the_scheme(connect):
    async with answering(http("400 Bad Request")) as address:
        with pytest.raises(RefusedError) as refused:
            await connect(await server_for(f"wss://{address}"))
    assert str(refused.value) == (
        f"{address} does not speak TLS. If it is a server on this machine, write "
        "engine.endpoint with http:// or ws://."
    )


async def test_tls_to_a_plain_port_that_hangs_up_hints_at_the_scheme(connect, servers):
    plain = servers["openai"]
    with pytest.raises(LostError) as lost:
        await connect(await server_for(f"wss://127.0.0.1:{plain.port}"))
    assert str(lost.value) == (
        f"{plain.host_port} hung up. If it does not speak TLS, write engine.endpoint with http:// "
        "or ws://."
    )


async def test_a_server_that_ends_the_tls_handshake_is_lost(connect):
    async with answering(b"\x15\x03\x03\x00\x02\x02\x28") as address:  # alert: handshake failure
        with pytest.raises(LostError, match=f"^No TLS connection to {address}: .*FAILURE"):
            await connect(await server_for(f"wss://{address}"))
