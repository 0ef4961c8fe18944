from __future__ import annotations

import pytest

from tests.engine.transports import KEY, no_proxies
from tray_dictate.engine.offline.moonshine import OfflineModels


@pytest.fixture(scope="session")
def offline_models() -> OfflineModels:
    """The real models, loaded once for all tests."""
    return OfflineModels()


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with a key and without a proxy."""
    no_proxies(monkeypatch)
    monkeypatch.setenv("TRAY_DICTATE_KEY", KEY)
