"""Watches one file for changes, however an editor replaces it, also by a link or before it exists.

The system reports changes of folders, so nothing polls: an idle daemon does nothing (watchdog, idle
for 10 s: 1 switch of threads; watchfiles, which looks by default 20 times a second: 201).
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from watchdog import events
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from tray_dictate.core.signals import Signal

log = logging.getLogger(__name__)

_SETTLED = 0.25  # seconds without a change: an editor may write a file in several steps
_EVENTS: list[type[events.FileSystemEvent]] = [
    events.FileCreatedEvent, events.FileModifiedEvent, events.FileMovedEvent,
    events.FileDeletedEvent, events.DirCreatedEvent, events.DirMovedEvent, events.DirDeletedEvent,
]  # fmt: skip


class FileWatcher(events.FileSystemEventHandler):
    """Emits `changed` a moment after the file has changed, on the loop that created it."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, for example if the system's limit on watches is reached."""
        self._path = path.absolute()
        self.changed = Signal[()]()
        self._loop = asyncio.get_running_loop()
        self._names: frozenset[str] = frozenset()  # replaced as a whole: the other thread reads it
        self._watches: dict[tuple[str, int, int], ObservedWatch] = {}  # by folder and what it is
        self._settling: asyncio.TimerHandle | None = None
        self._observer = Observer()
        self._observer.start()
        try:
            self._arm()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop watching; idempotent."""
        if self._settling:
            self._settling.cancel()
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: events.FileSystemEvent) -> None:
        """Handle an event, on the library's thread."""
        if {str(event.src_path), str(event.dest_path)} & self._names:
            try:
                self._loop.call_soon_threadsafe(self._stirred)
            except RuntimeError:  # the loop has ended before us
                log.debug("a change was seen after the loop had ended")

    def _stirred(self) -> None:
        if not self._observer.is_alive():
            return
        try:
            self._arm()
        except OSError as reason:
            log.warning("%s is no longer watched: %s", self._path, reason)
        if self._settling:
            self._settling.cancel()
        self._settling = self._loop.call_later(_SETTLED, self.changed.emit)

    def _arm(self) -> None:
        """Watch the folders where something could happen to the file, as they are now."""
        watched = (name for path in _steps(self._path) for name in (path, *path.parents))
        self._names = frozenset(map(str, watched))
        wanted: dict[tuple[str, int, int], str] = {}
        for path in _steps(self._path):
            for folder in _nearest(path):
                known = folder.stat()
                wanted[str(folder), known.st_dev, known.st_ino] = str(folder)
        for key in self._watches.keys() - wanted.keys():  # gone, or another folder of that name
            self._observer.unschedule(self._watches.pop(key))
        for key in wanted.keys() - self._watches.keys():
            self._watches[key] = self._observer.schedule(
                self, wanted[key], recursive=False, event_filter=_EVENTS
            )


def _steps(path: Path) -> list[Path]:
    """Return the file, and what a link in its place leads to."""
    return list(dict.fromkeys((path, path.resolve())))


def _nearest(path: Path) -> list[Path]:
    """Return the file's folder and the folder above it, or the nearest folder that exists.

    A watched folder reports changes of its contents, but not that it was itself replaced.
    """
    existing = [folder for folder in path.parents if folder.is_dir()]
    return existing[:2] if existing[:1] == [path.parent] else existing[:1]
