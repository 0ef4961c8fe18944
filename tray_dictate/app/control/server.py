"""Serves the control socket; client.py defines its messages.

Each connection carries one request. A handler that is an async generator answers with a line for
each value that it yields, until the client closes. Anything else is answered with an error.
"""

from __future__ import annotations

import asyncio
import hmac
import inspect
import json
import logging
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Protocol, cast

from tray_dictate.app.control.client import LONGEST, VERSION, line
from tray_dictate.app.control.tcp import TcpListener
from tray_dictate.app.control.unix import UnixListener
from tray_dictate.core.errors import ControlError, DictateError
from tray_dictate.system import remedies

Answer = dict[str, Any]
Handler = Callable[..., Awaitable[Answer] | AsyncGenerator[Answer]]

_PATIENCE = 5.0  # seconds for a client's line, and for it to take an answer
_LINGER = 1.0  # seconds to read the rest of a line that is too long, so that the answer arrives
_LONGEST_ERROR = 1000  # characters: it may quote what was sent

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Accepts connections of clients."""

    @property
    def token(self) -> str:
        """The secret of every request; empty where the system identifies the client."""
        ...

    def open(self) -> socket.socket:
        """Return the listening socket. Raises ControlError, or OSError."""
        ...

    def admits(self, connection: socket.socket, /) -> bool:
        """Return whether the other end may send requests."""
        ...

    def close(self) -> None:
        """Remove the socket and its files."""
        ...


class ControlServer:
    """Answers each command by its handler, whose keyword arguments are the client's."""

    def __init__(
        self, handlers: dict[str, Handler], listener: Listener | Path | None = None
    ) -> None:
        self._handlers = handlers
        if listener is None and sys.platform == "win32":
            listener = TcpListener()
        self._listener: Listener = (
            UnixListener(listener) if listener is None or isinstance(listener, Path) else listener
        )
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Serve until `close`. Raises ControlError."""
        try:
            listening = self._listener.open()
        except OSError as reason:
            raise ControlError(
                f"The control socket {self._listener} could not be created: "
                f"{reason.strerror or reason}. {remedies.RUNTIME_FOLDER}"
            ) from reason
        self._server = await asyncio.start_server(self._serve, sock=listening, limit=LONGEST)

    async def close(self) -> None:
        """Serve no more, and remove the socket; idempotent."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        others = self._serving - {asyncio.current_task()}  # a command may be what ends us
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            if not self._listener.admits(writer.get_extra_info("socket")):
                log.warning("refused a connection of another user to the control socket")
                return
            await self._reply(reader, writer)
        except (TimeoutError, ConnectionError):  # the client is gone, or as good as gone
            pass
        finally:
            self._serving.discard(task)
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                request = await reader.readline()
            handler, args = self._parsed(request)
        except ValueError:  # no end within LONGEST
            await _write(
                writer,
                _error(f"The request was not understood: it is longer than {LONGEST} bytes."),
            )
            writer.write_eof()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LINGER):
                    await _until_gone(reader)
        except ControlError as reason:
            await _write(writer, _error(str(reason)))
        else:
            if inspect.isasyncgenfunction(handler):
                await self._stream(handler(**args), reader, writer)
            else:
                await _write(writer, await _answer(handler(**args)))

    async def _stream(
        self,
        answers: AsyncGenerator[Answer],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Send every answer, until there are no more or the client closes."""
        tasks = [
            asyncio.create_task(_write_all(answers, writer)),
            asyncio.create_task(_until_gone(reader)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _parsed(self, request: bytes) -> tuple[Handler, dict[str, Any]]:
        """Return the handler of a request, and its arguments. Raises ControlError."""
        message: Any = None
        with suppress(ValueError, RecursionError):  # no JSON, or nested without end
            message = json.loads(request)
        match message:
            case {"version": version} if version != VERSION:
                raise ControlError(
                    "The running daemon is of another version than this command. Restart it."
                )
            case {"version": _, "command": str(name), "args": dict()}:
                if not self._accepts(message.get("token", "")):
                    raise ControlError("The running daemon does not know this client's token.")
                return self._handler(name, cast("dict[str, Any]", message["args"]))
            case _:
                raise ControlError(
                    "The request was not understood: it is not a command in a line of JSON."
                )

    def _accepts(self, token: object) -> bool:
        given = token.encode("utf-8", "replace") if isinstance(token, str) else b"?"
        return hmac.compare_digest(given, self._listener.token.encode())

    def _handler(self, name: str, args: dict[str, Any]) -> tuple[Handler, dict[str, Any]]:
        handler = self._handlers.get(name)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            raise ControlError(f"The daemon knows no command {name[:40]!r}; it knows: {known}.")
        try:
            inspect.signature(handler).bind(**args)
        except TypeError as error:
            raise ControlError(f"{name}: {error}.") from None
        return handler, args


async def _answer(work: Any) -> bytes:
    """Return the line with the result of a command, or its error."""
    try:
        return line({**await work, "ok": True, "version": VERSION})
    except DictateError as error:
        return _error(str(error))
    except Exception:
        log.exception("a control command failed")
        return _error("The command failed; the log has the details.")


def _error(trouble: str) -> bytes:
    return line({"error": trouble[:_LONGEST_ERROR], "ok": False, "version": VERSION})


async def _write_all(answers: AsyncGenerator[Answer], writer: asyncio.StreamWriter) -> None:
    async with aclosing(answers):
        async for each in answers:
            await _write(writer, line({**each, "ok": True, "version": VERSION}))


async def _write(writer: asyncio.StreamWriter, answer: bytes) -> None:
    """Send an answer. Raises TimeoutError, or ConnectionError."""
    writer.write(answer)
    async with asyncio.timeout(_PATIENCE):
        await writer.drain()


async def _until_gone(reader: asyncio.StreamReader) -> None:
    """Return when the client has closed its end; discard everything it still sends."""
    with suppress(ConnectionError):
        while await reader.read(LONGEST):
            pass
