"""Whatever is written into the control socket: an answer in a line, and nothing else happens."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tray_dictate.app.control import tcp
from tray_dictate.app.control.client import LONGEST
from tray_dictate.app.control.server import ControlServer
from tray_dictate.app.control.tcp import TcpListener
from tray_dictate.app.control.unix import UnixListener


class Serving:
    """A server on a thread of its own, and what it was asked for."""

    def __init__(
        self, listener: UnixListener | TcpListener, connect: Callable[[], socket.socket]
    ) -> None:
        self.calls: list[dict] = []
        self._token = listener.token
        self._connect = connect
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

        async def take(word: str = "", **more: object) -> dict:
            self.calls.append({"word": word, **more})
            return {"message": word}

        async def ping() -> dict:
            return {"message": "pong"}

        async def follow():
            yield {"number": 1}
            yield {"number": 2}

        self._server = ControlServer({"take": take, "ping": ping, "follow": follow}, listener)
        self._wait(self._server.start())

    def close(self) -> None:
        self._wait(self._server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def send(self, sent: bytes, *, all_of_it: bool = True) -> list[dict]:
        """Return the lines of the answer."""
        with self._connect() as connection:
            connection.settimeout(20)
            with suppress(ConnectionError):  # it need not read all of it
                connection.sendall(sent)
                if all_of_it:
                    connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        assert not received or received.endswith(b"\n")
        return [json.loads(line) for line in received.splitlines()]

    def is_well(self) -> None:
        assert self.send(self.known("ping"))[0]["message"] == "pong"

    def known(self, command: str, **args: object) -> bytes:
        """Return a request as our own client writes it."""
        message = {"version": 1, "command": command, "args": args, "token": self._token}
        return json.dumps(message).encode() + b"\n"


@pytest.fixture(scope="module", params=["unix", "tcp"])
def serving(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    if request.param == "unix":
        path = folder / "control.sock"

        def connect() -> socket.socket:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(path))
            return connection

        started = Serving(UnixListener(path), connect)
    else:
        file = folder / "control.json"
        started = Serving(TcpListener(file), lambda: tcp.connect(file)[0])
    yield started
    started.close()


@pytest.fixture(autouse=True)
def quiet(serving, caplog):
    """No traceback, whatever comes in."""
    caplog.set_level(logging.WARNING)
    serving.calls.clear()
    yield
    assert not caplog.records


many = settings(
    max_examples=examples(150),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from([0, 1, 2, "1", None]) | anything,
        "command": st.sampled_from(["take", "ping", "follow", "__init__", ""]) | anything,
        "args": st.dictionaries(st.sampled_from(["word", "self", "x"]), anything) | anything,
        "token": anything,
    },
)


@given(st.binary(max_size=300))
@many
def test_any_bytes_are_answered_and_do_nothing(serving, sent):
    answers = serving.send(sent)
    assert [answer["ok"] for answer in answers] == [False]
    assert serving.calls == []
    serving.is_well()


@given(nearly, st.binary(max_size=20))
@many
def test_what_is_nearly_a_command_is_answered(serving, message, more):
    answers = serving.send(json.dumps(message).encode() + b"\n" + more)
    assert answers
    assert all(isinstance(answer["ok"], bool) for answer in answers)
    assert all(isinstance(answer["error"], str) for answer in answers if not answer["ok"])
    serving.is_well()


@given(st.text(max_size=300))
@many
def test_a_command_gets_just_what_was_sent(serving, word):
    serving.calls.clear()
    assert serving.send(serving.known("take", word=word))[0]["message"] == word
    assert serving.calls == [{"word": word}]


@given(st.integers(LONGEST - 200, 3 * LONGEST), st.sampled_from([b"x", b"[", b'{"', b"\0"]))
@settings(many, max_examples=examples(15))
def test_any_length_is_answered(serving, length, what):
    answers = serving.send(what * length)
    assert [answer["ok"] for answer in answers] == [False]
    assert len(answers[0]["error"]) < 2000
    serving.is_well()


def test_a_followed_command_ends_with_what_it_has_to_say(serving):
    answers = serving.send(serving.known("follow"), all_of_it=False)
    assert [answer["number"] for answer in answers] == [1, 2]
