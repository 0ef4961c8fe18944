"""Microphones that are muted, stalled, missing, chosen, warm."""

from __future__ import annotations

import re
import sys
import time

from tests.rigs.dictation import LONG, SENTENCE, errors, hold, landed, listening, settled, spoken
from tests.waiting import wait_until
from tray_dictate.audio.devices import CONNECT, NONE_FOUND


def test_a_muted_microphone_is_told(desktop, daemon):
    window = desktop.text_window("tk")
    desktop.sound.pactl("set-source-mute", "virtmic", "1")
    try:
        desktop.keydown("Control_R")
        wait_until(lambda: "muted" in desktop.notifications(), 10, "the notification")
        desktop.keyup("Control_R")
        settled(daemon)
    finally:
        desktop.sound.pactl("set-source-mute", "virtmic", "0")
    assert window.text() == ""


def test_a_stalled_microphone_is_told_and_what_was_said_is_kept(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    desktop.keydown("Control_R")
    time.sleep(0.3)
    desktop.play_whole(spoken(wavs, SENTENCE, end=0.5))
    desktop.sound.pactl("suspend-source", "virtmic", "1")
    try:
        wait_until(lambda: "stopped sending sound" in desktop.notifications(), 30, "the message")
        settled(daemon)
        landed(window, SENTENCE, 0.15)
    finally:
        desktop.keyup("Control_R")
        desktop.sound.pactl("suspend-source", "virtmic", "0")
    hold(desktop, spoken(wavs, LONG[2]), "Control_R")
    settled(daemon, 2)
    # the receipt tells that the window has read it, not that it shows it yet
    window.wait_for(lambda text: errors(LONG[2], text[len(SENTENCE) :]) <= 0.3)


def test_no_microphone_is_told_and_the_daemon_lives(desktop, wavs):
    desktop.sound.stop()
    with desktop.daemon() as daemon:
        window = desktop.text_window("tk")
        desktop.keydown("Control_R")
        wait_until(lambda: CONNECT in desktop.notifications(), 10, "the notification")
        desktop.keyup("Control_R")
        status = desktop.run(sys.executable, "-P", "-m", "tray_dictate", "status")
        assert f"Microphone:  {NONE_FOUND} {CONNECT}" in status
        settled(daemon)
        desktop.sound.start()
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        settled(daemon, 2)
        landed(window, SENTENCE, 0.15)


def test_a_microphone_that_is_not_there_is_replaced_with_a_notice(desktop, wavs):
    with desktop.daemon(audio__device="No Such Thing") as daemon:
        window = desktop.text_window("tk")
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        settled(daemon)
        landed(window, SENTENCE, 0.15)
        assert "No Such Thing" in desktop.notifications()


def test_a_default_that_hears_the_speakers_is_told_and_a_microphone_used(desktop, wavs):
    desktop.sound.pactl("set-default-source", "speaker.monitor")
    try:
        with desktop.daemon() as daemon:
            window = desktop.text_window("tk")
            hold(desktop, spoken(wavs, SENTENCE), "Control_R")
            settled(daemon)
            landed(window, SENTENCE, 0.15)
            assert "hears what the speakers play" in desktop.notifications()
            listed = desktop.run(sys.executable, "-P", "-m", "tray_dictate", "devices")
            marked = "(default, not a microphone: it hears what the speakers play)"
            assert listed.splitlines()[0] == f"Monitor of speaker  {marked}"
            assert "virtmic" in listed.splitlines()
            status = desktop.run(sys.executable, "-P", "-m", "tray_dictate", "status")
            assert "Microphone:  virtmic\n" in status
    finally:
        desktop.sound.pactl("set-default-source", "virtmic")


def test_a_microphone_is_chosen_by_a_part_of_its_name(desktop, wavs):
    desktop.sound.pactl("set-default-source", "speaker.monitor")
    try:
        with desktop.daemon(audio__device="VIRTMIC") as daemon:
            window = desktop.text_window("tk")
            hold(desktop, spoken(wavs, SENTENCE), "Control_R")
            settled(daemon)
            landed(window, SENTENCE, 0.15)
    finally:
        desktop.sound.pactl("set-default-source", "virtmic")


def test_the_microphone_is_closed_while_idle(desktop, daemon, wavs):
    assert not listening(desktop)
    desktop.text_window("tk")
    desktop.keydown("Control_R")
    wait_until(lambda: listening(desktop), 5, "the microphone is open")
    desktop.keyup("Control_R")
    settled(daemon)
    wait_until(lambda: not listening(desktop), 20, "the microphone is closed")


def test_a_warm_microphone_brings_what_was_said_before_the_press(desktop, wavs):
    with desktop.daemon(audio__warm="always", audio__preroll_ms=500) as daemon:
        window = desktop.text_window("tk")
        player = desktop.play(spoken(wavs, SENTENCE))
        time.sleep(0.35)  # "Please" has begun
        desktop.keydown("Control_R")
        player.wait(30)
        desktop.keyup("Control_R")
        settled(daemon)
        window.wait_for(lambda text: text.lower().startswith("please"))
        status = desktop.run(sys.executable, "-P", "-m", "tray_dictate", "status")
        assert "ready; microphone: open" in status


def test_the_time_to_the_first_sample_is_logged(desktop, daemon):
    desktop.text_window("tk")
    desktop.keydown("Control_R")
    line = daemon.wait_log("first sample")
    desktop.keyup("Control_R")
    assert re.search(r"dictation 1: first sample \d+ ms after the press", line)
