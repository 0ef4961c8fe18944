"""A sound server that neither answers nor ends: what was said lands, and the daemon lives or ends.

A frozen server stalls every call into PortAudio, as PortAudio's own endless loop does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from tests.rigs.dictation import LONG, SENTENCE, errors, hold, landed, settled, spoken
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

NO_ANSWER = "The sound system does not answer."


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    with Desktop(notifications=True, sound=True) as full:
        yield full


@pytest.fixture(autouse=True)
def _thaw(desktop) -> Iterator[None]:
    yield
    desktop.sound.thaw()


def speak_until_frozen(desktop: Desktop, wavs) -> None:
    """Speak a sentence with the hotkey held; then the server freezes."""
    desktop.keydown("Control_R")
    time.sleep(0.3)
    desktop.play_whole(spoken(wavs, SENTENCE, end=1.2))
    desktop.sound.freeze()


def test_what_was_said_lands_and_it_records_again_once_the_server_goes_on(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    speak_until_frozen(desktop, wavs)
    wait_until(lambda: NO_ANSWER in desktop.notifications(), 60, "the message")
    settled(daemon)
    landed(window, SENTENCE)
    desktop.keyup("Control_R")
    desktop.sound.thaw()
    daemon.wait_log("answers again", 120)
    hold(desktop, spoken(wavs, LONG[2]), "Control_R")
    settled(daemon, 2)
    window.wait_for(lambda text: errors(LONG[2], text[len(SENTENCE) :]) <= 0.3)
    assert daemon.log().count("ready: ") == 1


def test_the_process_is_replaced_where_only_its_own_library_hangs(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    speak_until_frozen(desktop, wavs)
    desktop.sound.replace_frozen()
    settled(daemon)
    landed(window, SENTENCE)
    desktop.keyup("Control_R")
    wait_until(lambda: daemon.log().count("ready: ") == 2, 120, "the new process")
    assert "starts again" in desktop.notifications()
    assert NO_ANSWER in desktop.notifications()
    hold(desktop, spoken(wavs, LONG[2]), "Control_R")
    wait_until(lambda: daemon.log().count("dictation 1: over") == 2, 60, "the next dictation")
    window.wait_for(lambda text: errors(LONG[2], text[len(SENTENCE) :]) <= 0.3)


@pytest.mark.parametrize("ended_by", ["SIGTERM", "quit"])
def test_the_daemon_ends_although_its_microphone_cannot_be_closed(desktop, wavs, ended_by):
    with desktop.daemon() as daemon:
        desktop.text_window("tk")
        speak_until_frozen(desktop, wavs)
        desktop.keyup("Control_R")
        if ended_by == "quit":
            desktop.run(sys.executable, "-P", "-m", "tray_dictate", "quit", timeout=60)
            daemon.process.wait(60)
        daemon.stop(timeout=60)


def test_a_list_of_microphones_that_does_not_come_is_told(desktop):
    desktop.sound.freeze()
    command = [sys.executable, "-P", "-m", "tray_dictate"]
    listed = desktop.run("sh", "-c", '"$@" 2>&1; echo $?', "-", *command, "devices", timeout=60)
    assert NO_ANSWER in listed
    assert listed.endswith("1\n")
    checked = desktop.run(*command, "doctor", "--no-input", check=False, timeout=300)
    [row] = [line for line in checked.splitlines() if NO_ANSWER in line]
    assert "microphone" in row
    assert "Restart the sound server" in checked
