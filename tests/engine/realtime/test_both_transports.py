"""The handshake, by both transports: what it asks with, and what each refusal means."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.engine.transports import BOTH, KEY, door, http, listening, server_for
from tests.servers.realtime.raw import last
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError
from tray_dictate.engine.realtime.transport import Times
from tray_dictate.system import logs

pytestmark = BOTH
BEARER = {"authorization": f"Bearer {KEY}"}
API_KEY = {"api-key": KEY}
PREVIEW = {"api-version": "2025-04-01-preview"}
INTENT = {"intent": "transcription"}
REQUESTS = {
    "openai": ({}, "/v1/realtime", INTENT, BEARER),
    "azure": ({}, "/openai/v1/realtime", INTENT, API_KEY),
    "azure, a deployment of another name": (
        {"model": "my-own"}, "/openai/v1/realtime", INTENT, API_KEY,
    ),
    "azure-preview": (
        {"model": "my own/1"}, "/openai/realtime", PREVIEW | {"deployment": "my own/1"}, API_KEY,
    ),
    "azure-preview, by intent": (
        {"preview_query": "intent"}, "/openai/realtime", PREVIEW | INTENT, API_KEY,
    ),
    "speaches": ({}, "/v1/realtime", {"model": "local"} | INTENT, BEARER),
    "localai": ({}, "/v1/realtime", {"model": "pipeline"}, BEARER),
    "sglang": ({}, "/v1/realtime", {}, BEARER),
    "mlx-audio": ({}, "/v1/realtime", {}, BEARER),
    "mlx-audio, without a key": ({"auth": "none"}, "/v1/realtime", {}, {}),
    "vllm": ({}, "/v1/realtime", {}, BEARER),
    "litellm": ({}, "/v1/realtime", INTENT | {"model": "dictation"}, BEARER),
}  # fmt: skip


@pytest.mark.parametrize("case", REQUESTS)
async def test_the_request_is_what_the_dialect_wants(connect, case):
    settings, path, query, auth = REQUESTS[case]
    async with door(http("503 Busy")) as seen:
        with pytest.raises(LostError):
            await connect(await server_for(seen.url, case.partition(",")[0], **settings))
    (head,) = seen.heads
    headers = seen.headers()
    target = urlsplit(head.split(" ")[1])
    assert target.path == path
    assert dict(parse_qsl(target.query)) == query
    known = {"authorization", "api-key", "x-api-key", "openai-beta", "sec-websocket-protocol"}
    assert {name: headers[name] for name in known & headers.keys()} == auth
    assert head.count(KEY) == len(auth)
    assert "sec-websocket-extensions" not in headers


async def test_the_packages_own_variables_go_nowhere(connect, monkeypatch):
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "private")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer private")
    async with door(http("503 Busy")) as seen:
        for name in ("azure", "speaches"):
            with pytest.raises(LostError):
                await connect(await server_for(seen.url, name))
        with pytest.raises(LostError):
            await connect(await server_for(seen.url, "speaches", auth="none"))
    assert "private" not in "".join(seen.heads)
    assert "authorization" not in seen.headers()


@pytest.mark.parametrize("kind", ["openai", "azure", "azure-preview", "speaches"])
async def test_the_servers_that_are_strict_let_it_in(connect, servers, kind):
    connection = await connect(await server_for(servers[kind]))
    assert connection.is_open
    began = time.monotonic()
    assert 0 < await connection.ping() < time.monotonic() - began
    await connection.close()
    await connection.close()
    assert not connection.is_open
    record = await last(servers[kind])
    assert (record["status"], record["violations"]) == (101, [])
    assert record["close_code"] == 1000
    assert not {"openai-beta", "x-api-key"} & set(record["header_names"])


async def test_azure_takes_an_entra_token_as_bearer(connect, servers):
    server = await server_for(servers["azure"])
    server = replace(server, headers={"Authorization": "Bearer entra-token"})
    connection = await connect(server)
    await connection.close()
    assert (await last(servers["azure"]))["auth"] == "bearer"


def refusal(code, message="Because."):
    return json.dumps({"error": {"code": code, "message": message}})


REFUSALS = {
    "401": (401, "", RefusedError, "refused the key from TRAY_DICTATE_KEY"),
    "403": (403, "", RefusedError, "refused the key from TRAY_DICTATE_KEY"),
    "404": (404, "", RefusedError, "Check engine.endpoint"),
    "404 for a deployment": (
        404, refusal("DeploymentNotFound"), RefusedError, "no such model or deployment",
    ),
    "400 for a conversation": (
        400, refusal("OperationNotSupported"), RefusedError, "a transcription model's name",
    ),
    "429": (429, refusal("rate_limit_exceeded"), LostError, "HTTP 429: Because."),
    "429 for good": (429, refusal("insufficient_quota"), RefusedError, "no quota left"),
    "500": (500, "<html>oops", LostError, "answered the connection with HTTP 500."),
    "503": (503, refusal("", "Wait a\u202e bit\x1b[31m."), LostError, "HTTP 503: Wait a"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_refused_handshake_says_whether_it_is_final_and_why(connect, server, case):
    status, body, kind, words = REFUSALS[case]
    server.plan([{"refuse": {"status": status, "body": body}}])
    with pytest.raises(kind) as refused:
        await connect(await server_for(server))
    assert type(refused.value) is kind
    assert words in str(refused.value)
    assert str(refused.value).isprintable()
    assert KEY not in str(refused.value) + repr(refused.value.__cause__)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_key_does_not_follow_a_redirect_to_another_server(connect, status):
    async with door(http("503 Busy")) as thief:
        where = f"Location: {thief.url}/v1/realtime".replace("http", "ws")
        async with door(http(f"{status} Elsewhere", where)) as seen:
            with pytest.raises(
                RefusedError, match=r"redirects to another address.*engine\.endpoint"
            ):
                await connect(await server_for(seen.url))
    assert len(seen.heads) == 1
    assert thief.heads == []


async def test_a_closed_port_is_said_to_be_unreachable(connect):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(LostError) as lost:
            await connect(await server_for(f"ws://{address}"))
    assert str(lost.value).startswith(f"OpenAI cannot be reached at {address}: ")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70 + ".example"])
async def test_an_unknown_host_is_named(connect, host):
    with pytest.raises(LostError, match="cannot be found: no network, or a mistake in"):
        await connect(await server_for(f"wss://{host}"))


async def test_a_handshake_that_hangs_ends_in_time(connect, server):
    server.plan([{"hang_handshake": True}])
    with pytest.raises(LostError, match=f"^{server.host_port} did not answer in time.$"):
        await connect(await server_for(server), Times(handshake=0.2))
    assert (await last(server))["status"] == 503  # it saw us leave


async def test_a_handshake_that_is_reset_is_lost(connect, server):
    server.plan([{"drop_handshake": True}])
    with pytest.raises(LostError, match=f"cannot be reached at {server.host_port}|not answer like"):
        await connect(await server_for(server))


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", http("200 OK", body="hello"), b"HTTP/1.1 101 \r\n"]
)
async def test_what_is_no_websocket_server_is_lost(connect, answer):
    async with door(answer) as seen:
        with pytest.raises(LostError, match="answer"):
            await connect(await server_for(seen.url))


async def test_a_handshake_that_is_given_up_leaves_no_socket(connect):
    arrived, left = asyncio.Event(), asyncio.Event()

    async def handle(reader, _writer):
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()
        left.set()

    async with listening(handle) as port:
        task = asyncio.create_task(connect(await server_for(f"ws://127.0.0.1:{port}")))
        await asyncio.wait_for(arrived.wait(), 5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await left.wait()


async def test_no_log_holds_the_key_or_what_is_said(connect, server, caplog):
    caplog.set_level(logging.DEBUG)
    logs.silence_libraries()
    connection = await connect(await server_for(server))
    await connection.send('{"type": "secret-words"}')
    await connection.receive()
    await connection.receive()
    await connection.close()
    assert KEY not in caplog.text
    assert "secret-words" not in caplog.text
    assert "session.created" not in caplog.text
