"""Loads the model that was chosen, with the library that runs it."""

from __future__ import annotations

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.local_model import LocalModel
from tray_dictate.engine.models import Models
from tray_dictate.engine.offline import transcribe_cpp
from tray_dictate.engine.offline.engine import load_models


def load(model: LocalModel, settings: EngineSettings) -> Models:
    """Load a model, which takes seconds. Raises UnavailableError."""
    if model.runtime == "transcribe-cpp":
        assert model.path, "only a model of the Moonshine family is built in"
        return transcribe_cpp.load(model.path, settings.languages, settings.keywords)
    return load_models(model.larger, settings.effort, folder=model.path, words=settings.keywords)
