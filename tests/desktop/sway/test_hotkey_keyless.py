"""A portal that gives the hotkey no keys, on a compositor that has our lines or has them not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rigs.shortcuts_portal import Desktop
from tests.rigs.sway import Sway
from tests.waiting import wait_until

TOLD = "choose one for Dictate"
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
    before = keyless.notifications().count(TOLD)
    keyless.run("tray-dictate", "doctor", "--write", "--set", "hotkey.keys=f9", timeout=60)
    with keyless.daemon(**SETTINGS) as daemon:
        daemon.wait_log("not shown, as the compositor runs our commands: The desktop", 30)
        assert keyless.notifications().count(TOLD) == before
