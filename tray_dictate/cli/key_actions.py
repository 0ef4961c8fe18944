"""Stores, tests and forgets the API key of the engine or of the rewrite, for `tray-dictate key`.

Each method returns the sentence for the user.
"""

from __future__ import annotations

import asyncio

from tray_dictate.config import api_keys
from tray_dictate.config.schema import EngineSettings, RewriteSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine import credentials
from tray_dictate.engine.credentials import ENTRA, Credentials, CredentialSource
from tray_dictate.rewrite import key as rewrite_key

_LIMIT = 120.0  # seconds: enough time to type the keyring's password


class EngineKey:
    """The key of the configured engine."""

    def __init__(self, settings: EngineSettings) -> None:
        """Raises UnavailableError for the embedded engine, which needs no key."""
        if settings.name == "offline":
            raise UnavailableError(
                "The engine offline needs no key.",
                "Choose another in the settings file, or for this command only: "
                "tray-dictate key set --set engine.name=azure. For the rewrite: "
                "tray-dictate key set --for rewrite",
            )
        self._settings = settings

    def store(self) -> str:
        """Ask for the key, or read it from stdin, and store it. Raises UnavailableError."""
        name = self._settings.name
        stored = api_keys.ask_and_store(name, name, "tray-dictate key set")
        if self._settings.auth != "key":
            return f"{stored} But engine.auth is {self._settings.auth}: it is not used."
        return stored + _precedence(credentials.key_source(self._settings))

    def test(self) -> str:
        """Find the key, and say where it came from. Raises UnavailableError if there is none."""
        settings = self._settings
        found = asyncio.run(self._found())
        if not found.headers:
            raise UnavailableError(
                f"No key is sent to {settings.name}: "
                + ("engine.auth is none." if settings.auth == "none" else "none was found."),
                "If the server asks for one, set engine.auth to key and run "
                "`tray-dictate key set`.",
            )
        (header,) = found.headers.values()
        noun = "token" if found.source == ENTRA else "key"
        return (
            f"The {noun} for {settings.name} comes from {found.source} "
            f"({len(header.removeprefix('Bearer '))} characters). "
            "To see whether the server accepts it: tray-dictate doctor engine --live"
        )

    def forget(self) -> str:
        """Remove the key from the keyring. Raises UnavailableError if there is none."""
        return api_keys.forget(self._settings.name, self._settings.name)

    async def _found(self) -> Credentials:
        source = CredentialSource(self._settings, "bearer", limit=_LIMIT)
        try:
            return await source.get()
        finally:
            await source.close()


class RewriteKey:
    """The key of the rewrite's chat server."""

    _owner = "the rewrite"
    _store = "tray-dictate key set --for rewrite"

    def __init__(self, settings: RewriteSettings) -> None:
        self._command = settings.key_command

    def store(self) -> str:
        """Ask for the key, or read it from stdin, and store it. Raises UnavailableError."""
        stored = api_keys.ask_and_store(rewrite_key.KEYRING_ENTRY, self._owner, self._store)
        return stored + _precedence(rewrite_key.key_source(self._command))

    def test(self) -> str:
        """Find the key, and say where it came from. Raises UnavailableError if there is none."""
        found = asyncio.run(rewrite_key.key_source(self._command).find(_LIMIT))
        if not found.text:
            raise UnavailableError(
                f"No key is sent for {self._owner}: none was found.",
                f"If the server asks for one, run `{self._store}`.",
            )
        return (
            f"The key for {self._owner} comes from {found.source} ({len(found.text)} characters)."
        )

    def forget(self) -> str:
        """Remove the key from the keyring. Raises UnavailableError if there is none."""
        return api_keys.forget(rewrite_key.KEYRING_ENTRY, self._owner)


def _precedence(source: api_keys.KeySource) -> str:
    """Return a warning if another key is used than the stored one."""
    preferred = source.before_keyring()
    if not preferred:
        return ""
    noun = "" if preferred == source.setting else "the environment variable "
    return f" But {noun}{preferred} takes precedence over it."
