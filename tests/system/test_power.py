"""Where the power comes from, by what psutil says."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from tray_dictate.system.power import on_battery


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        (None, False),
        (SimpleNamespace(power_plugged=True), False),
        (SimpleNamespace(power_plugged=False), True),
        (SimpleNamespace(power_plugged=None), False),  # unknown
    ],
    ids=["no battery", "plugged in", "on battery", "unknown"],
)
def test_the_battery_supplies_the_power_only_where_that_is_known(monkeypatch, battery, expected):
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery)

    assert on_battery() is expected


def test_a_system_without_that_knowledge_counts_as_plugged_in(monkeypatch):
    monkeypatch.delattr(psutil, "sensors_battery")

    assert on_battery() is False


def test_this_computer_gives_an_answer():
    assert on_battery() in (True, False)
