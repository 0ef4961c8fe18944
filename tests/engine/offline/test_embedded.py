from __future__ import annotations

import subprocess
import sys

from tests.speech import resampled, say

LOADED = """
import re, pathlib
from tray_dictate.engine.offline.moonshine import OfflineModels
models = OfflineModels()
print(re.search(r"VmRSS:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


def test_what_the_parts_do_is_done_here(offline_models):
    speech = resampled(*say("Good morning."), 16000)
    cancel = offline_models.cancellation()

    assert offline_models.decode(speech, (), cancel, urgent=False).text == "Good morning."
    assert offline_models.detector().hear(speech[:512]) < 1


def test_a_cancelled_pass_says_so(offline_models):
    cancel = offline_models.cancellation()
    cancel.cancel()

    speech = resampled(*say("Good morning."), 16000)

    assert offline_models.decode(speech, (), cancel, urgent=False).cancelled


def test_the_loaded_models_leave_room_for_a_daemon_in_250_mb():
    shown = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )

    assert int(shown.stdout) / 1024 < 160
