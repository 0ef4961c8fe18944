"""Speech to segments; one file per way."""

from __future__ import annotations

from collections.abc import Callable

from tray_dictate.config.schema import EngineSettings
from tray_dictate.core.ports import CloudQuota, Engine
from tray_dictate.engine.models import Detector
from tray_dictate.engine.offline import english


def select(
    settings: EngineSettings, tell: Callable[[str], None] | None = None,
    allowance: CloudQuota | None = None, *, live: bool = True,
) -> Engine:  # fmt: skip
    """Return the configured engine, not yet loaded; `live` for speech, not for files.

    `tell` gets what the user should know while the dictation goes on; `allowance` counts what goes
    to a cloud. Raises ConfigError.
    """

    def offline() -> Engine:
        from tray_dictate.engine.offline.engine import OfflineEngine  # noqa: PLC0415 - loads numpy

        return OfflineEngine(live=live, misfit=english.misfit(settings))

    if settings.name == "offline":
        return offline()
    from tray_dictate.engine.realtime.engine import OnlineEngine  # noqa: PLC0415 - loads websockets

    return OnlineEngine(settings, tell or (lambda _: None), offline, detectors, allowance)


def problems(settings: EngineSettings) -> list[str]:
    """Return what in the settings can never work; asks nobody."""
    from tray_dictate.engine.credentials import endpoint, unusable  # noqa: PLC0415
    from tray_dictate.engine.realtime.protocol import dialects  # noqa: PLC0415
    from tray_dictate.engine.realtime.protocol.dialects import DIALECTS  # noqa: PLC0415

    if settings.name == "offline":
        return []
    found = dialects.problems(DIALECTS[settings.name], settings, endpoint(settings))
    return [*found, *unusable(settings)]


def warnings(settings: EngineSettings) -> list[str]:
    """Return what in the settings works, but not as its user may think; asks nobody."""
    misfit = english.misfit(settings)
    kept = "What is said is kept as a recording."
    return [f"{misfit} {kept} {english.REMEDY}"] if misfit else []


def detectors() -> Callable[[], Detector]:
    """Load the voice detector; return what makes one for a take. Raises UnavailableError."""
    from tray_dictate.engine import model_files  # noqa: PLC0415
    from tray_dictate.engine.vad import Silero  # noqa: PLC0415 - it loads numpy

    return Silero(model_files.find(model_files.SILERO)).detector
