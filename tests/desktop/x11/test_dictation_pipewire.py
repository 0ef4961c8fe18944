"""Dictations on PipeWire, which moves a stream itself: no word is lost, and nothing is told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, errors, hold, landed, settled, spoken
from tests.rigs.pipewire import PipeWire
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

SECOND = LONG[2]
TWO = f"{SENTENCE} {SECOND}"
CARD = "usb"


class PipeWireDesktop(Desktop):
    """As today's desktops are: ALSA has PipeWire's plugin alone."""

    SOUND = PipeWire
    sound: PipeWire  # type: ignore[assignment] - it is what SOUND makes

    def start(self) -> None:
        self.env |= self.sound.lead_alsa(("pipewire",))
        super().start()


@pytest.fixture(scope="module")
def desktop() -> Iterator[PipeWireDesktop]:
    with PipeWireDesktop(notifications=True, sound=True) as full:
        yield full


@pytest.fixture
def card(desktop) -> Iterator[str]:
    """A microphone that can be unplugged; the number of its module."""
    yield desktop.sound.add_microphone(CARD)
    desktop.sound.stop()
    desktop.sound.start()


@pytest.fixture
def uneventful(desktop) -> Callable[[Daemon], None]:
    """Check that nothing was told of a microphone since the test has begun."""
    before = desktop.notifications()

    def check(daemon: Daemon) -> None:
        assert "WARNING" not in daemon.log()
        assert "icrophone" not in desktop.notifications().removeprefix(before)

    return check


@pytest.mark.parametrize("plugin", ["pipewire", "pulse"])
def test_what_is_said_into_the_chosen_microphone_lands(desktop, wavs, plugin, uneventful):
    env = desktop.sound.lead_alsa((plugin,))
    with desktop.daemon(audio__device="VIRTMIC2", env=env) as daemon:
        window = desktop.text_window("tk")
        desktop.keydown("Control_R")
        wait_until(lambda: desktop.sound.recorders() == ["virtmic2"], 10, "it records")
        desktop.sound.play_whole(spoken(wavs, SENTENCE), "mic2")
        desktop.keyup("Control_R")
        settled(daemon)
        landed(window, SENTENCE)
        wait_until(lambda: not desktop.sound.recorders(), 10, "the microphone is closed")
        uneventful(daemon)


@pytest.mark.parametrize("device", ["", CARD], ids=["the default", "the chosen one"])
def test_no_word_is_lost_where_the_microphone_is_unplugged(desktop, wavs, card, device, uneventful):
    if not device:
        desktop.sound.pactl("set-default-source", CARD)
    with desktop.daemon(audio__device=device) as daemon:
        window = desktop.text_window("tk")
        desktop.keydown("Control_R")
        wait_until(lambda: desktop.sound.recorders() == [CARD], 10, "it records")
        time.sleep(0.3)  # as a person takes to begin
        desktop.sound.play_whole(spoken(wavs, SENTENCE, end=1.2), f"{CARD}-mouth")
        desktop.sound.pactl("unload-module", card)
        wait_until(lambda: desktop.sound.recorders() == ["virtmic"], 10, "it records from the next")
        desktop.sound.play_whole(spoken(wavs, SECOND), "mic")
        desktop.keyup("Control_R")
        settled(daemon)
        landed(window, TWO)
        uneventful(daemon)


def test_pipewire_pulse_may_restart_while_it_records(desktop, daemon, wavs, uneventful):
    window = desktop.text_window("tk")
    desktop.keydown("Control_R")
    daemon.wait_log("first sample")
    desktop.play_whole(spoken(wavs, SENTENCE, end=1.2))
    desktop.sound.stop_pulse()
    time.sleep(2)  # longer than a stalled microphone is waited for
    desktop.sound.start_pulse()
    desktop.play_whole(spoken(wavs, SECOND))
    desktop.keyup("Control_R")
    settled(daemon)
    landed(window, TWO)
    uneventful(daemon)


def test_pipewire_pulse_may_restart_while_it_is_idle(desktop, wavs, uneventful):
    with desktop.daemon(audio__device="virtmic2") as daemon:
        window = desktop.text_window("tk")
        desktop.keydown("Control_R")
        wait_until(lambda: desktop.sound.recorders() == ["virtmic2"], 10, "it records")
        desktop.sound.play_whole(spoken(wavs, SENTENCE), "mic2")
        desktop.keyup("Control_R")
        settled(daemon)
        desktop.sound.stop_pulse()
        desktop.keydown("Control_R")  # nobody tells the microphones' names
        daemon.wait_log("dictation 2: first sample")
        desktop.sound.start_pulse()
        desktop.sound.play_whole(spoken(wavs, SECOND), "mic2")
        desktop.keyup("Control_R")
        settled(daemon, 2)
        landed(window, TWO)
        uneventful(daemon)


def test_pipewire_that_restarts_costs_the_gap_and_no_more(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    desktop.keydown("Control_R")
    daemon.wait_log("first sample")
    desktop.play_whole(spoken(wavs, SENTENCE, end=1.2))
    began = time.monotonic()
    desktop.sound.stop()
    desktop.sound.start()
    wait_until(lambda: desktop.sound.recorders() == ["virtmic"], 10, "it listens again")
    desktop.play_whole(spoken(wavs, SECOND))
    desktop.keyup("Control_R")
    settled(daemon)
    landed(window, TWO)
    told = re.search(r"([\d.]+) s were not recorded", desktop.notifications())
    assert told
    assert 0 < float(told[1]) < time.monotonic() - began


def test_pipewire_that_restarts_while_idle_is_no_news(desktop, daemon, wavs, uneventful):
    window = desktop.text_window("tk")
    for number, said in enumerate((SENTENCE, SECOND), 1):
        hold(desktop, spoken(wavs, said), "Control_R")
        settled(daemon, number)
        desktop.sound.stop()
        desktop.sound.start()
    window.wait_for(lambda text: errors(TWO, text) <= 0.15)
    uneventful(daemon)
