"""The sound server restarts, the microphone goes away in mid-take: the take goes on."""

from __future__ import annotations

import re
import time

from tests.rigs.dictation import LONG, SENTENCE, errors, hold, landed, listening, settled, spoken
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

SECOND = LONG[2]
TWO = f"{SENTENCE} {SECOND}"


def second_microphone(desktop: Desktop) -> None:
    """Plug in another one; what is played into "mic2" comes out of it."""
    sound = desktop.sound
    sound.pactl(
        "load-module", "module-null-sink", "sink_name=mic2", "norewinds=1",
        f"rate={sound.rate}", "channels=1", "channel_map=mono",
    )  # fmt: skip
    sound.pactl(
        "load-module", "module-remap-source", "source_name=virtmic2", "master=mic2.monitor",
        "channels=1", "master_channel_map=mono", "channel_map=mono",
        "source_properties=device.description=virtmic2",
    )  # fmt: skip


def unplug(desktop: Desktop, source: str) -> None:
    modules = desktop.sound.pactl("list", "short", "modules").splitlines()
    [module] = [line.split()[0] for line in modules if f"source_name={source} " in line]
    desktop.sound.pactl("unload-module", module)


def test_a_microphone_that_is_unplugged_in_mid_take_is_followed_by_the_next(desktop, wavs):
    second_microphone(desktop)
    try:
        with desktop.daemon() as daemon, desktop.text_window("tk") as window:
            desktop.keydown("Control_R")
            daemon.wait_log("first sample")
            desktop.play_whole(spoken(wavs, SENTENCE, end=1.2))
            unplug(desktop, "virtmic")
            wait_until(lambda: listening(desktop), 10, "it listens again")
            desktop.sound.play_whole(spoken(wavs, SECOND), "mic2")
            desktop.keyup("Control_R")
            settled(daemon)
            landed(window, TWO)
    finally:
        desktop.sound.stop()
        desktop.sound.start()


def test_a_sound_server_that_restarts_in_mid_take_costs_the_gap_and_no_more(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    desktop.keydown("Control_R")
    daemon.wait_log("first sample")
    desktop.play_whole(spoken(wavs, SENTENCE, end=1.2))
    began = time.monotonic()
    desktop.sound.stop()
    desktop.sound.start()
    wait_until(lambda: listening(desktop), 10, "it listens again")
    desktop.play_whole(spoken(wavs, SECOND))
    desktop.keyup("Control_R")
    settled(daemon)
    landed(window, TWO)
    told = re.search(r"([\d.]+) s were not recorded", desktop.notifications())
    assert told
    assert 0 < float(told[1]) < time.monotonic() - began


def test_a_sound_server_that_restarts_while_idle_is_no_news(desktop, daemon, wavs):
    window = desktop.text_window("tk")
    for number, said in enumerate((SENTENCE, SECOND), 1):
        hold(desktop, spoken(wavs, said), "Control_R")
        settled(daemon, number)
        desktop.sound.stop()
        desktop.sound.start()
    window.wait_for(lambda text: errors(TWO, text) <= 0.15)
    assert "WARNING" not in daemon.log()


def test_a_warm_microphone_is_open_again_after_the_sound_server_has_restarted(desktop):
    with desktop.daemon(audio__warm="always") as daemon:
        desktop.sound.stop()
        time.sleep(0.5)
        desktop.sound.start()
        wait_until(lambda: listening(desktop), 20, "it listens again")
        assert "WARNING" not in daemon.log()
