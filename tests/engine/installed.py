"""Models of the catalogue that count as installed, with a byte in each file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tray_dictate.engine import catalogue
from tray_dictate.engine.catalogue import CatalogueModel
from tray_dictate.engine.model_store import Progress


class InstalledModels:
    """A store with these models; a download goes on as the test says."""

    def __init__(self, root: Path, *ids: str) -> None:
        self._root, self._ids = root, set[str]()
        self.progress: Progress | None = None  # of the download that goes on
        self.arrived = asyncio.Event()
        self.fails: Exception | None = None
        for model in ids:
            self.add(model)

    def add(self, model: str) -> None:
        """Install a model."""
        folder = self._root / model
        folder.mkdir(parents=True)
        for file in catalogue.find(model).files:
            (folder / file.name).write_bytes(b"1")
        self._ids.add(model)

    @property
    def models(self) -> tuple[CatalogueModel, ...]:
        return catalogue.models()

    def find(self, model_id: str) -> CatalogueModel:
        return catalogue.find(model_id)

    def installed(self) -> tuple[CatalogueModel, ...]:
        return tuple(model for model in catalogue.models() if model.id in self._ids)

    def folder(self, model: CatalogueModel) -> Path | None:
        return self._root / model.id if model.id in self._ids else None

    async def get(self, model: CatalogueModel, progress: Progress) -> Path:
        self.progress = progress
        try:
            await self.arrived.wait()
        finally:
            self.progress = None
        if self.fails:
            raise self.fails
        self.add(model.id)
        return self._root / model.id
