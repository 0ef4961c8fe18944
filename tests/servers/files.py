"""A server of files, over HTTP or TLS on this machine, with every fault that a mirror can have."""

from __future__ import annotations

import itertools
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PIECE = 16384  # bytes, as in a record of TLS


@dataclass(frozen=True)
class Answer:
    """How one request is answered; without any of these: as a good server does."""

    status: int = 0  # instead of the file
    location: str = ""  # where a redirect leads
    content: bytes | None = None  # instead of the file's
    ranges: bool = True  # whether a Range is respected
    range_said: str = ""  # instead of the true Content-Range
    length: int | None = None  # said instead of the true one
    chunked: bool = False  # the length is not said
    unsized: bool = False  # neither said nor chunked: it ends with the connection
    encoding: str = ""  # the Content-Encoding that is said
    drop: int | None = None  # the connection ends after so many bytes of the body
    hold: int | None = None  # and here the server falls silent, until it may `go_on`
    weak: bool = False  # the ETag says nothing of the bytes
    tag: str = '"1"'  # the ETag; none if it is empty


@dataclass
class Request:
    """What was asked."""

    path: str
    headers: dict[str, str]

    @property
    def start(self) -> int:
        """The first byte asked for."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))


@dataclass
class Plan:
    """What the server has, and how the next requests for it are answered."""

    content: bytes
    answers: list[Answer] = field(default_factory=list)
    always: Answer = Answer()


class FileServer(ThreadingHTTPServer):
    """Serves what `plans` says, by path."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.plans: dict[str, Plan] = {}
        self.seen: list[Request] = []
        self.held, self.go_on = threading.Event(), threading.Event()
        self.behind: tuple[str, int] | None = None  # where it leads as a proxy, whatever is asked
        self.modified = formatdate(1_700_000_000, usegmt=True)
        self._scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def serve(self, path: str, content: bytes, *answers: Answer, always: Answer = Answer()) -> str:
        """Serve a file; return its URL. Its requests get one answer each, and then `always`."""
        self.plans[path] = Plan(content, list(answers), always)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self.server_port}/{path}"

    def starts(self, path: str) -> list[int]:
        """Return the first byte of each request for a file."""
        return [request.start for request in self.seen if request.path == f"/{path}"]

    def handle_error(self, request, client_address) -> None:
        """Clients break off here: that is what is tested."""


@contextmanager
def file_server(context: ssl.SSLContext | None = None) -> Iterator[FileServer]:
    """Run a server until the block ends."""
    server = FileServer(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class _Requests(BaseHTTPRequestHandler):
    server: FileServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def do_CONNECT(self) -> None:
        self.close_connection = True
        self.server.seen.append(Request(self.path, dict(self.headers)))
        if self.server.behind is None:
            self.send_error(502)
            return
        with socket.create_connection(self.server.behind) as server:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pass_on, args=(server, self.connection))
            back.start()
            _pass_on(self.connection, server)
            back.join()

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.seen.append(Request(self.path, dict(self.headers)))
        plan = self.server.plans.get(self.path.removeprefix("/"))
        if plan is None:
            self._refuse(404)
            return
        answer = plan.answers.pop(0) if plan.answers else plan.always
        if answer.status:
            self._refuse(answer.status, answer.location)
        else:
            self._send(answer, plan.content if answer.content is None else answer.content)

    def _refuse(self, status: int, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, answer: Answer, content: bytes) -> None:
        start = self._start(answer)
        if start is not None and start >= len(content):
            self._refuse(416)
            return
        body = content[start or 0 :]
        self.send_response(200 if start is None else 206)
        if start is not None:
            said = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", answer.range_said or said)
        if answer.tag:
            self.send_header("ETag", f"W/{answer.tag}" if answer.weak else answer.tag)
        self.send_header("Last-Modified", self.server.modified)
        if answer.encoding:
            self.send_header("Content-Encoding", answer.encoding)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not answer.unsized:
            length = len(body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        self._write(answer, body)

    def _start(self, answer: Answer) -> int | None:
        """Return the first byte of the range that the answer has; None for the whole file."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not found or not answer.ranges:
            return None
        version = self.headers.get("If-Range")
        if version not in (None, answer.tag, self.server.modified):
            return None
        return int(found[1])

    def _write(self, answer: Answer, body: bytes) -> None:
        stops = {stop for stop in (answer.drop, answer.hold) if stop is not None}
        edges = sorted(
            {*range(0, len(body), _PIECE), len(body), *(s for s in stops if s < len(body))}
        )
        for first, last in itertools.pairwise(edges):
            if first == answer.drop:
                return
            if first == answer.hold:
                self.server.held.set()
                self.server.go_on.wait(60)
            self._piece(answer, body[first:last])
        if answer.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _piece(self, answer: Answer, piece: bytes) -> None:
        if answer.chunked:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        else:
            self.wfile.write(piece)
        self.wfile.flush()
