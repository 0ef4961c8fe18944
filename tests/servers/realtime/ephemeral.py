"""A server that lets nobody in with a key: it gives a secret for it, which is good for a while.

It stands before the fake server of tests/servers/realtime/server.py, as a socket of this process.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.engine.transports import both_ways, http, listening
from tests.servers.realtime.server import RealtimeServer

REFUSAL = json.dumps(
    {"error": {"code": "Unauthorized", "message": "This operation requires ephemeral "
               "authentication."}}
)  # fmt: skip
CLIENT_SECRETS = "/client_secrets"
SESSIONS = "/transcription_sessions"


@dataclass
class Ephemeral:
    """What it does, what it was asked, and what it gave."""

    behind: RealtimeServer
    gives: str = CLIENT_SECRETS  # the end of the path that gives one; others answer 404
    refuses: bytes = b""  # in place of a secret
    lives: float = 60  # seconds
    port: int = 0
    asked: list[tuple[str, dict]] = field(default_factory=list)  # target, body
    refused: int = 0  # handshakes
    secrets: dict[str, float] = field(default_factory=dict)  # until when
    _numbers: itertools.count = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *rest = head.rstrip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in rest)
        known = {name.lower(): value for name, value in headers.items()}
        method, target, _ = line.split(" ")
        shown = known.get("api-key", known.get("authorization", "").removeprefix("Bearer "))
        if method == "POST":
            body = await reader.readexactly(int(known["content-length"]))
            self.asked.append((target, json.loads(body)))
            writer.write(self._given(target, shown))
        elif self.secrets.pop(shown, 0) < time.monotonic():  # it is good for one connection
            self.refused += 1
            writer.write(http("401 Unauthorized", body=REFUSAL))
        else:
            await self._pass_on(reader, writer, head.replace(shown, self.behind.key).encode())
        await writer.drain()

    def _given(self, target: str, shown: str) -> bytes:
        if shown != self.behind.key:
            body = json.dumps({"error": {"code": "invalid_api_key", "message": f"Not {shown}"}})
            return http("401 Unauthorized", body=body)
        if not urlsplit(target).path.endswith(self.gives):
            return http("404 Not Found", body='{"error": {"code": "404"}}')
        if self.refuses:
            return self.refuses
        value = f"ek_{next(self._numbers)}_secret"
        self.secrets[value] = time.monotonic() + self.lives
        secret = {"value": value, "expires_at": int(time.time() + self.lives)}
        body = secret if self.gives == CLIENT_SECRETS else {"client_secret": secret}
        return http("200 OK", body=json.dumps(body))

    async def _pass_on(self, reader, writer, head: bytes) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.behind.port)
        far_writer.write(head)
        try:
            await both_ways(reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()


@asynccontextmanager
async def ephemeral(behind: RealtimeServer, **does) -> AsyncIterator[Ephemeral]:
    """Run one."""
    server = Ephemeral(behind, **does)
    async with listening(server.serve) as server.port:
        yield server
