"""Desktops of Debian 13; install_scripts/desktops.sh runs these tests in such a system."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("debian13")
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(300))  # browsers and whole shells start
