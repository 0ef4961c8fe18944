"""The chat server's API key: found once, in the background, and kept for the texts that follow."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tray_dictate.config.api_keys import Key, KeySource
from tray_dictate.core.errors import UnavailableError
from tray_dictate.rewrite.profiles import RewriteError
from tray_dictate.system import key_variables

KEYRING_ENTRY = "rewrite"

_SETTING = "rewrite.key_command"
_LIMIT = 120.0  # seconds: enough time to type the keyring's password


def key_source(command: list[str]) -> KeySource:
    """Return the source of the key that [rewrite] names."""
    return KeySource(command, _SETTING, (key_variables.REWRITE,), KEYRING_ENTRY)


class ChatKey:
    """Keeps the key of one chat server; it belongs to one event loop.

    A keyring that waits for its password does not delay a text for long: the search goes on after
    the text was inserted without the key, and the next text has it.
    """

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._search: asyncio.Task[Key] | None = None

    @property
    def setting(self) -> str:
        """The setting to look at if the server refuses the key."""
        return self._source.setting

    async def get(self) -> str:
        """Return the key, empty if there is none. Raises RewriteError."""
        if self._search is None:
            self._search = asyncio.create_task(self._source.find(_LIMIT))
            self._search.add_done_callback(lambda search: search.cancelled() or search.exception())
        try:
            return (await asyncio.shield(self._search)).text
        except UnavailableError as error:
            self._search = None
            raise RewriteError("key", str(error)) from None

    def forget(self) -> None:
        """Search again at the next text: the server has refused the key."""
        self._search = None

    async def close(self) -> None:
        """Forget the key, and end the search."""
        if self._search:
            self._search.cancel()
            with suppress(asyncio.CancelledError, UnavailableError):
                await self._search
            self._search = None
