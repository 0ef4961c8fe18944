"""A program of the user's that prints the key: pass, op, secret-tool, security ...

Its arguments and what it writes to stderr are never shown, they may hold a secret.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

from tray_dictate.errors import UnavailableError

_LONGEST = 65536  # bytes of answer; a program that prints without end must not fill the memory
_TRY = "Run the command in a terminal to see why."


async def ask(command: list[str], limit: float) -> str:
    """Return the first line that the command prints; `limit` in seconds.

    It runs without a shell and without stdin. Raises UnavailableError.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
            start_new_session=sys.platform != "win32",
        )  # fmt: skip
    except (OSError, ValueError):  # not named: a key put here by mistake is no program either
        raise UnavailableError(
            "The program in engine.key_command cannot be started.",
            'Give a program that is installed and its arguments: ["pass", "show", "openai"].',
        ) from None
    answer, code = b"", None
    try:
        async with asyncio.timeout(limit):
            answer = await _everything(process)
            code = await process.wait()
    except TimeoutError:
        raise UnavailableError(
            f"{command[0]} (engine.key_command) gave no key within {limit:g} s.", _TRY
        ) from None
    finally:
        if code is None:
            await _end(process)
    if code != 0:
        raise UnavailableError(
            f"{command[0]} (engine.key_command) failed with exit code {code}.", _TRY
        )
    key = answer.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if not key:
        raise UnavailableError(f"{command[0]} (engine.key_command) printed no key.", _TRY)
    return key


async def _everything(process: Process) -> bytes:
    assert process.stdout is not None
    try:
        await process.stdout.readexactly(_LONGEST)
    except asyncio.IncompleteReadError as end:
        return end.partial
    raise UnavailableError("The program in engine.key_command prints more than a key.", _TRY)


async def _end(process: Process) -> None:
    """Kill it and what it has started, which may hold our end of the pipe open."""
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    assert process.stdout is not None
    with suppress(TimeoutError):  # what left the group may keep the pipe open
        async with asyncio.timeout(1):
            await process.stdout.read()
