"""The local control socket, as the daemon serves it; control.py has what goes over it.

A socket that a killed daemon has left is replaced. One that somebody serves is never stolen: its
lock is held for as long as it is served, and a server of any kind answers a connection.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import filelock

from tray_dictate import paths
from tray_dictate.control import LONGEST, VERSION, check_folder, is_ours, line, socket_path
from tray_dictate.errors import ControlError, DictateError

Handler = Callable[..., Awaitable[dict[str, Any]]]

_PATIENCE = 5.0  # seconds for a client's line, and for it to take the answer

log = logging.getLogger(__name__)


class ControlServer:
    """Answers each command by its handler, whose keyword arguments are the client's."""

    def __init__(self, handlers: dict[str, Handler], path: Path | None = None) -> None:
        self._handlers, self._path = handlers, path or socket_path()
        self._lock = filelock.FileLock(f"{self._path}.lock", mode=0o600, thread_local=False)
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[Any]] = set()
        self._inode = 0

    async def start(self) -> None:
        """Serve until `close`. Raises ControlError."""
        try:
            listening = self._listen()
        except filelock.Timeout:
            raise ControlError("Another tray_dictate serves the control socket.") from None
        except OSError as reason:
            raise ControlError(
                f"The control socket {self._path} cannot be made: {reason.strerror or reason}. "
                "Set XDG_RUNTIME_DIR to a folder of yours."
            ) from reason
        self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LONGEST)

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
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._lock.release()

    def _listen(self) -> socket.socket:
        paths.private_folder(self._path.parent)
        check_folder(self._path.parent)
        self._lock.acquire(blocking=False)
        listening = socket.socket(socket.AF_UNIX)
        try:
            _remove_stale(self._path)
            listening.bind(str(self._path))
            self._path.chmod(0o600)
            self._inode = self._path.stat().st_ino
            listening.listen()
        except BaseException:
            listening.close()
            self._lock.release()
            raise
        listening.setblocking(False)
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            if is_ours(writer.get_extra_info("socket")):
                async with asyncio.timeout(_PATIENCE):
                    asked = await reader.readline()
                writer.write(await self._answer(asked))
                async with asyncio.timeout(_PATIENCE):
                    await writer.drain()
            else:
                log.warning("another user knocked at the control socket")
        except (OSError, ValueError, TimeoutError) as reason:  # gone, or a line without an end
            log.info("a control client failed: %s", type(reason).__name__)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answer(self, asked: bytes) -> bytes:
        try:
            handler, args = self._wanted(asked)
            return line({**await handler(**args), "ok": True, "version": VERSION})
        except DictateError as error:
            trouble = str(error)
        except Exception:
            log.exception("a control command failed")
            trouble = "The command failed; the log has the details."
        return line({"error": trouble, "ok": False, "version": VERSION})

    def _wanted(self, asked: bytes) -> tuple[Handler, dict[str, Any]]:
        """Return what is to be called. Raises ControlError."""
        message: Any = None
        with suppress(ValueError):
            message = json.loads(asked)
        match message:
            case {"version": version} if version != VERSION:
                raise ControlError(
                    "The daemon that runs is of another version than this command. Restart it."
                )
            case {"version": _, "command": str(name), "args": dict()}:
                return self._handler(name, cast("dict[str, Any]", message["args"]))
            case _:
                raise ControlError("That was not understood: it is no command in a JSON line.")

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


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody serves. Raises ControlError if somebody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108
            return
        except BlockingIOError:  # it is served, and busy
            pass
    raise ControlError("Another tray_dictate serves the control socket.")
