"""The environment variables in which users put keys for us. What we start gets none of them."""

from __future__ import annotations

import os

ANY = "TRAY_DICTATE_KEY"
REWRITE = "TRAY_DICTATE_REWRITE_KEY"
OPENAI = "OPENAI_API_KEY"
AZURE = ("AZURE_OPENAI_STT_TTS_KEY", "AZURE_OPENAI_API_KEY")
NAMES = frozenset({ANY, REWRITE, OPENAI, *AZURE})


def without_keys(**more: str) -> dict[str, str]:
    """Return the environment for a program that is not ours, with `more` in it."""
    return {name: os.environ[name] for name in os.environ if name not in NAMES} | more
