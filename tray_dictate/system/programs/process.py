"""Runs the user's program without a shell, bounded in time and output.

Its stderr is never shown or logged: it may contain a secret or dictated text.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress

from tray_dictate.system.key_variables import without_keys
from tray_dictate.system.lifetime import finish


class TooMuchError(Exception):
    """A program printed more than `longest` bytes."""


async def run(
    command: list[str],
    *,
    limit: float,
    longest: int,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Return the exit code and the output; `limit` in seconds, `longest` in bytes.

    `stdin` is its input, `env` its environment, by default ours without keys. Raises OSError or
    ValueError where it cannot be started, TimeoutError, and TooMuchError; after these, and when
    cancelled, it has been killed together with the processes that it has started.
    """
    process = await _started(command, env or without_keys(), DEVNULL if stdin is None else PIPE)
    ended = False
    feeding = asyncio.create_task(_feed(process, stdin)) if stdin is not None else None
    try:
        async with asyncio.timeout(limit):
            answer = await _everything(process, longest)
            code = await process.wait()
            ended = True
    finally:
        if feeding:
            feeding.cancel()  # it need not have read all of it
        if not ended:
            await finish(_end(process))
    return code, answer


async def _started(command: list[str], env: Mapping[str, str], stdin: int) -> Process:
    """Start a program; cancelled meanwhile, end it with all that it has started."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command, stdin=stdin, stdout=PIPE, stderr=DEVNULL, env=env,
            start_new_session=sys.platform != "win32",
        )
    )  # fmt: skip
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:  # asyncio itself would kill the program, but not its children
        await finish(_end_started(starting))
        raise


async def _end_started(starting: asyncio.Future[Process]) -> None:
    with suppress(OSError, ValueError):  # it cannot be started: there is nothing to end
        await _end(await starting)


async def _feed(process: Process, text: bytes) -> None:
    assert process.stdin is not None
    with suppress(ConnectionError):
        process.stdin.write(text)
        await process.stdin.drain()
    process.stdin.close()


async def _everything(process: Process, longest: int) -> bytes:
    assert process.stdout is not None
    try:
        await process.stdout.readexactly(longest + 1)
    except asyncio.IncompleteReadError as end:
        return end.partial
    raise TooMuchError


async def _end(process: Process) -> None:
    """Kill a program and what it has started, which may hold the pipe open."""
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None
    # read the output first: asyncio may report the exit only when the pipe is empty
    with suppress(TimeoutError):  # a process that left the group may keep the pipe open
        async with asyncio.timeout(0.2):
            while await process.stdout.read(65536):
                pass
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await process.wait()
