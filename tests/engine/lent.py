"""The real models for several engines, one after another: none of them frees them."""

from __future__ import annotations

from tray_dictate.engine.offline.moonshine import OfflineModels
from tray_dictate.engine.offline.relay import Relay


class LentModels(OfflineModels):
    def close(self) -> None:
        """Stay loaded, for the next engine."""


class LentRelay(Relay):
    def close(self) -> None:
        """Stay loaded, for the next engine."""
