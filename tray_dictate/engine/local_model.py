"""Chooses the model on this computer that the offline engine uses, by the settings.

Nothing here loads a model, or a library that runs one.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import ModelError, UnavailableError
from tray_dictate.core.languages import language_names, language_of
from tray_dictate.engine.catalogue import CatalogueModel, Runtime

BASE = "moonshine-base-en"  # the larger half of the built-in English
BUILT_IN = "Moonshine tiny, English"
NO_MODEL = "no model"  # in place of the name of one
_ENGLISH = ("en",)
_PACKAGES: dict[Runtime, str] = {"moonshine": "onnxruntime", "transcribe-cpp": "transcribe_cpp"}
_FILES = (".gguf", ".bin")  # of transcribe-cpp
_PARTS = ("encoder_model.*", "decoder_model_merged.*")  # of a folder of the Moonshine family


class Store(Protocol):
    """The models of a catalogue, and those of them on this computer."""

    @property
    def models(self) -> Sequence[CatalogueModel]:
        """The models that can be installed, of several for a language the more accurate first."""
        ...

    def find(self, model_id: str) -> CatalogueModel:
        """Return the model with an ID. Raises ModelError, which names similar IDs."""
        ...

    def installed(self) -> tuple[CatalogueModel, ...]:
        """Return the models that are complete, in the catalogue's order."""
        ...

    def folder(self, model: CatalogueModel) -> Path | None:
        """Return the folder of a model that is complete, else None."""
        ...


@dataclass(frozen=True, slots=True)
class LocalModel:
    """The model that the offline engine uses."""

    name: str  # as users read it
    runtime: Runtime
    languages: tuple[str, ...]  # that it knows; empty if that is unknown
    path: Path | None = None  # its folder or file; None: the built-in model
    larger: Path | None = None  # the folder of the larger half of the built-in English
    streaming: bool = False
    warning: str = ""  # the languages in the settings that it does not know, and the remedy

    @property
    def knows_english(self) -> bool:
        """Whether the model knows English, as far as that can be said."""
        return not self.languages or "en" in self.languages

    def size(self) -> int:
        """Return the bytes of its files that are not built in. Raises OSError."""
        places = [place for place in (self.path, self.larger) if place]
        return sum(file.stat().st_size for place in places for file in _files(place))


def choose(
    settings: EngineSettings, store: Store, runtimes: Collection[Runtime] | None = None
) -> LocalModel:
    """Return the model for these settings.

    `runtimes` are those that can run a model here; None: looked up. Raises UnavailableError if the
    model in the settings is not installed, or no installed model knows a language in the settings.
    """
    wanted = languages(settings)
    if settings.local_model:
        return _named(settings, store, wanted)
    if wanted in ((), _ENGLISH):
        return _built_in(settings, store, wanted)
    usable = installed_runtimes() if runtimes is None else runtimes
    known = ranked(store.installed(), usable)
    for group in (wanted, *((language,) for language in wanted)):
        if group == _ENGLISH:
            return _built_in(settings, store, wanted)
        for model in known:
            folder = None if _missing(model, group) else store.folder(model)
            if folder:
                return _installed(model, folder, store, wanted)
    spoken = language_names(wanted, "or")
    raise UnavailableError(
        f"The offline engine has no model that knows {spoken}.", _remedy(store, wanted, wanted)
    )


def model_title(settings: EngineSettings, store: Store) -> str:
    """Return the name of the model for these settings, or that there is none."""
    try:
        return choose(settings, store).name
    except UnavailableError:
        return NO_MODEL


def languages(settings: EngineSettings) -> tuple[str, ...]:
    """Return the languages in the settings, without regions."""
    return tuple(dict.fromkeys(language_of(code) for code in settings.languages))


def installed_runtimes() -> set[Runtime]:
    """Return the runtimes whose library is installed."""
    return {name for name, package in _PACKAGES.items() if importlib.util.find_spec(package)}


def ranked(models: Iterable[CatalogueModel], runtimes: Collection[Runtime]) -> list[CatalogueModel]:
    """Return the models, the most suitable for dictation first.

    Those that can run here come first, then those that are fast enough, then those that give text
    while one still speaks; otherwise the order stays, which is the catalogue's.
    """
    return sorted(
        models, key=lambda it: (it.runtime not in runtimes, it.speed == "slow", not it.streaming)
    )


def suitable(models: Iterable[CatalogueModel], wanted: tuple[str, ...]) -> list[CatalogueModel]:
    """Return the models that know all these languages, the best first."""
    known = [model for model in models if not _missing(model, wanted)]
    return ranked(known, installed_runtimes())


def _remedy(store: Store, wanted: tuple[str, ...], missing: tuple[str, ...]) -> str:
    """Return how to get a model that knows all `wanted` languages, or else one that is missing."""
    for spoken in (wanted, *((language,) for language in missing)):
        if found := suitable(store.models, spoken):
            return f"`tray-dictate models get {found[0].id}` gets one."
    return "The catalogue has none, either: choose a server that knows it (engine.name)."


def _named(settings: EngineSettings, store: Store, wanted: tuple[str, ...]) -> LocalModel:
    """Return the model that engine.local_model names. Raises UnavailableError."""
    name = settings.local_model
    if os.sep in name or "/" in name or name.endswith(_FILES):
        return _own(Path(os.path.expanduser(name)))  # noqa: PTH111 - Path's raises
    try:
        model = store.find(name)
    except ModelError as error:
        raise UnavailableError(f"engine.local_model cannot be used: {error}") from error
    folder = store.folder(model)
    if folder is None:
        raise UnavailableError(
            f"{name}, which engine.local_model names, is not installed.",
            f"`tray-dictate models get {name}` gets it.",
        )
    if model.id == BASE:
        return _built_in(settings, store, wanted)
    return _installed(model, folder, store, wanted)


def _own(path: Path) -> LocalModel:
    """Return a model of the user's own. Raises UnavailableError."""
    try:
        if path.is_file() and path.suffix in _FILES:
            return LocalModel(path.name, "transcribe-cpp", (), path)
        if all(any(path.glob(part)) for part in _PARTS):
            return LocalModel(path.name, "moonshine", (), path)
        exists = path.exists()
    except OSError as error:
        raise UnavailableError(
            f"engine.local_model cannot be used: {path}: {error.strerror}."
        ) from error
    if not exists:
        raise UnavailableError(
            f"{path}, which engine.local_model names, does not exist.",
            'Correct the setting; "" means the best installed model.',
        )
    raise UnavailableError(
        f"{path}, which engine.local_model names, is no speech model.",
        "A model is a .gguf or .bin file, or a folder of the Moonshine family with encoder_model "
        "and decoder_model_merged.",
    )


def _built_in(settings: EngineSettings, store: Store, wanted: tuple[str, ...]) -> LocalModel:
    """Return the built-in English, with its larger half if that is installed and wanted."""
    base = next((model for model in store.models if model.id == BASE), None)
    larger = store.folder(base) if base and settings.effort != "light" else None
    name = base.name if base and larger else BUILT_IN
    missing = tuple(code for code in wanted if code not in _ENGLISH)
    warning = _warning(name, store, wanted, missing)
    return LocalModel(name, "moonshine", _ENGLISH, None, larger, warning=warning)


def _installed(
    model: CatalogueModel, folder: Path, store: Store, wanted: tuple[str, ...]
) -> LocalModel:
    path = folder if model.runtime == "moonshine" else folder / model.files[0].name
    spoken = tuple(dict.fromkeys(map(language_of, model.languages)))
    warning = _warning(model.name, store, wanted, _missing(model, wanted))
    return LocalModel(model.name, model.runtime, spoken, path, None, model.streaming, warning)


def _missing(model: CatalogueModel, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the languages that a model does not know."""
    known = set(map(language_of, model.languages))
    return tuple(code for code in wanted if code not in known)


def _warning(name: str, store: Store, wanted: tuple[str, ...], missing: tuple[str, ...]) -> str:
    if not missing:
        return ""
    unknown = language_names(missing, "or")
    return f"{name} does not know {unknown}. {_remedy(store, wanted, missing)}"


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [file for file in place.iterdir() if file.is_file()]
