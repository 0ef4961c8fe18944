"""The key in the system's own keyring: Keychain, Credential Manager, Secret Service, KWallet.

Everything here blocks, for as long as a locked keyring waits for its password. What a back end
says in an error is shown only if it is keyring's own: other libraries may quote what they hold.

A key on its way into the keyring and out of it, whatever it is for.

It is typed unseen or piped, never an argument; each function returns the sentence for the user.

A program of the user's that prints the key: pass, op, secret-tool, security ...

Its arguments and what it writes to stderr are never shown, they may hold a secret.
"""

from __future__ import annotations

import getpass
import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import process

SERVICE = "tray_dictate"

_REMEDY = (
    "Unlock or install one (on Linux gnome-keyring or KWallet), or put the key into an "
    "environment variable, or set key_command."
)

log = logging.getLogger(__name__)


def read(engine: str) -> str:
    """Return the key stored for an engine, empty if there is none. Raises UnavailableError."""
    import keyring  # noqa: PLC0415 - 0.1 s, which `import` need not cost

    with _failures():
        return (keyring.get_password(SERVICE, engine) or "").strip()


def write(engine: str, key: str) -> None:
    """Store the key for an engine in place of an earlier one. Raises UnavailableError."""
    import keyring  # noqa: PLC0415

    with _failures():
        keyring.set_password(SERVICE, engine, key)
    if read(engine) != key:  # keyring's null back end takes everything and keeps nothing
        raise UnavailableError("The keyring did not keep the key.", _REMEDY)


def forget(engine: str) -> bool:
    """Remove the key of an engine; return whether there was one. Raises UnavailableError."""
    import keyring  # noqa: PLC0415

    if not read(engine):
        return False
    with _failures():
        keyring.delete_password(SERVICE, engine)
    if read(engine):  # of several keyrings in a chain only the first was told
        raise UnavailableError(
            "The key is still in the keyring after its removal.",
            f"Remove the entry {SERVICE} / {engine} with the system's own password program.",
        )
    return True


@contextmanager
def _failures() -> Generator[None]:
    from keyring import errors  # noqa: PLC0415

    try:
        yield
    except errors.NoKeyringError:
        raise UnavailableError("This system has no keyring.", _REMEDY) from None
    except errors.KeyringLocked:
        raise UnavailableError("The keyring is locked.", _REMEDY) from None
    except errors.KeyringError as error:
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise UnavailableError(f"The keyring cannot be used: {reason}.", _REMEDY) from None
    except Exception as error:  # noqa: BLE001 - D-Bus, Win32, import: each back end has its own
        log.debug("the keyring failed: %s", type(error).__name__)
        raise UnavailableError(
            f"The keyring cannot be used: {type(error).__name__}.", _REMEDY
        ) from None


_LONGEST_LINE = 65536  # bytes of one line


def store(entry: str, owner: str, command: str) -> str:
    """Ask for the key of `owner` and store it; `command` is how. Raises UnavailableError."""
    key = _given(owner)
    if not key:
        raise UnavailableError(
            "No key was given.", f"Paste it at the prompt, or pipe it: {command} < FILE"
        )
    check(key, "your input")
    write(entry, key)
    return f"The key for {owner} is in the keyring ({len(key)} characters)."


def forget_key(entry: str, owner: str) -> str:
    """Remove the key from the keyring. Raises UnavailableError if there is none."""
    if not forget(entry):
        raise UnavailableError(f"There is no key for {owner} in the keyring.")
    return f"The key for {owner} is no longer in the keyring."


def check(key: str, source: str) -> None:
    """Raise UnavailableError if the key cannot go into a header."""
    if not (key.isascii() and key.isprintable()):
        raise UnavailableError(
            f"The key from {source} cannot be sent: it holds a line break, a control character "
            "or a letter that no key has.",
            "Copy it again from where it was issued.",
        )


def _given(owner: str) -> str:
    """Return what was typed unseen, or the first line of a stdin that is no terminal."""
    if sys.stdin.isatty():
        try:
            return getpass.getpass(f"Key for {owner} (it is not shown): ").strip()
        except EOFError:
            return ""
    return sys.stdin.buffer.readline(_LONGEST_LINE).decode("utf-8", "replace").strip()


_LONGEST_ANSWER = (
    65535  # bytes of answer; a program that prints without end must not fill the memory
)
_TRY = "Run the command in a terminal to see why."


async def ask_program(command: list[str], limit: float, setting: str = "engine.key_command") -> str:
    """Return the first line that the command prints; `limit` in seconds.

    It runs without a shell and without stdin. Raises UnavailableError.
    """
    try:
        code, answer = await process.run(
            command, limit=limit, longest=_LONGEST_ANSWER, env=os.environ
        )
    except TimeoutError:
        raise UnavailableError(
            f"{command[0]} ({setting}) gave no key within {limit:g} s.", _TRY
        ) from None
    except process.TooMuchError:
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
