"""The key of the chat server: from a command, the environment or the keyring; often there is none.

It is looked up at the first text and kept. A keyring that waits for its password does not hold up
a text: the search goes on, and the next text has the key.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass, field

from tray_dictate.config import api_keys
from tray_dictate.config import api_keys as key_program
from tray_dictate.config import api_keys as key_store
from tray_dictate.core.errors import UnavailableError
from tray_dictate.rewrite.profiles import RewriteError
from tray_dictate.system import key_variables
from tray_dictate.system.threads import Blocking

VARIABLE = key_variables.REWRITE
ENTRY = "rewrite"  # in the keyring
SETTING = "rewrite.key_command"

_LIMIT = 120.0  # seconds for whoever has to type a password

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A key, empty if there is none, and where it came from."""

    text: str = field(repr=False)
    source: str


class Key:
    """The key; of one event loop."""

    def __init__(self, command: list[str], setting: str = SETTING, *, alone: bool = False) -> None:
        """`setting` names the command; with `alone` the key is from nowhere else."""
        self.setting = setting
        self._command, self._alone = command, alone
        self._search: asyncio.Task[Found] | None = None
        self._stored = Blocking(lambda: key_store.read(ENTRY))

    async def get(self) -> str:
        """Return it, empty if there is none. Raises RewriteError."""
        try:
            return (await self.find()).text
        except UnavailableError as error:
            raise RewriteError("key", str(error)) from None

    async def find(self) -> Found:
        """Return it and where it came from. Raises UnavailableError."""
        if self._search is None:
            self._search = asyncio.create_task(self._find())
            self._search.add_done_callback(lambda search: search.cancelled() or search.exception())
        try:
            return await asyncio.shield(self._search)
        except UnavailableError:
            self._search = None
            raise

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

    async def _find(self) -> Found:
        if self._command:
            key, source = (
                await key_program.ask_program(self._command, _LIMIT, self.setting),
                self.setting,
            )
        elif self._alone:
            return Found("", "")
        elif key := os.environ.get(VARIABLE, "").strip():
            source = VARIABLE
        else:
            key, source = await self._in_keyring(), "the keyring"
        api_keys.check(key, source)
        log.info("a key of %d characters from %s", len(key), source if key else "nowhere")
        return Found(key, source)

    async def _in_keyring(self) -> str:
        try:
            return await self._stored.answer(_LIMIT)
        except UnavailableError as error:
            log.info("no key from the keyring: %s", error.reason)
        except TimeoutError:
            log.info("no key from the keyring: it did not answer")
        return ""
