"""A program of the user's that prints the key: pass, op, secret-tool, security ...

Its arguments and what it writes to stderr are never shown, they may hold a secret.
"""

from __future__ import annotations

import os

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import process as program

_LONGEST = 65535  # bytes of answer; a program that prints without end must not fill the memory
_TRY = "Run the command in a terminal to see why."


async def ask(command: list[str], limit: float, setting: str = "engine.key_command") -> str:
    """Return the first line that the command prints; `limit` in seconds.

    It runs without a shell and without stdin. Raises UnavailableError.
    """
    try:
        code, answer = await program.run(command, limit=limit, longest=_LONGEST, env=os.environ)
    except TimeoutError:
        raise UnavailableError(
            f"{command[0]} ({setting}) gave no key within {limit:g} s.", _TRY
        ) from None
    except program.TooMuchError:
        raise UnavailableError(f"The program in {setting} prints more than a key.", _TRY) from None
    except (OSError, ValueError):  # not named: a key put here by mistake is no program either
        raise UnavailableError(
            f"The program in {setting} cannot be started.",
            'Give a program that is installed and its arguments: ["pass", "show", "openai"].',
        ) from None
    if code != 0:
        raise UnavailableError(f"{command[0]} ({setting}) failed with exit code {code}.", _TRY)
    key = answer.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if not key:
        raise UnavailableError(f"{command[0]} ({setting}) printed no key.", _TRY)
    return key
