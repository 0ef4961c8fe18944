"""The menu's lists of speech models on this computer: which is used, and which can be had."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.languages import language_name, language_of
from tray_dictate.core.ports import MenuOption, ModelOffer
from tray_dictate.engine.catalogue import CatalogueModel
from tray_dictate.engine.local_model import (
    BASE,
    NO_MODEL,
    LocalModel,
    Store,
    choose,
    languages,
    suitable,
)
from tray_dictate.system.network.download import megabytes
from tray_dictate.ui.labels import LANGUAGES

_MOST = 6  # models that are offered for a language
_BUILT_IN = {"en"}


@dataclass(frozen=True, slots=True)
class ModelChoices:
    """What the menu shows of the models on this computer."""

    used: str  # the name of the model in use
    known: set[str] | None  # the languages that can be dictated offline; None: any
    models: tuple[MenuOption, ...]  # values of engine.local_model; empty: there is no choice
    offers: tuple[tuple[str, tuple[ModelOffer, ...]], ...]  # by the name of a language


def model_choices(settings: EngineSettings, store: Store) -> ModelChoices:
    """Return what the menu shows; reads the disk."""
    installed = store.installed()
    try:
        used = choose(settings, store)
    except UnavailableError:
        used = None
    return ModelChoices(
        used.name if used else NO_MODEL,
        _known_languages(settings, used, installed),
        _local_models(settings, installed),
        _offers(settings, [model for model in store.models if model not in installed]),
    )


def _known_languages(
    settings: EngineSettings, used: LocalModel | None, installed: Collection[CatalogueModel]
) -> set[str] | None:
    if settings.local_model and used:  # it is used for every language
        return set(used.languages) or None
    return _BUILT_IN.union(*(map(language_of, model.languages) for model in installed))


def _local_models(
    settings: EngineSettings, installed: Collection[CatalogueModel]
) -> tuple[MenuOption, ...]:
    wanted = settings.local_model
    names = {model.id: model.name for model in installed}
    if not names and not wanted:
        return ()
    if wanted:  # it may be a file, or not be installed
        names.setdefault(wanted, wanted)
    lines = {"": "The best for the language", **names}
    return tuple(MenuOption(value, name, chosen=value == wanted) for value, name in lines.items())


def _offers(
    settings: EngineSettings, models: Collection[CatalogueModel]
) -> tuple[tuple[str, tuple[ModelOffer, ...]], ...]:
    """Return some of the models for the languages in the settings, then for common ones.

    Of a model in two sizes, that is the more accurate one. For English, which is built in, it is
    only the larger half of the built-in model.
    """
    offered: list[tuple[str, tuple[ModelOffer, ...]]] = []
    for language in dict.fromkeys([*languages(settings), *LANGUAGES]):
        fit = [model for model in suitable(models, (language,)) if not model.is_compressed]
        title = language_name(language)
        if language in _BUILT_IN:
            fit, title = [model for model in fit if model.id == BASE], "More accurate English"
        if fit:
            offered.append((title, tuple(_offer(model) for model in fit[:_MOST])))
    return tuple(offered)


def _offer(model: CatalogueModel) -> ModelOffer:
    several = f", {len(model.languages)} languages" if model.languages[1:] else ""
    label = f"{model.title}{several} ({megabytes(model.size)}, {model.licence})"
    return ModelOffer(model.id, label, model.terms)
