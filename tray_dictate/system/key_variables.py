"""The environment variables with API keys, which programs that we start do not get."""

from __future__ import annotations

import os

ANY = "TRAY_DICTATE_KEY"
REWRITE = "TRAY_DICTATE_REWRITE_KEY"
OPENAI = "OPENAI_API_KEY"
AZURE = ("AZURE_OPENAI_STT_TTS_KEY", "AZURE_OPENAI_API_KEY")
NAMES = frozenset({ANY, REWRITE, OPENAI, *AZURE})


def without_keys(**more: str) -> dict[str, str]:
    """Return our environment without keys, for another program, with `more` added."""
    return {name: os.environ[name] for name in os.environ if name not in NAMES} | more
