"""The key of the chat server: from a command, the environment or the keyring; often there is none.

It is looked up at the first text and kept. A keyring that waits for its password does not hold up
a text: the search goes on, and the next text has the key.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress

from tray_dictate import key_program, key_store
from tray_dictate.blocking import Blocking
from tray_dictate.errors import UnavailableError
from tray_dictate.rewrite.failure import RewriteError

VARIABLE = "TRAY_DICTATE_REWRITE_KEY"

_NAME = "rewrite"  # in the keyring
_COMMAND = "rewrite.key_command"
_LIMIT = 120.0  # seconds for whoever has to type a password

log = logging.getLogger(__name__)


class Key:
    """The key; of one event loop."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._search: asyncio.Task[str] | None = None
        self._stored = Blocking(lambda: key_store.read(_NAME))

    async def get(self) -> str:
        """Return it, empty if there is none. Raises RewriteError."""
        if self._search is None:
            self._search = asyncio.create_task(self._find())
            self._search.add_done_callback(lambda search: search.cancelled() or search.exception())
        search = self._search
        try:
            return await asyncio.shield(search)
        except UnavailableError as error:
            self._search = None
            raise RewriteError("key", str(error)) from None

    def forget(self) -> None:
        """Look it up again at the next text: the server did not take it."""
        self._search = None

    async def close(self) -> None:
        """Forget it, and search no more."""
        if self._search:
            self._search.cancel()
            with suppress(asyncio.CancelledError, UnavailableError):
                await self._search
            self._search = None

    async def _find(self) -> str:
        if self._command:
            key, source = await key_program.ask(self._command, _LIMIT, _COMMAND), _COMMAND
        elif key := os.environ.get(VARIABLE, "").strip():
            source = VARIABLE
        else:
            key, source = await self._in_keyring(), "the keyring"
        if not (key.isascii() and key.isprintable()):
            raise UnavailableError(
                f"The key from {source} cannot be sent: it holds a character that no key has.",
                "Copy it again from where it was issued.",
            )
        log.info("a key of %d characters from %s", len(key), source if key else "nowhere")
        return key

    async def _in_keyring(self) -> str:
        try:
            return await self._stored.answer(_LIMIT)
        except UnavailableError as error:
            log.info("no key from the keyring: %s", error.reason)
        except TimeoutError:
            log.info("no key from the keyring: it did not answer")
        return ""
