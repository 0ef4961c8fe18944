"""The commands of the command line, as a user's own shortcut would run them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.dictation import SENTENCE, landed, settled, spoken
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until


@pytest.fixture
def command(desktop: Desktop):
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tray_dictate", *words], capture_output=True, text=True,
            env={**desktop.env, "PYTHONPATH": str(ROOT)}, check=False, timeout=30,
        )  # fmt: skip

    return run


def test_a_dictation_is_begun_ended_repeated_and_taken_back(desktop, daemon, command, wavs):
    with desktop.text_window("gtk") as window:
        assert command("start").returncode == 0
        daemon.wait_log("first sample")
        desktop.play_whole(spoken(wavs, SENTENCE))
        assert command("stop").returncode == 0
        text = landed(window, SENTENCE)
        settled(daemon)
        assert "characters again" in command("redo").stdout
        window.wait_for(lambda now: now.startswith(text) and len(now) > 2 * len(text) - 2)
        assert "Removed" in command("undo").stdout
        window.wait_for(text)
        refused = command("undo")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "nothing to undo" in refused.stderr
        assert "on the clipboard" in command("copy").stdout
        assert desktop.run("xclip", "-o", "-selection", "clipboard").strip() == text.strip()


def test_cancel_drops_what_is_being_said(desktop, command, wavs):
    with (
        desktop.text_window("gtk") as window,
        desktop.daemon(history__enabled=False) as daemon,  # one that remembers nothing
    ):
        command("toggle")
        daemon.wait_log("first sample")
        desktop.play_whole(spoken(wavs, SENTENCE))
        command("cancel")
        daemon.wait_log("dictation 1: dropped")
        assert window.text() == ""
        nothing = command("redo")
        assert (nothing.returncode, "Nothing has been dictated" in nothing.stderr) == (1, True)


def test_a_shortcut_takes_the_last_dictation_back(desktop, wavs):
    with (
        desktop.text_window("gtk") as window,
        desktop.daemon(hotkey__undo="ctrl+alt+z", hotkey__redo="f12") as daemon,
    ):
        desktop.keydown("Control_R")
        daemon.wait_log("first sample")
        desktop.play_whole(spoken(wavs, SENTENCE))
        desktop.keyup("Control_R")
        text = landed(window, SENTENCE)
        settled(daemon)
        for key in ("Control_L", "Alt_L"):
            desktop.keydown(key)
        desktop.tap("z")
        for key in ("Alt_L", "Control_L"):
            desktop.keyup(key)
        window.wait_for("")
        desktop.tap("F12")
        window.wait_for(text)


def test_without_a_daemon_every_command_says_so(desktop, command):
    names = "start stop toggle cancel redo undo copy status reload quit".split()
    for name in names:
        done = command(name)
        assert done.returncode == 1
        assert "is not running" in done.stderr


def test_a_second_start_shows_how_to_use_the_first(desktop, daemon, command):
    before = desktop.notifications().count("already running")
    done = command()
    assert (done.returncode, done.stdout) == (0, ""), "what was asked for is so"
    assert "is already running: hold right Ctrl and speak" in done.stderr
    status = command("status").stdout
    told = lambda: desktop.notifications().count("already running") > before  # noqa: E731
    wait_until(told, 10, "a notification")
    assert daemon.process.poll() is None
    assert re.search(r"^Microphone: +\S.*default", status, re.MULTILINE), status


def test_who_follows_the_status_sees_a_dictation_and_the_end(desktop, daemon, command, wavs):
    following = subprocess.Popen(
        [sys.executable, "-m", "tray_dictate", "status", "--follow", "--json"], text=True,
        stdout=subprocess.PIPE, env={**desktop.env, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        with desktop.text_window("gtk") as window:
            assert json.loads(following.stdout.readline())["status"] == "idle"
            command("start")
            daemon.wait_log("first sample")
            desktop.play_whole(spoken(wavs, SENTENCE))
            assert command("quit").returncode == 0  # in mid-take
            landed(window, SENTENCE)
        out, _ = following.communicate(timeout=20)
    finally:
        following.kill()
        following.wait()
    rows = [json.loads(line)["status"] for line in out.splitlines()]
    assert rows == ["opening", "recording", "transcribing", "idle", "not running"]
    assert daemon.process.wait(10) == 0
    assert "is not running" in command("status").stderr
