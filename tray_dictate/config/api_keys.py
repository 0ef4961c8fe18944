"""API keys: finds them in the order of their sources, stores and removes them in the keyring.

`KeySource` is the only place that knows the order: a command's output, else an environment
variable, else the system's keyring (Keychain, Credential Manager, Secret Service, KWallet). No
message, log line or repr shows a key, only its source and its length.

The functions for the keyring block, for as long as a locked keyring waits for its password. The
text of a back end's error is shown only if it is keyring's own: other libraries may quote what
they hold. A command's arguments and its stderr are never shown either: they may hold a secret.
"""

from __future__ import annotations

import getpass
import logging
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.programs import process
from tray_dictate.system.threads import Blocking

SERVICE = "tray_dictate"  # in the keyring
KEYRING = "the keyring"
NO_SOURCE = "none"

_REMEDY = (
    "Unlock or install one (on Linux gnome-keyring or KWallet), or put the key into an "
    "environment variable, or set key_command."
)
_COMMAND_REMEDY = "Run the command in a terminal to see why."
_LONGEST_LINE = 65536  # bytes of stdin
_LONGEST_ANSWER = 65535  # bytes: a command that prints without end must not fill the memory

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key (empty if there is none) and where it was found."""

    text: str = field(repr=False)
    source: str
    keyring_problem: str = ""  # why the keyring could not be read; empty if it could, or need not


class KeySource:
    """Finds one service's key: its command's output, else its variables, else the keyring.

    It belongs to one event loop.
    """

    def __init__(
        self,
        command: list[str],
        setting: str,
        variables: Sequence[str] = (),
        keyring_entry: str = "",
        env: Mapping[str, str] = os.environ,
    ) -> None:
        """`setting` names the command in messages; without an entry no keyring is read."""
        self.setting, self.variables = setting, tuple(variables)
        self._command, self._env = command, env
        self._entry = keyring_entry
        self._keyring = Blocking(lambda: read_keyring(keyring_entry))

    def before_keyring(self) -> str:
        """Return the source that is used instead of the keyring; empty if there is none.

        It is the setting of the command, or the name of a variable that is set.
        """
        if self._command:
            return self.setting
        return next((name for name in self.variables if self._env.get(name, "").strip()), "")

    async def find(self, limit: float) -> Key:
        """Return the key; `limit`: seconds for the command and for the keyring.

        Raises UnavailableError if the command fails, or if the key cannot be sent.
        """
        source = self.before_keyring()
        if not source:
            key = await self._stored(limit)
        elif source == self.setting:
            key = Key(await run_key_command(self._command, limit, source), source)
        else:
            key = Key(self._env[source].strip(), source)
        check(key.text, key.source)
        if key.text:
            log.info("using a key of %d characters from %s", len(key.text), key.source)
        return key

    async def _stored(self, limit: float) -> Key:
        if not self._entry:
            return Key("", NO_SOURCE)
        try:
            text, problem = await self._keyring.answer(limit), ""
        except UnavailableError as error:
            text, problem = "", error.reason
        except TimeoutError:
            text, problem = "", f"The keyring did not answer within {limit:g} s."
        if problem:
            log.info("no key from the keyring: %s", problem)
        return Key(text, KEYRING if text else NO_SOURCE, problem)


def check(key: str, source: str) -> None:
    """Raise UnavailableError if the key cannot be sent in a header."""
    if not (key.isascii() and key.isprintable()):
        raise UnavailableError(
            f"The key from {source} cannot be sent: it contains a line break, a control "
            "character or a letter that keys do not have.",
            "Copy it again from where it was issued.",
        )


def ask_and_store(entry: str, owner: str, command: str) -> str:
    """Ask the user for the key of `owner`, store it, and return a sentence about it.

    It is typed unseen or piped, never an argument; `command` is the command line that the user
    runs for it. Raises UnavailableError.
    """
    key = _input(owner)
    if not key:
        raise UnavailableError(
            "No key was entered.", f"Paste it at the prompt, or pipe it: {command} < FILE"
        )
    check(key, "your input")
    write_keyring(entry, key)
    return f"The key for {owner} is in the keyring ({len(key)} characters)."


def forget(entry: str, owner: str) -> str:
    """Remove the key of `owner` from the keyring, and return a sentence about it.

    Raises UnavailableError if there is none.
    """
    if not delete_from_keyring(entry):
        raise UnavailableError(f"There is no key for {owner} in the keyring.")
    return f"The key for {owner} is no longer in the keyring."


def _input(owner: str) -> str:
    """Return what the user types unseen, or the first line of a stdin that is no terminal."""
    if sys.stdin.isatty():
        try:
            return getpass.getpass(f"Key for {owner} (it is not shown): ").strip()
        except EOFError:
            return ""
    return sys.stdin.buffer.readline(_LONGEST_LINE).decode("utf-8", "replace").strip()


async def run_key_command(command: list[str], limit: float, setting: str) -> str:
    """Run a command that prints a key (pass, op, secret-tool ...); return its first line.

    `limit`: seconds. It runs without a shell and without stdin. Raises UnavailableError.
    """
    try:
        code, answer = await process.run(
            command, limit=limit, longest=_LONGEST_ANSWER, env=os.environ
        )
    except TimeoutError:
        raise UnavailableError(
            f"{command[0]} ({setting}) printed no key within {limit:g} s.", _COMMAND_REMEDY
        ) from None
    except process.TooMuchError:
        raise UnavailableError(
            f"The program in {setting} prints more than a key.", _COMMAND_REMEDY
        ) from None
    except (OSError, ValueError):  # not named: a key put here by mistake is no program either
        raise UnavailableError(
            f"The program in {setting} cannot be started.",
            'Name an installed program and its arguments: ["pass", "show", "openai"].',
        ) from None
    if code != 0:
        raise UnavailableError(
            f"{command[0]} ({setting}) failed with exit code {code}.", _COMMAND_REMEDY
        )
    key = answer.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if not key:
        raise UnavailableError(f"{command[0]} ({setting}) printed no key.", _COMMAND_REMEDY)
    return key


def read_keyring(entry: str) -> str:
    """Return the key that is stored under `entry`, empty if none is. Raises UnavailableError."""
    import keyring  # noqa: PLC0415 - 0.1 s, which `import` need not cost

    with _failures():
        return (keyring.get_password(SERVICE, entry) or "").strip()


def write_keyring(entry: str, key: str) -> None:
    """Store a key under `entry`, replacing an earlier one. Raises UnavailableError."""
    import keyring  # noqa: PLC0415

    with _failures():
        keyring.set_password(SERVICE, entry, key)
    if read_keyring(entry) != key:  # keyring's null back end takes everything and keeps nothing
        raise UnavailableError("The keyring did not keep the key.", _REMEDY)


def delete_from_keyring(entry: str) -> bool:
    """Remove the key under `entry`; return whether there was one. Raises UnavailableError."""
    import keyring  # noqa: PLC0415

    if not read_keyring(entry):
        return False
    with _failures():
        keyring.delete_password(SERVICE, entry)
    if read_keyring(entry):  # of several keyrings in a chain only the first has deleted it
        raise UnavailableError(
            "The key is still in the keyring after its removal.",
            f"Remove the entry {SERVICE} / {entry} with the system's own password program.",
        )
    return True


@contextmanager
def _failures() -> Generator[None]:
    """Turn whatever a keyring raises into UnavailableError."""
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
