from __future__ import annotations

import pytest

from tray_dictate.engine.embedded import Embedded


@pytest.fixture(scope="session")
def embedded() -> Embedded:
    """The real models, loaded once for all tests."""
    return Embedded()
