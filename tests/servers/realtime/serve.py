"""The process of the fake realtime server; server.py starts it and sends it orders."""

from __future__ import annotations

import asyncio
import http
import json
import ssl
import time
from multiprocessing.connection import Connection as Pipe
from typing import Any

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response

from tests.servers.realtime.connection import Connection
from tests.servers.realtime.ear import Numbers, Speech
from tests.servers.realtime.faults import NAMES, Faults
from tests.servers.realtime.flavours import BetaSession, SpeachesSession
from tests.servers.realtime.handshake import Doors, Fatal, Refused, Request
from tests.servers.realtime.outs import Options
from tests.servers.realtime.profiles import PROFILES
from tests.servers.realtime.record import Record
from tests.servers.realtime.rules import Models
from tests.servers.realtime.session import Session
from tests.servers.realtime.shapes import Problem, warm_up
from tests.servers.realtime.sockets import Socket
from tests.servers.realtime.vllm import VllmSession

SESSIONS = {"ga": Session, "beta": BetaSession, "speaches": SpeachesSession, "vllm": VllmSession}
LARGEST = 64 * 2**20  # bytes of one message: the rules are to judge it, not the library


class Fake:
    """The server: its rules, its plan of faults, and what it remembers."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._base = {name: options[name] for name in NAMES & options.keys()}
        self._plan: list[dict[str, Any]] = []
        self._profile = PROFILES[options["kind"]]
        self._models = _models(options.get("models", self._profile.models))
        self._ear = Speech() if options["ear"] == "embedded" else Numbers()
        self._records: list[Record] = []
        self._requests: dict[int, Request] = {}
        self._doors = Doors(
            self._profile,
            options["key"],
            options.get("entra", "entra-token"),
            options.get("require_key", False),
            options.get("refused_query", ""),
        )

    def command(self, order: dict[str, Any]) -> Any:
        """Do what the test asks."""
        if "plan" in order:
            self._plan = [{**self._base, **fault} for fault in order["plan"]]
            for fault in self._plan:
                Faults.of(fault)  # TypeError: told to the test
            return "planned"
        if order.get("ask") == "connections":
            return sum(record.live for record in self._records)
        return {"connections": [record.as_dict() for record in self._records]}

    async def judge(self, ws: Socket, http_request: HttpRequest) -> Response | None:
        """Answer the handshake; None lets the client in."""
        request = Request.of(http_request.path, http_request.headers.raw_items())
        faults = Faults.of(self._plan.pop(0) if self._plan else self._base)
        record = Record(request.path, request.query, sorted(request.headers))
        record.handshake_start = ws.began
        self._records.append(record)
        verdict = self._doors.judge(request)
        record.auth, record.violations = request.auth, request.violations
        record.query = {k: v if "key" not in k else "" for k, v in request.query.items()}
        if faults.drop_handshake:
            ws.reset()
        if faults.hang_handshake or faults.drop_handshake:
            await ws.wait_closed()
            verdict = Refused(503, "")  # nobody is there to read it
        await asyncio.sleep(faults.handshake_delay)
        if faults.refuse:
            verdict = Refused(faults.refuse["status"], faults.refuse.get("body", ""))
        record.handshake_end = time.monotonic()
        if isinstance(verdict, Refused):
            record.status, record.live, record.end = verdict.status, False, time.monotonic()
            return _response(verdict)
        if isinstance(verdict, Fatal):
            ws.fatal = Problem(verdict.code, verdict.message)
        ws.faults, ws.record, record.status = faults, record, 101
        self._requests[id(ws)] = request
        return None

    async def handle(self, ws: Any) -> None:
        """Serve one client."""
        record, faults = ws.record, ws.faults
        listen = self._ear.live if faults.deltas else None
        options = Options(self._models, faults.deltas, tuple(faults.refuse_fields), listen)
        query = self._requests.pop(id(ws)).query
        session = SESSIONS[self._profile.wire](self._profile, query, options)
        try:
            await Connection(ws, session, self._ear).run()
        finally:
            record.live, record.end = False, time.monotonic()
            record.close_code = ws.close_code or 0


def _models(wanted: Any) -> Models:
    if wanted is None or isinstance(wanted, dict):
        return Models(wanted)
    return Models({name: name for name in wanted})


def _response(refused: Refused) -> Response:
    body = refused.body.encode()
    headers = Headers({"Content-Length": str(len(body)), "Connection": "close"})
    headers["Content-Type"] = "application/json"
    return Response(refused.status, http.HTTPStatus(refused.status).phrase, headers, body)


async def main(options: dict[str, Any], orders: Pipe) -> None:
    """Serve until the other end of `orders` is closed: each order is answered there."""
    fake, over = Fake(options), asyncio.Event()
    warm_up()
    context = None
    if options.get("certificate"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"])

    def obey() -> None:
        try:
            order = json.loads(orders.recv())
        except (EOFError, ConnectionResetError):
            over.set()
            return
        try:
            answer = {"answer": fake.command(order)}
        except Exception as reason:  # noqa: BLE001 - the test is told
            answer = {"refused": repr(reason)}
        orders.send(json.dumps(answer))

    server = await serve(
        fake.handle, "127.0.0.1", options.get("port", 0), process_request=fake.judge,
        create_connection=Socket, compression=None, max_size=LARGEST, open_timeout=None,
        max_queue=None,  # or its queue, emptied, would let a half-open socket read again
        ping_interval=None, ssl=context,
    )  # fmt: skip
    orders.send(json.dumps({"port": server.sockets[0].getsockname()[1]}))
    asyncio.get_running_loop().add_reader(orders, obey)
    await over.wait()


def run(options: dict[str, Any], orders: Pipe) -> None:
    """Serve until the test needs it no more."""
    asyncio.run(main(options, orders))
