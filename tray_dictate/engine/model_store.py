"""The downloaded models: a folder for each, and what makes it complete.

A model counts as installed when its folder holds `installed.json`, which is written last, and every
file is as that says. The files' hashes were checked then. Later only their sizes and the times of
their last change are looked at: hashing again would take seconds at each start, and who can change
a file in this folder, closed to others, can change this program, too. What those two notice are
copies that broke off, backups and accidents; `get` then checks the hashes again, and downloads only
what is wrong.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tray_dictate.core.errors import ModelError
from tray_dictate.engine import catalogue
from tray_dictate.engine.catalogue import CatalogueFile, CatalogueModel
from tray_dictate.system import files, threads
from tray_dictate.system.network import download

log = logging.getLogger(__name__)

_STAMP = "installed.json"
_EVERY = 0.1  # seconds between two reports of progress
_POLL = 0.2  # seconds between two looks at another program's download


class Progress(Protocol):
    """Is told, on the event loop, how the download of a model goes on."""

    def advance(self, done: int, size: int) -> None:
        """Note how many of the model's bytes are there."""
        ...

    def tell(self, message: str) -> None:
        """Show a sentence, such as why a mirror is not used."""
        ...


class ModelStore:
    """The models in one folder of the user's."""

    def __init__(
        self, root: Path | None = None, models: Sequence[CatalogueModel] | None = None
    ) -> None:
        """`root`: by default the user's own folder; `models`: by default the catalogue's."""
        self._root = files.models_folder() if root is None else root
        self._models = models

    @property
    def models(self) -> Sequence[CatalogueModel]:
        """The models that can be installed."""
        return catalogue.models() if self._models is None else self._models

    def find(self, model_id: str) -> CatalogueModel:
        """Return the model with an ID. Raises ModelError, which names similar IDs."""
        return catalogue.find(model_id, self.models)

    def folder(self, model: CatalogueModel) -> Path | None:
        """Return the folder of an installed model, None if it is not installed, or not complete."""
        folder = self._root / model.id
        try:
            stamp = json.loads((folder / _STAMP).read_bytes())
            fits = all(stamp[file.name] == _seal(folder / file.name, file) for file in model.files)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return folder if fits else None

    def installed(self) -> tuple[CatalogueModel, ...]:
        """Return the installed models, in the catalogue's order."""
        return tuple(model for model in self.models if self.folder(model))

    def arrived(self, model: CatalogueModel) -> int:
        """Return how many bytes of a model are there, also of an interrupted download."""
        places = (self._root / model.id / file.name for file in model.files)
        return sum(
            min(file.size, _size(path) or _size(download.part_of(path)))
            for file, path in zip(model.files, places, strict=True)
        )

    async def get(self, model: CatalogueModel, progress: Progress) -> Path:
        """Download what is missing of a model; return its folder.

        If this is cancelled, what has arrived is kept, and the next call continues there. Another
        program that downloads the same model is waited for. Raises ModelError, DownloadError.
        """
        relay = _Relay(progress, model.size)
        try:
            await threads.run_in_thread(partial(self._install, model, relay))
        finally:
            relay.stop.set()  # the thread ends, and gives up its turn, at the next bytes
        return self._root / model.id

    def remove(self, model: CatalogueModel) -> None:
        """Delete a model, or what has arrived of it. Raises ModelError."""
        folder, rest = self._root / model.id, self._root / f".{model.id}.removed"
        if not folder.exists():
            raise ModelError(f"{model.id} is not installed.")
        with self._turn(model):
            shutil.rmtree(rest, ignore_errors=True)  # of a removal that broke off
            try:
                folder.replace(rest)  # at once: no half of it is left where it is looked for
                shutil.rmtree(rest)
            except OSError as error:
                raise ModelError(
                    f"{model.id} cannot be removed: {error.strerror}. If it is in use, choose "
                    "another model (tray-dictate models use) or quit tray-dictate, and try again."
                ) from error

    def _install(self, model: CatalogueModel, relay: _Relay) -> None:
        folder = self._root / model.id
        try:
            files.private_folder(folder)
            with self._turn(model, relay):
                if self.folder(model):
                    return
                download.check_space(folder, model.size - self.arrived(model))
                for file in model.files:
                    download.Download(file, folder / file.name, relay, relay.stop).run()
                    relay.end(file)
                stamp = {file.name: _seal(folder / file.name, file) for file in model.files}
                files.write_atomic(folder / _STAMP, json.dumps(stamp), 0o600)
        except OSError as error:
            raise ModelError(
                f"{error.filename or folder} cannot be written: {error.strerror}."
            ) from error
        log.info("the model %s is installed", model.id)

    def _turn(
        self, model: CatalogueModel, relay: _Relay | None = None
    ) -> AbstractContextManager[object]:
        """Keep other programs from changing a model within the block; wait for one that does it.

        Raises DownloadStoppedError, and ModelError instead of waiting if there is no `relay`.
        """
        import filelock  # noqa: PLC0415 - 30 ms, which commands that only read need not spend

        lock = filelock.FileLock(self._root / f".{model.id}.lock", mode=0o600)
        waits = False
        while True:
            with suppress(filelock.Timeout):
                return lock.acquire(blocking=False)
            if relay is None:
                raise ModelError(
                    f"{model.id} is being downloaded. Stop that, or wait until it has ended."
                )
            if not waits:
                relay.skip(f"{model.id} is being downloaded already; waiting for that to end.")
            waits = True
            if relay.stop.wait(_POLL):
                raise download.DownloadStoppedError(f"The download of {model.id} was stopped.")


class _Relay:
    """Brings the progress of a model's files from the thread that downloads them to the loop."""

    def __init__(self, progress: Progress, size: int) -> None:
        self._progress, self._size = progress, size
        self.stop = threading.Event()  # set where nobody waits for the download any longer
        self._loop = asyncio.get_running_loop()
        self._before = 0  # bytes of the files that are complete
        self._last = 0.0  # when a report was sent

    def advance(self, size: int) -> None:
        """Report how many bytes of the present file are there, but not all too often."""
        if time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            self._report(size)

    def end(self, file: CatalogueFile) -> None:
        """Report that a file is complete."""
        self._report(file.size)
        self._before += file.size

    def skip(self, reason: str) -> None:
        """Report a sentence."""
        self._post(self._progress.tell, reason)

    def _report(self, size: int) -> None:
        self._post(self._progress.advance, self._before + size, self._size)

    def _post(self, call: Any, *values: Any) -> None:
        with suppress(RuntimeError):  # the loop has closed: nobody waits for this download
            self._loop.call_soon_threadsafe(call, *values)


def _seal(path: Path, file: CatalogueFile) -> list[str | int]:
    """Return what shows that a file is still the one whose hash was checked. Raises OSError."""
    found = path.stat()
    return [file.sha256, found.st_size, found.st_mtime_ns]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
