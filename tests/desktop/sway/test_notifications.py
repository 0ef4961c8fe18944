"""Messages as mako shows them, and a session in which nobody shows any."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.rigs.sway import Sway
from tests.rigs.wayland_tray import BarTray
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def hostless() -> Iterator[Sway]:
    """A session without a bar."""
    with Sway() as bare:
        yield bare


def test_a_message_is_seen_literally_once_also_after_the_daemon_came_and_went(
    hostless: Sway, shown: BarTray, caplog: pytest.LogCaptureFixture
) -> None:
    shown.tray.notify("Said to nobody.")
    wait_until(lambda: "Said to nobody." in caplog.text, 5, "the log")
    for _ in range(2):
        hostless.start_notifications()
        before = hostless.screenshot()
        text = "The <b>USB</b> & co microphone 麦克风 would not open."
        shown.tray.notify(text)
        wait_until(hostless.shown, 10, "the notification")
        time.sleep(0.3)
        [note] = hostless.shown()
        assert note["app-name"] == "tray_dictate"
        assert "would not open" in note["body"]
        assert "<b>USB</b>" not in note["body"], "it would be read as markup"
        assert hostless.screenshot() != before, "it is drawn"
        hostless.stop_notifications()
    assert "Traceback" not in caplog.text
