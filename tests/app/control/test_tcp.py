"""The TCP listener, which is for Windows, run here."""

from __future__ import annotations

import asyncio
import json
import os
import stat

import pytest

from tray_dictate.app.control import client, tcp
from tray_dictate.app.control.server import ControlServer
from tray_dictate.app.control.tcp import TcpListener
from tray_dictate.core.errors import ControlError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "session" / "control.json"


@pytest.fixture
async def serve(file):
    servers = []
    calls = []

    async def toggle() -> dict:
        calls.append("toggle")
        return {}

    async def start() -> ControlServer:
        server = ControlServer({"toggle": toggle}, TcpListener(file))
        await server.start()
        servers.append(server)
        return server

    start.calls = calls
    yield start
    for server in servers:
        await server.close()


async def send(file, token=None) -> dict:
    def run() -> dict:
        connection, known = tcp.connect(file)
        with connection:
            return client.exchange(connection, known if token is None else token, "toggle", {})

    return await asyncio.to_thread(run)


async def test_a_command_reaches_the_daemon(serve, file):
    await serve()
    assert await send(file) == {}
    assert serve.calls == ["toggle"]


@pytest.mark.parametrize("token", ["", "x", "ä", "\ud800"])
async def test_who_does_not_know_the_token_is_not_served(serve, file, token):
    await serve()
    with pytest.raises(ControlError, match="does not know this client's token"):
        await send(file, token)
    assert serve.calls == []


async def test_a_web_page_that_posts_to_the_port_is_not_served(serve, file):
    await serve()
    port = json.loads(file.read_text())["port"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = '{"version": 1, "command": "toggle", "args": {}}'
    writer.write(f"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n{body}\n".encode())
    assert b'"ok": false' in await reader.read()
    writer.close()
    assert serve.calls == []


async def test_only_this_machine_can_knock_and_only_the_owner_can_read_the_token(serve, file):
    before = os.umask(0)
    try:
        server = await serve()
    finally:
        os.umask(before)
    assert server._server.sockets[0].getsockname()[0] == "127.0.0.1"
    assert {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_second_server_is_refused_and_the_first_goes_on(serve, file):
    await serve()
    with pytest.raises(
        ControlError, match=r"serves the control port\. End it: `tray-dictate quit`"
    ):
        await serve()
    assert await send(file) == {}


async def test_every_daemon_has_a_token_of_its_own(serve, file):
    first = await serve()
    token = json.loads(file.read_text())["token"]
    await first.close()
    assert not file.exists()
    await serve()
    with pytest.raises(ControlError, match="does not know this client's token"):
        await send(file, token)


async def test_without_a_daemon_it_says_so(file):
    with pytest.raises(ControlError, match="is not running"):
        await send(file)


async def test_a_file_of_a_daemon_that_was_killed_is_replaced(serve, file):
    server = await serve()
    left = file.read_bytes()
    await server.close()
    file.write_bytes(left)
    with pytest.raises(ControlError, match="is not running"):
        await send(file)
    await serve()
    assert await send(file) == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"port": "x", "token": ""}', "5", "\xff"])
async def test_a_damaged_file_is_named(file, content):
    file.parent.mkdir()
    file.write_text(content, "latin-1")
    with pytest.raises(ControlError, match=r"control\.json is damaged\. Quit"):
        await send(file)
