"""`tray-dictate key`: stores, tests and forgets the API keys of the engine and of the rewrite."""

from __future__ import annotations

import argparse
import asyncio
from abc import ABC, abstractmethod

from tray_dictate.cli.options import settings
from tray_dictate.config import api_keys
from tray_dictate.config.api_keys import KeySource
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.config.schema import RewriteSettings
from tray_dictate.core.errors import ConfigError, UnavailableError
from tray_dictate.engine import credentials
from tray_dictate.engine.credentials import ENTRA, Credentials, CredentialSource
from tray_dictate.rewrite import key as rewrite_key
from tray_dictate.system import logs
from tray_dictate.ui.labels import ENGINES

_LIMIT = 120.0  # seconds: enough time to type the keyring's password


def manage_key(options: argparse.Namespace) -> int:
    """Store, test or forget the key that the options name, and print the result."""
    if options.purpose == "all":
        return _forget_all(options.action)
    logs.start_for_command()
    config = settings(options)
    rewrite = options.purpose == "rewrite"
    key = _RewriteKey(config.rewrite) if rewrite else _EngineKey(config.engine)
    actions = {"set": key.store, "test": key.test, "forget": key.forget}
    print(actions[options.action]())
    return 0


def _forget_all(action: str) -> int:
    if action != "forget":
        raise ConfigError([f"`key {action}` needs --for engine or --for rewrite"])
    entries = (*ENGINES, rewrite_key.KEYRING_ENTRY)
    deleted = [entry for entry in entries if api_keys.delete_from_keyring(entry)]
    print(
        f"Deleted from the keyring: the keys for {', '.join(deleted)}."
        if deleted
        else "There is no key in the keyring."
    )
    return 0


class _ManagedKey(ABC):
    """A key that the command stores, tests or forgets; each method returns a sentence to print."""

    def __init__(self, entry: str, owner: str, command: str, source: KeySource) -> None:
        """`entry`: its name in the keyring; `owner`: whose key it is; `command` stores it."""
        self._entry, self._owner, self._command, self._source = entry, owner, command, source

    def store(self) -> str:
        """Ask for the key, or read it from stdin, and store it. Raises UnavailableError."""
        stored = api_keys.ask_and_store(self._entry, self._owner, self._command)
        return f"{stored} {self._unused()}".rstrip()

    def forget(self) -> str:
        """Remove the key from the keyring. Raises UnavailableError if there is none."""
        return api_keys.forget(self._entry, self._owner)

    @abstractmethod
    def test(self) -> str:
        """Find the key, and say where it came from. Raises UnavailableError if there is none."""

    def _unused(self) -> str:
        """Return why another key is used than the stored one; "" if it is used."""
        preferred = self._source.before_keyring()
        if not preferred:
            return ""
        noun = "" if preferred == self._source.setting else "the environment variable "
        return f"But {noun}{preferred} takes precedence over it."


class _EngineKey(_ManagedKey):
    """The key of the configured engine."""

    def __init__(self, settings: EngineSettings) -> None:
        """Raises UnavailableError for the offline engine, which needs no key."""
        if settings.name == "offline":
            raise UnavailableError(
                "The offline engine needs no key.",
                "Choose another in the settings file, or for this command only: "
                "tray-dictate key set --set engine.name=azure. For the rewrite: "
                "tray-dictate key set --for rewrite",
            )
        super().__init__(
            settings.name, settings.name, "tray-dictate key set", credentials.key_source(settings)
        )
        self._settings = settings

    def test(self) -> str:
        """Find the key, and say where it came from. Raises UnavailableError if there is none."""
        found = asyncio.run(self._find())
        if not found.headers:
            raise UnavailableError(
                f"No key is sent to {self._owner}: "
                + ("engine.auth is none." if self._settings.auth == "none" else "none was found."),
                f"If the server needs one, set engine.auth to key and run `{self._command}`.",
            )
        (header,) = found.headers.values()
        noun = "token" if found.source == ENTRA else "key"
        return (
            f"The {noun} for {self._owner} comes from {found.source} "
            f"({len(header.removeprefix('Bearer '))} characters). "
            "To see whether the server accepts it: tray-dictate doctor engine --live"
        )

    def _unused(self) -> str:
        if self._settings.auth != "key":
            return f"But engine.auth is {self._settings.auth}: it is not used."
        return super()._unused()

    async def _find(self) -> Credentials:
        source = CredentialSource(self._settings, "bearer", limit=_LIMIT)
        try:
            return await source.get()
        finally:
            await source.close()


class _RewriteKey(_ManagedKey):
    """The key of the rewrite's chat server."""

    def __init__(self, settings: RewriteSettings) -> None:
        super().__init__(
            rewrite_key.KEYRING_ENTRY, "the rewrite", "tray-dictate key set --for rewrite",
            rewrite_key.key_source(settings.key_command),
        )  # fmt: skip

    def test(self) -> str:
        """Find the key, and say where it came from. Raises UnavailableError if there is none."""
        found = asyncio.run(self._source.find(_LIMIT))
        if not found.text:
            raise UnavailableError(
                f"No key is sent for {self._owner}: none was found.",
                f"If the server needs one, run `{self._command}`.",
            )
        return (
            f"The key for {self._owner} comes from {found.source} ({len(found.text)} characters)."
        )
