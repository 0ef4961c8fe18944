"""Around a dictation: the clipboard, the end of the daemon, the log, files."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.rigs.daemon import ROOT
from tests.rigs.dictation import LONG, SENTENCE, errors, hold, landed, settled, spoken
from tests.waiting import wait_until


def test_the_clipboard_is_what_it_was(desktop, daemon, wavs):
    desktop.set_clipboard("precious")
    desktop.text_window("tk")
    hold(desktop, spoken(wavs, SENTENCE), "Control_R")
    settled(daemon)
    wait_until(lambda: desktop.clipboard() == b"precious", 5, "the clipboard")


def test_sigterm_in_mid_take_delivers_it(desktop, wavs):
    daemon = desktop.daemon()
    window = desktop.text_window("tk")
    desktop.keydown("Control_R")
    time.sleep(0.3)
    desktop.play_whole(spoken(wavs, SENTENCE))
    daemon.stop()
    desktop.keyup("Control_R")
    landed(window, SENTENCE, 0.15)


def test_a_second_daemon_says_so(desktop, daemon):
    second = desktop.daemon(ready=None)
    assert second.process.wait(20) == 0
    assert "already running" in second.log()
    assert "Traceback" not in second.log()


def test_no_word_is_in_the_log_or_the_process_list(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    hold(desktop, spoken(wavs, SENTENCE), "Control_R")
    settled(daemon)
    window.wait_for(lambda text: "invoice" in text)
    logs = daemon.log() + "".join(
        path.read_text() for path in Path(desktop.env["XDG_STATE_HOME"]).rglob("*.log")
    )
    assert "invoice" not in logs
    assert "ready" in logs


def test_transcribe_gives_the_times_of_the_segments(desktop, wavs):
    path = spoken(wavs, *LONG)
    command = [sys.executable, "-m", "tray_dictate", "transcribe", "--json", str(path)]
    done = subprocess.run(
        command, env={**desktop.env, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert errors(" ".join(LONG), result["text"]) <= 0.1
    ends = [0.0]
    for segment in result["segments"]:
        assert ends[-1] <= segment["start"] < segment["end"] <= result["seconds"]
        ends.append(segment["end"])
    assert len(ends) > 2
