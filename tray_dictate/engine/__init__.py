"""Speech to text: selects the configured engine, and checks its settings.

Libraries of an engine are imported only when that engine is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import CloudQuota, Engine, Notifier
from tray_dictate.engine import local_model, model_files
from tray_dictate.engine.credentials import CredentialSource, endpoint, unusable
from tray_dictate.engine.local_model import LocalModel, Store
from tray_dictate.engine.model_store import ModelStore
from tray_dictate.engine.realtime.protocol import dialects
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS

if TYPE_CHECKING:  # it loads numpy, which no command needs that only reads the settings
    from tray_dictate.engine.models import DetectorModel, Models


def select(
    settings: EngineSettings,
    notices: Notifier,
    quota: CloudQuota | None = None,
    *,
    live: bool = True,
) -> Engine:
    """Return the configured engine, not yet loaded; `live` for speech, not for files.

    `notices` gets messages for the user while a dictation goes on; `quota` counts the sound that
    goes to a cloud. Raises ConfigError.
    """
    local = InstalledModels(settings, live=live)
    if settings.name == "offline":
        if warning := local.warning():
            notices.tell(warning, "engine")
        return local.offline_engine()
    from tray_dictate.engine.realtime.engine import OnlineEngine  # noqa: PLC0415 - loads websockets

    return OnlineEngine(settings, notices, local, quota)


def problems(settings: EngineSettings) -> list[str]:
    """Return the settings that can never work; makes no connection."""
    if settings.name == "offline":
        return []
    found = dialects.problems(DIALECTS[settings.name], settings, endpoint(settings))
    return [*found, *unusable(settings)]


async def check_key(settings: EngineSettings) -> None:
    """Raise UnavailableError where a key is needed and there is none; may ask the keyring."""
    if settings.auth == "key":
        source = CredentialSource(settings, "bearer")
        try:
            await source.get()
        finally:
            await source.close()


def warnings(settings: EngineSettings) -> list[str]:
    """Return the settings that work, but not as the user may expect; makes no connection."""
    if settings.name != "offline":
        return []
    local = InstalledModels(settings)
    try:
        warning = local.choose().warning
    except UnavailableError as error:
        warning = f"{error.reason} Speech is kept as recordings. {error.remedy}".strip()
    return [warning] if warning else []


class InstalledModels:
    """The models on this computer, loaded when they are first needed."""

    def __init__(
        self, settings: EngineSettings, store: Store | None = None, *, live: bool = True
    ) -> None:
        """`store` has the models of the catalogue that are installed; None: the user's own."""
        self._settings, self._live = settings, live
        self._store = ModelStore() if store is None else store

    def choose(self) -> LocalModel:
        """Return the model that the offline engine uses now. Raises UnavailableError."""
        return local_model.choose(self._settings, self._store)

    def warning(self) -> str:
        """Return what the user should know about the model that is used; empty if nothing."""
        try:
            return self.choose().warning
        except UnavailableError:  # the offline engine says so when it is loaded
            return ""

    def offline_engine(self) -> Engine:
        """Return the offline engine, not yet loaded."""
        from tray_dictate.engine.offline.engine import OfflineEngine  # noqa: PLC0415 - loads numpy

        return OfflineEngine(self._load, live=self._live, unload_minutes=self._unload_minutes())

    def load_detector(self) -> DetectorModel:
        """Load the voice detection model. Raises UnavailableError."""
        return load_detector()

    def _unload_minutes(self) -> float:
        """Return when an idle model leaves the memory; the built-in English never does."""
        try:
            return self._settings.unload_minutes if self.choose().path else 0
        except UnavailableError:  # it may be installed before it is needed
            return self._settings.unload_minutes

    def _load(self) -> Models:
        """Load the model that fits the settings now. Raises UnavailableError."""
        from tray_dictate.engine.offline.loader import load  # noqa: PLC0415 - it loads numpy

        return load(self.choose(), self._settings, live=self._live)


def load_detector() -> DetectorModel:
    """Load the voice detection model. Raises UnavailableError."""
    from tray_dictate.engine.vad import Silero  # noqa: PLC0415 - it loads numpy

    return Silero(model_files.find(model_files.SILERO))
