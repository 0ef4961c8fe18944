from __future__ import annotations

import pytest

from tests.engine.lent import LentModels
from tests.engine.transports import KEY, no_proxies


@pytest.fixture(scope="session")
def offline_models() -> LentModels:
    """The real models, loaded once for all tests."""
    return LentModels()


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with a key and without a proxy."""
    no_proxies(monkeypatch)
    monkeypatch.setenv("TRAY_DICTATE_KEY", KEY)
