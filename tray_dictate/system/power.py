"""Where the computer's power comes from."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

_psutil = cast("Any", import_module("psutil"))  # it has no types


def on_battery() -> bool:
    """Whether the battery supplies the power; False without one, or if that is not known."""
    ask = getattr(_psutil, "sensors_battery", None)  # not on every system
    battery = ask() if ask else None
    return battery is not None and battery.power_plugged is False
