"""Keepers live long and alone, so that what they load stays in memory for hours."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.rigs.daemon import ROOT

KEEPERS = [
    "tray_dictate.output.x11.keeper",
    "tray_dictate.output.wayland.keeper",
    "tray_dictate.doctor.delivery.clipboard_keeper",
]


@pytest.mark.parametrize("keeper", KEEPERS)
def test_a_keeper_loads_no_settings_and_no_event_loop(keeper: str) -> None:
    program = f"import sys, {keeper}; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
    )
    loaded = set(ended.stdout.split())
    assert keeper in loaded
    assert loaded.isdisjoint({"asyncio", "pydantic", "tray_dictate.config", "dbus_fast"})
