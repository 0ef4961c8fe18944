from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tray_dictate.core.dictation import Status
from tray_dictate.ui.tray.headless import Headless

ROOT = Path(__file__).parents[3]


def test_messages_go_to_the_log_without_control_characters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tray = Headless()
    tray.show(Status.RECORDING)
    tray.notify("No \x1bmicrophone")
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "No microphone"
    ]


def test_run_blocks_until_stop_from_any_thread_which_may_come_twice_or_before() -> None:
    tray = Headless()
    waiting = threading.Thread(target=tray.run)
    waiting.start()
    assert waiting.is_alive()
    tray.stop()
    tray.stop()
    waiting.join()
    tray.run()


PROGRAM = """
import signal
from tray_dictate.ui.tray.headless import Headless
tray = Headless()
signal.signal(signal.SIGTERM, lambda *_: tray.stop())
print("ready", flush=True)
tray.run()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to send")
def test_a_signal_is_handled_while_run_blocks() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        try:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0
        finally:
            process.kill()
