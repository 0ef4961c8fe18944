"""The main job on real input: hold the hotkey, speak into the microphone, read the window."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
import soundfile

from tests import speech
from tests.rigs.dictation import (
    LONG,
    RATE,
    SAME,
    SENTENCE,
    errors,
    hold,
    landed,
    settled,
    spoken,
    transcript,
)
from tests.rigs.x11_windows import KINDS
from tests.waiting import wait_until


@pytest.mark.parametrize("kind", KINDS)
def test_hold_speak_release_into_each_kind_of_window(desktop, daemon, wavs, kind):
    wav = spoken(wavs, SENTENCE)
    window = desktop.text_window(kind)
    hold(desktop, wav, "Control_R")
    text = window.wait_for(lambda text: text.rstrip().endswith("."))
    settled(daemon)
    assert window.text() == text, "nothing follows"
    assert errors(transcript(desktop, wav), text) == 0
    assert errors(SENTENCE, text) <= 0.15
    assert text == text.strip()


def test_text_appears_before_the_release_in_a_long_take(desktop, daemon, wavs):
    wav = spoken(wavs, *LONG)
    window = desktop.text_window("tk")
    desktop.keydown("Control_R")
    time.sleep(0.3)
    player = desktop.play(wav)
    early = window.wait_for(lambda text: "." in text, timeout=30)
    assert player.poll() is None, "it is still being spoken"
    assert errors(LONG[0], early.split(".")[0]) <= 0.2
    player.wait(60)
    assert errors(" ".join(LONG[:2]), window.text()) < 0.5, "segment by segment"
    desktop.keyup("Control_R")
    settled(daemon)
    landed(window, transcript(desktop, wav), SAME)
    landed(window, " ".join(LONG), 0.1)


def test_typing_into_the_window_that_holds_ctrl_fires_no_shortcut(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    hold(desktop, spoken(wavs, *LONG[:2]), "Control_R")
    settled(daemon)
    letters = [key for key in window.key_events() if key.down and len(key.keysym) == 1]
    assert letters == [], "pasted, not typed"
    landed(window, " ".join(LONG[:2]), 0.1)
    desktop.tap("a")
    window.wait_for(lambda text: text.endswith("a"))  # Ctrl is not stuck


@pytest.mark.parametrize("method", ["paste", "type"])
def test_a_chord_with_an_ordinary_key_leaves_only_the_text(desktop, wavs, method):
    with desktop.daemon(hotkey__keys="ctrl+alt+space", output__method=method) as daemon:
        window = desktop.text_window("xterm")
        hold(desktop, spoken(wavs, *LONG[:2]), "Control_L", "Alt_L", "space")
        settled(daemon)
        text = landed(window, " ".join(LONG[:2]), 0.1)
        assert text.isprintable(), "neither an escape nor a NUL of the hotkey itself"
        assert "  " not in text, "no repeated space"


def test_toggle_mode(desktop, wavs):
    with desktop.daemon(hotkey__mode="toggle", hotkey__keys="f9") as daemon:
        window = desktop.text_window("gtk")
        desktop.tap("F9")
        time.sleep(0.3)
        desktop.play_whole(spoken(wavs, SENTENCE))
        desktop.tap("F9")
        settled(daemon)
        landed(window, SENTENCE, 0.15)


def test_two_quick_holds_land_in_order(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    hold(desktop, spoken(wavs, LONG[0]), "Control_R")
    time.sleep(0.06)
    hold(desktop, spoken(wavs, LONG[2]), "Control_R")
    settled(daemon, 2)
    landed(window, f"{LONG[0]} {LONG[2]}", 0.15)
    assert " Could" in window.text()


def test_escape_drops_the_take(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    desktop.keydown("Control_R")
    time.sleep(0.3)
    desktop.play_whole(spoken(wavs, SENTENCE))
    desktop.tap("Escape")
    desktop.keyup("Control_R")
    daemon.wait_log("dictation 1: dropped")
    assert "Escape" not in [key.keysym for key in window.key_events() if key.down]
    desktop.tap("Escape")
    wait_until(lambda: "Escape" in [key.keysym for key in window.key_events()], 20, "it is theirs")
    hold(desktop, spoken(wavs, LONG[2]), "Control_R")
    settled(daemon, 2)
    landed(window, LONG[2], 0.15)


def test_a_shortcut_with_the_hotkeys_own_key_is_no_dictation(desktop, daemon):
    window = desktop.text_window("tk")
    desktop.keyboard.type("abc")
    desktop.keydown("Control_R")
    time.sleep(0.1)
    desktop.tap("a")  # in Tk: to the start of the line
    desktop.keyup("Control_R")
    daemon.wait_log("dictation 1: dropped")
    desktop.keyboard.type("x")
    window.wait_for("xabc")


def test_silence_and_noise_write_nothing(desktop, daemon, wavs):
    noise = np.random.default_rng(1).normal(0, 0.01, RATE * 3).astype(np.float32)
    path = wavs / "noise.wav"
    soundfile.write(path, noise, RATE, subtype="PCM_16")
    window = desktop.text_window("tk")
    hold(desktop, path, "Control_R")
    settled(daemon)
    assert window.text() == ""


@pytest.mark.timeout(300)
def test_a_take_of_a_minute_loses_nothing(desktop, daemon, wavs):
    samples, rate = speech.recording("two_cities")
    more = [speech.say(sentence)[0] for sentence in LONG]
    parts = [speech.resampled(samples, rate, RATE)]
    for said in more:
        parts += [np.zeros(RATE, np.float32), speech.resampled(said, 24000, RATE)]
    path = wavs / "minute.wav"
    whole = np.concatenate(parts)
    assert len(whole) / RATE >= 55
    soundfile.write(path, whole, RATE, subtype="PCM_16")
    window = desktop.text_window("gtk")
    hold(desktop, path, "Control_R")
    settled(daemon)
    reference = transcript(desktop, path)
    landed(window, reference, SAME)
    assert re.search(r"\bbest of times\b.*\bworst of times\b", window.text())
    assert errors(LONG[-1], window.text()[-len(LONG[-1]) :]) <= 0.3, "the end is there"


def test_the_release_is_followed_by_the_text_of_the_tail(desktop, daemon, wavs):
    """The key goes up on the very last sample: nothing of the last word may be cut."""
    window = desktop.text_window("tk")
    hold(desktop, spoken(wavs, SENTENCE, end=0), "Control_R")
    settled(daemon)
    window.wait_for(lambda text: text.rstrip(".").endswith("noon"))
