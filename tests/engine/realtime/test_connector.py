"""A server that wants a short-lived secret in the key's place, by both transports."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from tests.engine.transports import BOTH, KEY, http, proxy, server_for
from tests.servers.realtime.ephemeral import CLIENT_SECRETS, REFUSAL, SESSIONS, ephemeral
from tests.servers.realtime.raw import last
from tray_dictate.engine.realtime.connector import Connector
from tray_dictate.engine.realtime.engine import transport
from tray_dictate.engine.realtime.protocol.errors import EphemeralError, LostError, RefusedError
from tray_dictate.engine.realtime.sdk_transport import open_sdk
from tray_dictate.system import logs

pytestmark = BOTH


async def heard(connector: Connector, server) -> None:
    """Enter, hear the server, part."""
    connection = await connector.connect(server)
    assert b"session.created" in await connection.receive()
    await connection.close()


@pytest.mark.parametrize(
    ("kind", "gives", "asked"),
    [
        ("openai", CLIENT_SECRETS, ["/v1/realtime/client_secrets"]),
        ("azure", CLIENT_SECRETS, ["/openai/v1/realtime/client_secrets"]),
        ("azure", SESSIONS, ["/openai/v1/realtime/client_secrets",
                             "/openai/realtime/transcription_sessions"]),
        ("azure-preview", SESSIONS, ["/openai/realtime/transcription_sessions"]),
    ],
)  # fmt: skip
async def test_a_secret_is_got_for_the_key_and_enters(
    connect, servers, monkeypatch, caplog, kind, gives, asked
):
    caplog.set_level(logging.DEBUG)
    logs.silence_libraries()
    async with proxy() as seen, ephemeral(servers[kind], gives=gives) as door:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{seen.port}")
        server = await server_for(door.url, kind, model="gpt-4o-mini-transcribe")
        connector = Connector(connect, 5)
        await heard(connector, server)
        await heard(connector, server)
        assert [target.partition("?")[0] for target, _ in door.asked] == asked * 2
        assert "gpt-4o-mini-transcribe" in str(door.asked[0][1])
        assert door.refused == 1, "the second time nobody asks with the key itself"
        assert not door.secrets, "each is for one connection"
    assert (await last(servers[kind]))["violations"] == []
    assert seen.heads == [], "it is this machine"
    assert "ek_" not in caplog.text
    assert KEY not in caplog.text


async def test_an_expired_secret_is_no_end(connect, servers):
    async with ephemeral(servers["openai"]) as door:
        connector, server = Connector(connect, 5), await server_for(door.url)
        await heard(connector, server)
        door.lives = -1
        with pytest.raises(EphemeralError):
            await connector.connect(server)
        door.lives = 60
        await heard(connector, server)


REFUSED = [
    (http("429 Too Many", "Retry-After: 9"), LostError, "asks for a wait of 9 s"),
    (http("403 No", body='{"error": {"message": "Access denied: Firewall rules."}}'),
     RefusedError, "firewall"),
    (http("200 OK", body="{}"), RefusedError, "answers with no secret"),
    (b"nonsense\r\n\r\n", LostError, "gave no secret for the key"),
    (http("500 Oh"), EphemeralError, "short-lived secret"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "told"), REFUSED, ids=[row[2] for row in REFUSED])
async def test_a_secret_that_is_not_given_is_told_why(connect, servers, answer, kind, told):
    async with ephemeral(servers["openai"], refuses=answer) as door:
        with pytest.raises(kind, match=told) as refused:
            await Connector(connect, 5).connect(await server_for(door.url))
    assert type(refused.value) is kind
    assert KEY not in str(refused.value)


async def test_a_server_that_gives_no_more_secrets_is_tried_with_the_key_again(connect, servers):
    async with ephemeral(servers["openai"]) as door:
        connector, server = Connector(connect, 5), await server_for(door.url)
        await heard(connector, server)
        door.gives = "nothing"
        with pytest.raises(LostError, match="gives no short-lived secret"):
            await connector.connect(server)
        refused = door.refused
        with pytest.raises(EphemeralError):
            await connector.connect(server)
        assert door.refused == refused + 1


async def test_a_wrong_key_gets_no_secret(connect, servers):
    async with ephemeral(servers["openai"]) as door:
        server = replace(await server_for(door.url), headers={"Authorization": "Bearer wrong-key"})
        with pytest.raises(RefusedError, match="refused the key") as refused:
            await Connector(connect, 5).connect(server)
    assert "wrong-key" not in str(refused.value)


async def test_takes_and_the_doctor_enter_so(connect, servers):
    async with ephemeral(servers["openai"]) as door:
        name = "sdk" if connect is open_sdk else "websocket"
        server = await server_for(door.url, transport=name)
        connection = await transport(server.settings)(server)
        await connection.close()
    assert len(door.asked) == 1


async def test_a_server_that_knows_no_secrets_is_not_asked_for_one(connect, servers):
    servers["speaches"].plan([{"refuse": {"status": 401, "body": REFUSAL}}])
    with pytest.raises(EphemeralError, match="short-lived"):
        await Connector(connect, 5).connect(await server_for(servers["speaches"]))
