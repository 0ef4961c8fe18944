"""Sounds as the speakers play them, also where the microphone hears the speakers; the first run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.rigs.dictation import RATE, SENTENCE, errors, hold, landed, settled, spoken, transcript
from tests.rigs.sound import Recording
from tests.rigs.tray import PanelTray
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.audio import cues
from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import Urgency

SPEAKERS = "speaker.monitor"
ALIKE = 0.85  # of a correlation: another cue has less than 0.6 of it


def sounds(samples: np.ndarray) -> list[str]:
    """Return the cues that are in a recording at RATE, in order."""
    found: list[tuple[int, str]] = []
    size = 1 << (len(samples) + RATE).bit_length()
    spectrum = np.fft.rfft(samples.astype(float), size)
    power = np.concatenate([[0], np.cumsum(samples.astype(float) ** 2)])
    for name in ("error", "start", "stop", "cancel"):  # the last one's note is in the first, too
        cue = np.frombuffer(cues._sound(name, 0.5), "<i2").astype(float)
        across = np.fft.irfft(spectrum * np.conj(np.fft.rfft(cue, size)), size)
        across = across[: len(samples) - len(cue)]
        heard = np.sqrt((power[len(cue) :] - power[: -len(cue)])[: len(across)])
        match = across / np.maximum(heard, 1000) / np.sqrt(cue @ cue)
        for at, _ in found:
            match[max(0, at - len(cue)) : at + RATE // 4] = 0
        while match.size and match.max() > ALIKE:
            at = int(match.argmax())
            found.append((at, name))
            match[max(0, at - len(cue)) : at + len(cue)] = 0
    return [name for _, name in sorted(found)]


def loudest(heard: Recording) -> float:
    return float(np.abs(heard.samples).max()) / 32767


@pytest.fixture
def echo(desktop: Desktop) -> Iterator[None]:
    """Have the microphone hear the speakers at their full level."""
    loop = desktop.sound.pactl(
        "load-module", "module-loopback", f"source={SPEAKERS}", "sink=mic", "latency_msec=20"
    ).strip()  # fmt: skip
    yield
    desktop.sound.pactl("unload-module", loop)


def test_each_sound_is_played_once_as_loud_as_wanted(desktop, wavs):
    window = desktop.text_window("tk")
    with desktop.daemon(audio__cue_volume=0.5) as daemon, desktop.sound.recording(SPEAKERS) as all_:
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        settled(daemon)
        landed(window, SENTENCE)
        desktop.keydown("Control_R")
        daemon.wait_log("dictation 2: first sample")
        time.sleep(0.5)  # the start cue is over, and it was no shortcut
        desktop.tap("Escape")
        daemon.wait_log("dictation 2: dropped")
        desktop.keyup("Control_R")
        time.sleep(0.6)  # to the end of the last cue
    assert sounds(all_.samples) == ["start", "stop", "start", "cancel"]
    assert 0.4 < loudest(all_) < 0.6


def test_no_sound_where_they_are_off_and_only_the_chosen_ones(desktop):
    for chosen, expected in ((False, []), (["stop"], ["stop"])):
        with (
            desktop.daemon(audio__cues=chosen) as daemon,
            desktop.sound.recording(SPEAKERS) as heard,
        ):
            desktop.keydown("Control_R")
            daemon.wait_log("dictation 1: first sample")
            time.sleep(0.5)
            desktop.keyup("Control_R")
            settled(daemon)
            time.sleep(0.6)
        assert sounds(heard.samples) == expected
        assert expected or loudest(heard) == 0


@pytest.mark.usefixtures("echo")
def test_a_speaker_that_the_microphone_hears_adds_no_word_and_costs_none(desktop, wavs):
    wav = spoken(wavs, SENTENCE)
    with desktop.daemon(audio__cue_volume=0.5) as daemon:
        window = desktop.text_window("tk")
        desktop.keydown("Control_R")  # nothing but the cue is heard
        daemon.wait_log("dictation 1: first sample")
        time.sleep(1)
        desktop.keyup("Control_R")
        settled(daemon)
        assert window.text() == ""
        hold(desktop, wav, "Control_R")
        settled(daemon, 2)
        text = landed(window, SENTENCE)
    assert errors(transcript(desktop, wav), text) == 0


@pytest.mark.usefixtures("echo")
def test_no_sound_of_ours_is_in_the_recording(desktop, wavs):
    kept = Path(desktop.env["XDG_DATA_HOME"]) / "tray_dictate" / "kept"
    away = {"name": "openai", "endpoint": "ws://127.0.0.1:1", "languages": ["de"]}
    settings = {f"engine__{name}": value for name, value in away.items()}
    with (
        desktop.daemon(
            audio__cue_volume=0.5, engine__patience_seconds=1, audio__tail_ms=2000,
            env={"TRAY_DICTATE_KEY": "sk-none"}, **settings,
        ) as daemon,
        desktop.sound.recording(SPEAKERS) as heard,
    ):  # fmt: skip
        desktop.keydown("Control_R")
        daemon.wait_log("dictation 1: first sample")
        time.sleep(1)
        desktop.play_whole(spoken(wavs, SENTENCE))
        desktop.keyup("Control_R")
        daemon.wait_log("The recording is saved", 30)
        settled(daemon)
        time.sleep(0.6)
    [wav] = kept.glob("*.wav")
    recorded, rate = soundfile.read(wav, dtype="int16")
    again = np.interp(np.arange(0, len(recorded), rate / RATE), np.arange(len(recorded)), recorded)
    assert sounds(again) == []
    assert sounds(heard.samples) == ["start", "stop", "error"]
    cue = cues._sound("start", 0.5)  # ... and as loud as it is played
    beginning = recorded[: rate * 9 // 10].astype(float)  # nothing but the cue is heard here ...
    assert np.abs(beginning).max() < np.abs(np.frombuffer(cue, "<i2")).max() / 4


def test_a_first_run_says_which_key_to_hold_and_a_second_does_not(desktop):
    marker = Path(desktop.env["XDG_STATE_HOME"]) / "tray_dictate" / "welcomed"
    marker.unlink()
    told = "Hold F9 and speak; the words appear where you type."
    with desktop.daemon(hotkey__keys="f9"):
        wait_until(lambda: told in desktop.notifications(), 20, "the notification")
    assert marker.exists()
    with desktop.daemon(hotkey__keys="f9") as daemon:
        daemon.wait_log("the engine is loaded", 60)
    assert desktop.notifications().count(f"body: '{told}") == 1


def test_a_microphone_that_fails_again_and_again_has_one_bubble(desktop):
    desktop.close_bubbles()
    with desktop.daemon() as daemon:
        desktop.sound.stop()
        try:
            for take in range(1, 5):
                desktop.keydown("Control_R")
                time.sleep(0.5)
                desktop.keyup("Control_R")
                settled(daemon, take)
                time.sleep(0.2)  # a press any sooner could be a contact that bounces
            wait_until(lambda: desktop.bubbles() == 1, 10, "one bubble")
            assert "urgency: CRITICAL" in desktop.notifications()
        finally:
            desktop.sound.start()


def test_what_no_notification_may_say_is_at_the_icon_until_the_next_dictation(desktop, environ):
    assert environ is desktop
    shown = PanelTray(desktop, notifications=False)
    try:
        shown.wait_icon(Status.IDLE)
        shown.tray.notify("Nothing took the text.", "delivery", Urgency.CRITICAL)
        shown.wait_icon(Status.ERROR)
        shown.tray.show(Status.RECORDING)
        shown.wait_icon(Status.RECORDING)
        shown.tray.show(Status.IDLE)
        shown.wait_icon(Status.IDLE)
    finally:
        shown.close()
