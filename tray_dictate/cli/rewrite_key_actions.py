"""What `tray-dictate key` does for the rewrite; each returns the sentence that tells the user."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from tray_dictate.config import api_keys
from tray_dictate.config.schema import RewriteSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.rewrite.key import ENTRY, SETTING, VARIABLE, Found, Key

_SET = "tray-dictate key set --for rewrite"
_OWNER = "the rewrite"


def set_key(settings: RewriteSettings, env: Mapping[str, str] = os.environ) -> str:
    """Ask for the key, or read it from stdin, and store it. Raises UnavailableError."""
    done = api_keys.store(ENTRY, _OWNER, _SET)
    if settings.key_command:
        return f"{done} But {SETTING} goes before it."
    if env.get(VARIABLE, "").strip():
        return f"{done} But the environment variable {VARIABLE} goes before it."
    return done


def test_key(settings: RewriteSettings) -> str:
    """Say where the key comes from. Raises UnavailableError if there is none."""
    found = asyncio.run(_found(settings))
    if not found.text:
        raise UnavailableError(
            f"No key is sent for {_OWNER}: none was found.",
            f"If the server asks for one, run `{_SET}`.",
        )
    return f"The key for {_OWNER} comes from {found.source} ({len(found.text)} characters)."


def forget_key(_settings: RewriteSettings) -> str:
    """Remove the key from the keyring. Raises UnavailableError if there is none."""
    return api_keys.forget_key(ENTRY, _OWNER)


async def _found(settings: RewriteSettings) -> Found:
    key = Key(settings.key_command)
    try:
        return await key.find()
    finally:
        await key.close()
