"""Checks that the offline engine knows the languages in the settings: it knows English only."""

from __future__ import annotations

import json

from tray_dictate.config.engine_settings import EngineSettings


def understands(settings: EngineSettings) -> bool:
    """Whether the offline engine knows one of the languages in the settings."""
    languages = settings.languages
    return not languages or any(code.partition("-")[0] == "en" for code in languages)


def misfit(settings: EngineSettings) -> str:
    """Return why the offline engine cannot be used; empty if it can, or is not selected."""
    if settings.name != "offline" or understands(settings):
        return ""
    spoken = json.dumps(settings.languages)
    return f"The offline engine knows English only, and engine.languages is {spoken}."


REMEDY = 'Set engine.name to a server that knows it, or engine.languages to ["en"].'
