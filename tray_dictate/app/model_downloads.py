"""Downloads a speech model for the menu, and tells the user how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from tray_dictate.core.errors import DictateError, ModelError, UnavailableError
from tray_dictate.core.ports import Notifier
from tray_dictate.core.signals import Signal
from tray_dictate.engine import local_model
from tray_dictate.engine.catalogue import CatalogueModel, Runtime
from tray_dictate.engine.local_model import installed_runtimes
from tray_dictate.engine.model_store import Progress
from tray_dictate.system.programs import own_python

_STEP = 25  # per cent between two messages


class Store(local_model.Store, Protocol):
    """The models of the catalogue on this computer, and those that can be had."""

    async def get(self, model: CatalogueModel, progress: Progress) -> Path:
        """Download a model; if this is cancelled, what has arrived is kept. Raises DictateError."""
        ...


class ModelDownloads:
    """One download at a time; on the loop."""

    def __init__(
        self, store: Store, notices: Notifier, runtimes: Collection[Runtime] | None = None
    ) -> None:
        """`runtimes` are those that can run a model here; None: looked up at each download."""
        self._store, self._notices, self._runtimes = store, notices, runtimes
        self._running: _Running | None = None
        self.changed = Signal[()]()  # `current` has

    @property
    def current(self) -> str:
        """The model that is being downloaded, and how much of it is there; empty for none."""
        return str(self._running) if self._running else ""

    async def get(self, model: CatalogueModel) -> bool:
        """Download a model; return whether it is installed. Tells the user why not.

        Raises ModelError during another download, UnavailableError if nothing here can run it.
        """
        if self._running:
            raise ModelError(f"{self._running.model.name} is still being downloaded.")
        runtimes = self._runtimes
        if model.runtime not in (installed_runtimes() if runtimes is None else runtimes):
            raise UnavailableError(
                f"{model.name} needs {model.runtime}, which is not installed.",
                f'Install it: {own_python.PIP} install "tray-dictate[models]", then quit and '
                "start tray_dictate.",
            )
        running = self._running = _Running(model, self._notices)
        getting = asyncio.create_task(self._store.get(model, running))
        running.task = getting
        running.changed.subscribe(self.changed.emit)
        running.advance(0, model.size)
        try:
            await asyncio.wait([getting])
            return self._outcome(model, getting)
        finally:
            getting.cancel()
            self._running = None
            self.changed.emit()

    def cancel(self) -> None:
        """Stop the download; what has arrived is kept for the next one."""
        if self._running and self._running.task:
            self._running.task.cancel()

    def _outcome(self, model: CatalogueModel, ended: asyncio.Task[Path]) -> bool:
        if ended.cancelled():
            self._notices.tell(
                f"The download of {model.name} was stopped. The next one continues there.", "model"
            )
            return False
        reason = ended.exception()
        if isinstance(reason, DictateError):
            self._notices.tell(f"The download of {model.name} failed: {reason}", "model")
            return False
        if reason is not None:
            raise reason
        return True


class _Running:
    """The progress of a download: told in steps."""

    def __init__(self, model: CatalogueModel, notices: Notifier) -> None:
        self.model, self._notices = model, notices
        self.task: asyncio.Task[Path] | None = None
        self.changed = Signal[()]()
        self._percent, self._told = 0, -1

    def __str__(self) -> str:
        return f"{self.model.title}, {self._percent} %"

    def advance(self, done: int, size: int) -> None:
        """Note how many of the bytes are there."""
        self._percent = done * 100 // size
        step = self._percent // _STEP * _STEP
        if self._told < step < 100:
            self._told = step
            self._notices.tell(f"Downloading {self.model.name}: {step} %", "model")
            self.changed.emit()

    def tell(self, message: str) -> None:
        """Show why a mirror is not used."""
        self._notices.tell(message, "model")
