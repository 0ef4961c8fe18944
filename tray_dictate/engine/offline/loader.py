"""Loads the model that was chosen, with the library that runs it."""

from __future__ import annotations

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.local_model import LocalModel
from tray_dictate.engine.models import Models
from tray_dictate.engine.offline import transcribe_cpp
from tray_dictate.engine.offline.engine import load_models


def load(model: LocalModel, settings: EngineSettings, *, live: bool = True) -> Models:
    """Load a model, which takes seconds; without `live` for sound that exists already, as in files.

    Raises UnavailableError.
    """
    if model.runtime == "transcribe-cpp":
        assert model.path, "only a model of the Moonshine family is built in"
        return transcribe_cpp.load(model.path, settings.languages, settings.keywords)
    # the text of a file depends neither on the speed of this machine nor on its power
    effort = "full" if settings.effort == "auto" and not live else settings.effort
    return load_models(model.larger, effort, folder=model.path, words=settings.keywords)
