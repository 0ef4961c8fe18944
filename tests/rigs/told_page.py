"""A page with a text area that tells what it holds: any browser, on any desktop, can show it."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = Path(__file__).with_name("targets") / "telling.html"
FRESH = 2.0  # seconds; the page tells at each input, and several times in one


class _Requests(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(PAGE.read_bytes())

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer(json.dumps(self.server.page.hear(**told)).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    page: ToldPage


class ToldPage:
    """The page's server, and what it was told last; as a window's `Source`."""

    def __init__(self) -> None:
        self._text, self._focused, self._heard = "", False, 0.0
        self._clearings = self._number = 0
        self._cleared = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Requests)
        self._server.page = self
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def hear(self, text: str, focused: bool, clearings: int, number: int) -> int:
        """Note what the page holds; return how often it is to have been cleared.

        `number` counts what it tells: two messages may overtake each other.
        """
        self._heard = time.monotonic()
        if clearings == self._clearings and number > self._number:
            self._number = number
            self._text, self._focused = text, focused
            self._cleared.set()
        return self._clearings

    def text(self) -> str:
        return self._text

    def clear(self) -> None:
        self._cleared.clear()
        self._clearings += 1
        assert self._cleared.wait(20), "the page does not answer"

    def focused(self) -> bool:
        return self._focused and time.monotonic() - self._heard < FRESH

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
