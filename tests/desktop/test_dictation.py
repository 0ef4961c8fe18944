"""The main job on real input: hold the hotkey, speak into the microphone, read the window."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soundfile
from whisper_normalizer.english import EnglishTextNormalizer

from tests import speech
from tests.desktop.rig import KINDS, Daemon, Desktop, wait_until
from tests.desktop.running import ROOT
from tests.desktop.windows import TextWindow

SENTENCE = "Please send the invoice to accounting before noon."
LONG = [
    "We should probably rename this function so that it says what it actually does.",
    "The build is failing because the test for the parser times out on slow machines.",
    "Could you forward me the contract that we signed in February?",
]
RATE = 48000  # the virtual microphone's
SAME = 0.05  # passes fall a few milliseconds elsewhere each time: a doubtful word may differ
normalize = EnglishTextNormalizer()


@pytest.fixture(scope="module")
def wavs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("speech")


@pytest.fixture
def daemon(desktop: Desktop) -> Iterator[Daemon]:
    with desktop.daemon() as running:
        yield running


def spoken(folder: Path, *sentences: str, gap: float = 1.0, end: float = 0.2) -> Path:
    """Return a file with the sentences and a pause of `gap` seconds between them."""
    parts = []
    for sentence in sentences:
        samples, rate = speech.say(sentence)
        parts += [speech.resampled(samples, rate, RATE), np.zeros(int(gap * RATE), np.float32)]
    parts[-1] = np.zeros(int(end * RATE), np.float32)
    path = folder / f"{abs(hash(sentences))}-{gap}-{end}.wav"
    soundfile.write(path, np.concatenate(parts), RATE, subtype="PCM_16")
    return path


def transcript(desktop: Desktop, path: Path) -> str:
    """Return the engine's own text of the whole file, without any window."""
    command = [sys.executable, "-m", "tray_dictate", "transcribe", str(path)]
    done = subprocess.run(
        command, env={**desktop.env, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip()


def errors(reference: str, text: str) -> float:
    return jiwer.wer(normalize(reference), normalize(text))


def landed(window: TextWindow, said: str, wrong: float = 0.15) -> str:
    """Wait until the window holds what was said, but for the engine's few mistakes."""
    return window.wait_for(lambda text: errors(said, text) <= wrong)


def listening(desktop: Desktop) -> list[str]:
    """Return who records from the sound server, besides its own module."""
    outputs = desktop.sound.pactl("list", "short", "source-outputs").splitlines()
    return [line for line in outputs if "module-remap-source" not in line]


def hold(desktop: Desktop, wav: Path, *keys: str) -> None:
    """Hold the keys while the file is spoken."""
    desktop.keydown(*keys)
    time.sleep(0.3)
    desktop.play_whole(wav)
    desktop.keyup(*reversed(keys))


def settled(daemon: Daemon, take: int = 1) -> None:
    """Wait until a dictation is over."""
    daemon.wait_log(f"dictation {take}: over")


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
        wait_until(lambda: "stopped sending sound" in desktop.notifications(), 10, "the message")
        settled(daemon)
        landed(window, SENTENCE, 0.15)
    finally:
        desktop.keyup("Control_R")
        desktop.sound.pactl("suspend-source", "virtmic", "0")
    hold(desktop, spoken(wavs, LONG[2]), "Control_R")
    settled(daemon, 2)
    assert errors(LONG[2], window.text()[len(SENTENCE) :]) <= 0.3, "the next take works"


def test_no_microphone_is_told_and_the_daemon_lives(desktop, wavs):
    desktop.sound.stop()
    with desktop.daemon() as daemon:
        window = desktop.text_window("tk")
        desktop.keydown("Control_R")
        wait_until(lambda: "would not open" in desktop.notifications(), 10, "the notification")
        desktop.keyup("Control_R")
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
    wait_until(lambda: not listening(desktop), 2, "the microphone is closed")


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
    assert second.process.wait(20) == 1
    assert "running already" in second.log()
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


def test_the_time_to_the_first_sample_is_logged(desktop, daemon):
    desktop.text_window("tk")
    desktop.keydown("Control_R")
    line = daemon.wait_log("first sample")
    desktop.keyup("Control_R")
    assert re.search(r"dictation 1: first sample \d+ ms after the press", line)


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
