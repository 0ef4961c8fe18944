"""Speech to segments; one file per way."""

from __future__ import annotations

from tray_dictate.config import EngineSettings
from tray_dictate.ports import Engine


def select(settings: EngineSettings, *, live: bool = True) -> Engine:
    """Return the configured engine, not yet loaded; `live` for speech, not for files."""
    del settings  # there is one so far
    from tray_dictate.engine.offline import OfflineEngine  # noqa: PLC0415 - loads numpy

    return OfflineEngine(live=live)
