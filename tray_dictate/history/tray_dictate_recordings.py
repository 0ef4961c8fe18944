"""The recordings that could not be turned into text, as files: the latest one, and their end.

audio/kept.py writes them: NAME.wav, and NAME.json with what is known of it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tray_dictate.history.clock import cautious
from tray_dictate.system import files as paths

_YOUNG = 3600.0  # seconds: by then a dictation is over, and in the history


def latest() -> Path | None:
    """Return the newest one, None where there is none."""
    return max(paths.kept_audio().glob("*.wav"), key=lambda path: path.name, default=None)


def remove(path: Path) -> None:
    """Delete one and its record; one that is gone already is no error. Raises OSError."""
    if path.parent != paths.kept_audio():  # what a file says is no reason to delete anything else
        return
    for file in (path, path.with_suffix(".json")):
        file.unlink(missing_ok=True)


def remove_all() -> int:
    """Delete all; return how many there were. Raises OSError."""
    found = list(paths.kept_audio().glob("*.wav"))
    for path in found:
        remove(path)
    return len(found)


def sweep(before: float, named: Collection[str]) -> int:
    """Delete those from before a time.time() that no dictation names any more.

    A recording whose dictation is not in the history yet is young. Raises OSError.
    """
    before = min(before, cautious() - _YOUNG)
    names = {Path(name).name for name in named}
    orphans = [
        path for path in paths.kept_audio().glob("*.wav")
        if path.stat().st_mtime < before and path.name not in names
    ]  # fmt: skip
    for path in orphans:
        remove(path)
    return len(orphans)


def expire(days: float) -> int:
    """Delete those that are older than this; 0 keeps all. Return how many. Raises OSError."""
    if not days:
        return 0
    oldest = cautious() - days * 86400
    expired = [path for path in paths.kept_audio().glob("*.wav") if path.stat().st_mtime < oldest]
    for path in expired:
        remove(path)
    return len(expired)
