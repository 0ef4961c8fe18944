"""A key on its way into the keyring and out of it, whatever it is for.

It is typed unseen or piped, never an argument; each function returns the sentence for the user.
"""

from __future__ import annotations

import getpass
import sys

from tray_dictate.config import api_keys as key_store
from tray_dictate.core.errors import UnavailableError

_LONGEST = 65536  # bytes of one line


def store(entry: str, owner: str, command: str) -> str:
    """Ask for the key of `owner` and store it; `command` is how. Raises UnavailableError."""
    key = _given(owner)
    if not key:
        raise UnavailableError(
            "No key was given.", f"Paste it at the prompt, or pipe it: {command} < FILE"
        )
    check(key, "your input")
    key_store.write(entry, key)
    return f"The key for {owner} is in the keyring ({len(key)} characters)."


def forget(entry: str, owner: str) -> str:
    """Remove the key from the keyring. Raises UnavailableError if there is none."""
    if not key_store.forget(entry):
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
    return sys.stdin.buffer.readline(_LONGEST).decode("utf-8", "replace").strip()
