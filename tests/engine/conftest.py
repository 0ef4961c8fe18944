from __future__ import annotations

import pytest

from tests.engine.transports import KEY, no_proxies
from tray_dictate.engine.offline.moonshine import Embedded


@pytest.fixture(scope="session")
def embedded() -> Embedded:
    """The real models, loaded once for all tests."""
    return Embedded()


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with a key and without a proxy."""
    no_proxies(monkeypatch)
    monkeypatch.setenv("TRAY_DICTATE_KEY", KEY)
