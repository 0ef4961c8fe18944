"""What `tray-dictate key` does for the engine; each returns the sentence that tells the user."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from tray_dictate.config import api_keys
from tray_dictate.config.schema import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine.credentials import ENTRA, Credentials, CredentialSource, variables

_WAIT = 120.0  # seconds: here somebody sits in front of the window that asks for a password


def set_key(settings: EngineSettings) -> str:
    """Ask for the key, or read it from stdin, and store it. Raises UnavailableError."""
    _needs_a_server(settings)
    done = api_keys.store(settings.name, settings.name, "tray-dictate key set")
    return f"{done} {_goes_first(settings)}".rstrip()


def test_key(settings: EngineSettings) -> str:
    """Say where the key comes from. Raises UnavailableError if there is none."""
    _needs_a_server(settings)
    found = asyncio.run(_found(settings))
    if not found.headers:
        raise UnavailableError(
            f"No key is sent to {settings.name}: "
            + ("engine.auth is none." if settings.auth == "none" else "none was found."),
            "If the server asks for one, set engine.auth to key and run `tray-dictate key set`.",
        )
    (header,) = found.headers.values()
    what = "token" if found.source == ENTRA else "key"
    return (
        f"The {what} for {settings.name} comes from {found.source} "
        f"({len(header.removeprefix('Bearer '))} characters). "
        "Whether the server takes it: tray-dictate doctor engine --live"
    )


def forget_key(settings: EngineSettings) -> str:
    """Remove the key from the keyring. Raises UnavailableError if there is none."""
    _needs_a_server(settings)
    return api_keys.forget_key(settings.name, settings.name)


def _needs_a_server(settings: EngineSettings) -> None:
    if settings.name == "offline":
        raise UnavailableError(
            "The engine offline needs no key.",
            "Choose another in the settings file, or for this time: "
            "tray-dictate key set --set engine.name=azure. For the rewrite: "
            "tray-dictate key set --for rewrite",
        )


async def _found(settings: EngineSettings) -> Credentials:
    source = CredentialSource(settings, "bearer", limit=_WAIT)
    try:
        return await source.get()
    finally:
        await source.close()


def _goes_first(settings: EngineSettings, env: Mapping[str, str] = os.environ) -> str:
    """Return a warning if not the stored key is used but another."""
    if settings.auth != "key":
        return f"But engine.auth is {settings.auth}: it is not used."
    if settings.key_command:
        return "But engine.key_command goes before it."
    for name in variables(settings.name):
        if env.get(name, "").strip():
            return f"But the environment variable {name} goes before it."
    return ""
