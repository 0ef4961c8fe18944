"""What the embedded engine can be spoken to in: English, and no other language."""

from __future__ import annotations

import json

from tray_dictate.config.schema import EngineSettings


def understands(settings: EngineSettings) -> bool:
    """Return whether the embedded engine knows a language that is spoken."""
    languages = settings.languages
    return not languages or any(code.partition("-")[0] == "en" for code in languages)


def misfit(settings: EngineSettings) -> str:
    """Return why the engine cannot be the embedded one; empty where it is not, or can be."""
    if settings.name != "offline" or understands(settings):
        return ""
    spoken = json.dumps(settings.languages)
    return f"The embedded engine knows English only, and engine.languages is {spoken}."


REMEDY = 'Set engine.name to a server that knows it, or engine.languages to ["en"].'
