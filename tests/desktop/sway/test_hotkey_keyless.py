"""A portal that gives the hotkey no keys, on a compositor that has our lines or has them not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.rigs.shortcuts_portal import Desktop
from tests.rigs.sway import Sway
from tests.waiting import wait_until

TOLD = "lets no program watch the keyboard"
SETTINGS = {"hotkey__keys": "f9", "history__enabled": "false"}


@pytest.fixture(scope="module")
def keyless() -> Iterator[Sway]:
    """A sway whose portal answers as Hyprland's does."""
    with Sway(notifications=True) as session:
        Desktop(session).do("answer", "keyless")
        yield session


def test_who_has_written_the_lines_is_not_told_at_each_login(keyless):
    with keyless.daemon(**SETTINGS):
        wait_until(lambda: TOLD in keyless.notifications(), 30, "the notification")
        assert "use the key that you have bound" in keyless.run("tray-dictate", "status")
        checks = json.loads(
            keyless.run("tray-dictate", "doctor", "--json", check=False, timeout=60)
        )
        keys = {one["name"]: one["words"] for one in checks["checks"] if "key: " in one["name"]}
        assert keys["key: portal"] == "not in use: it has assigned no key to the hotkey"
        assert keys["key: commands"] == "in use"
    before = keyless.notifications().count(TOLD)
    keyless.run("tray-dictate", "doctor", "--write", "--set", "hotkey.keys=f9", timeout=60)
    with keyless.daemon(**SETTINGS) as daemon:
        daemon.wait_log("not shown, as the compositor runs our commands: This desktop", 30)
        assert keyless.notifications().count(TOLD) == before
