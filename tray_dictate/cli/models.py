"""`tray-dictate models`: lists, downloads, removes and chooses the models of the offline engine."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tray_dictate.app.control import client
from tray_dictate.cli import options as given
from tray_dictate.cli.messages import warn
from tray_dictate.cli.usable import usable_sources
from tray_dictate.config import edit, load
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core import json_text
from tray_dictate.core.errors import ConfigError, ControlError, ModelError
from tray_dictate.engine import catalogue
from tray_dictate.engine import warnings as engine_warnings
from tray_dictate.engine.catalogue import CatalogueModel
from tray_dictate.engine.local_model import choose, installed_runtimes, model_title
from tray_dictate.engine.model_store import ModelStore
from tray_dictate.system import logs
from tray_dictate.system.network.download import megabytes
from tray_dictate.system.programs import own_python

AUTOMATIC = "automatic"  # in place of an ID: the best installed model
_SETTING = "engine.local_model"
_COLUMNS = ("id", "size", "speed", "live", "languages", "licence", "")
_FEW = 4  # languages that are listed by their codes
_STEP = 10  # percent between two lines of progress where there is no terminal


def list_models(options: argparse.Namespace) -> int:
    """Print the models of the catalogue, and which of them are installed and in use."""
    store, engine = _store(options), given.settings(options).engine
    used = model_title(engine, store)
    if options.json:
        for model in store.models:
            print(json_text.dump(_as_json(model, store, used)))
        return 0
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print("\n".join(_table(store, used, width)))
    if engine.local_model and engine.local_model not in {model.id for model in store.models}:
        print(f"\nIn use: {engine.local_model}, by {_SETTING}.")
    return 0


def get_model(options: argparse.Namespace) -> int:
    """Download a model, after its licence was accepted; return 130 if the user stopped it."""
    store = _store(options)
    return _get(store.find(options.id), store, given.settings(options).engine, options.yes)


def remove_model(options: argparse.Namespace) -> int:
    """Delete a downloaded model."""
    store = _store(options)
    model = store.find(options.id)
    size = store.arrived(model)
    store.remove(model)
    print(f"{model.id} is removed; {megabytes(size)} are free again.")
    _renew_daemon()
    if given.settings(options).engine.local_model == model.id:
        warn(
            f"{_SETTING} still names {model.id}. To use the best installed model: "
            f"tray-dictate models use {AUTOMATIC}"
        )
    return 0


def use_model(options: argparse.Namespace) -> int:
    """Write into the settings file which model the offline engine uses."""
    store = _store(options)
    value = _chosen(options.model, store)
    model = next((model for model in store.models if model.id == value), None)
    if model and not store.folder(model):
        if not (options.yes or _asked(f"{_sized(model)} is not installed. Download it? [y/N] ")):
            raise ModelError(
                f"{model.id} is not installed. To download it: tray-dictate models get {model.id}"
            )
        if code := _get(model, store, None, options.yes):
            return code
    print(_write(options, value, store))
    return 0


# --- what there is


def _store(options: argparse.Namespace) -> ModelStore:
    """Return the store of downloaded models. Raises ConfigError.

    Another catalogue than ours can be named on the command line only, for tests and for a mirror
    inside a company. This opens no hole: to write a command line is to run any program already. A
    variable of the environment could reach a program whose user knows nothing of it.
    """
    path: Path | None = options.catalogue
    if path is None:
        return ModelStore()
    try:
        return ModelStore(models=catalogue.parse(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError([f"cannot be read: {error.strerror}"], where=str(path)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError([f"is not a catalogue of models: {error!r}"], where=str(path)) from error


def _table(store: ModelStore, used: str, width: int | None) -> list[str]:
    rows = [
        (
            model.id, megabytes(model.size), model.speed, "live" if model.streaming else "",
            _languages(model), model.licence, _state(model, store, used),
        )
        for model in store.models
    ]  # fmt: skip
    sizes = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(size) if number == 1 else cell.ljust(size)
            for number, (cell, size) in enumerate(zip(row, sizes, strict=True))
        ).rstrip()
        for row in (_COLUMNS, *rows)
    ]
    return [line if width is None else line[:width] for line in lines]


def _languages(model: CatalogueModel) -> str:
    codes = model.languages
    return " ".join(codes) if len(codes) <= _FEW else f"{len(codes)} languages"


def _state(model: CatalogueModel, store: ModelStore, used: str) -> str:
    if store.folder(model):
        return "installed, in use" if model.name == used else "installed"
    arrived = store.arrived(model)
    return f"{arrived * 100 // model.size} % downloaded" if arrived else ""


def _as_json(model: CatalogueModel, store: ModelStore, used: str) -> dict[str, Any]:
    folder = store.folder(model)
    return {
        "id": model.id,
        "name": model.name,
        "languages": list(model.languages),
        "licence": model.licence,
        "terms": model.terms or None,
        "runtime": model.runtime,
        "streaming": model.streaming,
        "speed": model.speed,
        "bytes": model.size,
        "memory": model.memory,
        "arrived": store.arrived(model),
        "folder": str(folder) if folder else None,
        "in_use": bool(folder) and model.name == used,
    }


def _sized(model: CatalogueModel) -> str:
    return f"{model.id} ({model.name}, {megabytes(model.size)})"


# --- downloads


def _get(
    model: CatalogueModel, store: ModelStore, engine: EngineSettings | None, accepted: bool
) -> int:
    """Download a model, and say how to use it if the settings are given; return the exit code."""
    if store.folder(model):
        print(f"{model.id} is installed already.")
        return 0
    _accept(model, accepted)
    logs.start_for_command()
    progress = _PrintedProgress(model.id)
    try:
        folder = asyncio.run(store.get(model, progress))
    except KeyboardInterrupt:
        progress.end()
        warn(
            f"Stopped; {megabytes(store.arrived(model))} of {megabytes(model.size)} are kept. "
            f"`tray-dictate models get {model.id}` continues there, "
            f"`tray-dictate models remove {model.id}` deletes them."
        )
        return 130
    finally:
        progress.end()
    print(f"{_sized(model)} is installed in {folder}.")
    _renew_daemon()
    if engine and model_title(engine, store) == model.name:
        print("The offline engine uses it from now on.")
    elif engine:
        print(f"To use it: tray-dictate models use {model.id}")
    if model.runtime not in installed_runtimes():
        print(f'It also needs a package: {own_python.PIP} install "tray-dictate[models]"')
    return 0


def _renew_daemon() -> None:
    """Let a running daemon choose among the models that are installed now."""
    with suppress(ControlError):  # none runs
        client.send("models")


def _accept(model: CatalogueModel, accepted: bool) -> None:
    """Show the terms of a licence that is not free. Raises ModelError if they are not accepted."""
    if not model.terms:
        return
    sys.stderr.write(f"{model.terms}\n")
    if not (accepted or _asked("Do you accept this licence? [y/N] ")):
        raise ModelError(
            f"Nothing was downloaded: the {model.licence} was not accepted. "
            f"To accept it: tray-dictate models get --yes {model.id}"
        )


def _asked(question: str) -> bool:
    """Ask a question at the terminal; without one, the answer is no."""
    return sys.stdin.isatty() and input(question).strip().lower() in ("y", "yes")


class _PrintedProgress:
    """Shows a download on stderr: as one line that changes or, without a terminal, some lines."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._terminal = sys.stderr.isatty()
        self._began: tuple[float, int] | None = None  # when, and with how many bytes
        self._shown = -1  # percent
        self._open = False  # whether a line of the terminal is being changed

    def advance(self, done: int, size: int) -> None:
        """Show how many bytes are there."""
        now, percent = time.monotonic(), done * 100 // size
        if self._began is None or done < self._began[1]:
            self._began = now, done
        if self._terminal:
            speed = (done - self._began[1]) / max(now - self._began[0], 0.1)
            rest = f", {speed / 1e6:.1f} MB/s" if speed else ""
            if speed and done < size:
                rest += f", {(size - done) / speed:.0f} s left"
            sys.stderr.write(f"\r{self._name}: {percent} % of {megabytes(size)}{rest}\x1b[K")
            self._open = True
        elif percent // _STEP > self._shown // _STEP:
            sys.stderr.write(f"{self._name}: {percent} % of {megabytes(size)}\n")
        self._shown = percent
        sys.stderr.flush()

    def tell(self, message: str) -> None:
        """Show a sentence."""
        self.end()
        warn(message)

    def end(self) -> None:
        """Leave the line that changes."""
        if self._open:
            sys.stderr.write("\n")
        self._open = False


# --- the choice


def _chosen(word: str, store: ModelStore) -> str:
    """Return the value of the setting for an ID or a path. Raises ModelError."""
    if word == AUTOMATIC:
        return ""
    if any(model.id == word for model in store.models):
        return word
    path = Path(word).expanduser()
    if path.exists():
        return os.path.abspath(path)  # noqa: PTH100 - pathlib's keeps ".."
    if path.name != word:
        raise ModelError(f"There is no folder or file {word!r}.")
    return store.find(word).id  # raises, with similar IDs


def _write(options: argparse.Namespace, value: str, store: ModelStore) -> str:
    """Write the setting into the file; return what to print.

    Raises ConfigError, and UnavailableError for a path at which there is no model.
    """
    sources = usable_sources(options)
    path = sources.path
    if path is None:
        raise ConfigError([f"{_SETTING} cannot be changed: there is no settings file"])
    before = load.read(path)
    text = edit.with_value(before, _SETTING, value)
    config = sources.load(text)
    if value:
        choose(config.engine.model_copy(update={"local_model": value}), store)
    edit.write(path, text, before)
    named = value or "the best installed model that knows your languages"
    if fixed := sources.fixed(_SETTING):
        warn(f"But {fixed} takes precedence over the settings file.")
    for warning in engine_warnings(config.engine):
        warn(warning)
    if config.engine.name != "offline":
        warn(
            f"engine.name is {config.engine.name}, so the model serves only where that fails. "
            "For dictation without a server, set engine.name to offline."
        )
    return f"The offline engine uses {named} (in {path})."
