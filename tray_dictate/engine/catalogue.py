"""The models that can be downloaded, and where their files are: `catalogue.toml` lists them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from tray_dictate.core.errors import ModelError
from tray_dictate.core.suggestions import closest

_MOST = 3  # IDs that are suggested
_COMPRESSED = "-q4"  # ends the ID of a model that is in a smaller file
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Runtime = Literal["moonshine", "transcribe-cpp"]
Speed = Literal["fast", "medium", "slow"]


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A file of a model."""

    name: str
    urls: tuple[str, ...]  # in the order in which they are tried
    size: int  # bytes
    sha256: str  # in hexadecimal


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that can be downloaded."""

    id: str
    name: str
    languages: tuple[str, ...]  # ISO 639 codes
    licence: str
    terms: str  # the line to accept before the download; empty for a free licence
    runtime: Runtime
    streaming: bool  # whether it gives final text while one still speaks
    files: tuple[CatalogueFile, ...]
    memory: int  # bytes while dictating
    speed: Speed

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(file.size for file in self.files)

    @property
    def title(self) -> str:
        """Its name without its languages."""
        return self.name.partition(", ")[0]

    @property
    def is_compressed(self) -> bool:
        """Whether the catalogue has the same model in a larger file, too."""
        return self.id.endswith(_COMPRESSED)


@cache
def models() -> tuple[CatalogueModel, ...]:
    """Return the models of the catalogue, those for the same languages together."""
    return parse((files("tray_dictate.engine") / "catalogue.toml").read_text(encoding="utf-8"))


def parse(text: str) -> tuple[CatalogueModel, ...]:
    """Return the models of a catalogue in TOML.

    Raises ValueError, KeyError or TypeError where it is none.
    """
    return tuple(_model(row) for row in tomllib.loads(text)["model"])


def find(model_id: str, among: Sequence[CatalogueModel] | None = None) -> CatalogueModel:
    """Return a model of the catalogue, or `among` others.

    Raises ModelError, which names similar IDs.
    """
    known = {model.id: model for model in (models() if among is None else among)}
    if model_id in known:
        return known[model_id]
    near = [known_id for known_id in known if model_id and known_id.startswith(model_id)]
    near = near or [match for match in [closest(model_id, known)] if match]
    meant = (
        f"did you mean {' or '.join(near[:_MOST])}?" if near else "tray-dictate models lists them."
    )
    raise ModelError(f"The catalogue has no model {model_id!r}; {meant}")


def _model(row: dict[str, Any]) -> CatalogueModel:
    return CatalogueModel(
        id=_checked(row["id"]),
        name=row["name"],
        languages=tuple(row["languages"]),
        licence=row["licence"],
        terms=row["terms"],
        runtime=row["runtime"],
        streaming=row["streaming"],
        files=tuple(_file(part) for part in row["files"]),
        memory=row["memory"],
        speed=row["speed"],
    )


def _file(row: dict[str, Any]) -> CatalogueFile:
    return CatalogueFile(_checked(row["name"]), tuple(row["urls"]), row["size"], row["sha256"])


def _checked(name: str) -> str:
    """Return the name of a file or folder. Raises ValueError if it could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of letters, digits, dots and hyphens")
    return name
