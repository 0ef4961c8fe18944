"""The whole path on a real KWin: its portal reports the hotkey, and presses the keys of a paste.

KWin reports the hotkey's release as soon as any other key is pressed, also one of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, landed, settled, spoken
from tests.rigs.kwin import KWin

pytestmark = pytest.mark.kwin
SECOND = "The meeting is on Thursday."


@pytest.fixture(scope="module")
def desk() -> Iterator[KWin]:
    with KWin(sound=True) as kwin:
        yield kwin


def press(desk: KWin, daemon: Daemon, number: int) -> None:
    desk.keydown("f9")
    daemon.wait_log(f"dictation {number}: first sample", 60)


@pytest.mark.parametrize("source", ["portal", "kde"])
def test_all_that_is_said_in_a_long_hold_lands_once_after_the_release(
    desk: KWin, wavs: Path, source: str
) -> None:
    speech = spoken(wavs, *LONG)
    with desk.text_window("gtk") as window:
        with desk.daemon(hotkey__keys="f9", hotkey__source=source) as daemon:
            daemon.wait_log("the hotkey: F9", 60)
            daemon.wait_log("the engine is loaded", 60)
            press(desk, daemon, 1)
            desk.play_whole(speech)
            assert "dictation 1: over" not in daemon.log(), "the key is still held"
            assert window.text() == "", "a key of ours would end the hold"
            desk.keyup("f9")
            settled(daemon, 1)
            landed(window, " ".join(LONG), 0.1)
            # the release was reported, so the next press is a new one
            press(desk, daemon, 2)
            desk.play_whole(spoken(wavs, SECOND))
            desk.keyup("f9")
            settled(daemon, 2)
            landed(window, " ".join([*LONG, SECOND]), 0.1)


def test_in_toggle_mode_words_land_while_they_are_spoken(desk: KWin, wavs: Path) -> None:
    speech = spoken(wavs, *LONG)
    with desk.text_window("gtk") as window:
        with desk.daemon(hotkey__keys="f9", hotkey__mode="toggle") as daemon:
            daemon.wait_log("the hotkey: F9", 60)
            daemon.wait_log("the engine is loaded", 60)
            press(desk, daemon, 1)
            desk.keyup("f9")
            player = desk.play(speech)
            window.wait_for(lambda text: "." in text, timeout=60)
            assert player.poll() is None, "it is still being spoken"
            player.wait(60)
            desk.tap("f9")
            settled(daemon, 1)
            landed(window, " ".join(LONG), 0.1)


def test_what_waits_for_the_release_is_not_inserted_if_it_is_cancelled(
    desk: KWin, wavs: Path
) -> None:
    speech = spoken(wavs, *LONG)
    with desk.text_window("gtk") as window, desk.daemon(hotkey__keys="f9") as daemon:
        daemon.wait_log("the hotkey: F9", 60)
        daemon.wait_log("the engine is loaded", 60)
        press(desk, daemon, 1)
        desk.play_whole(speech)
        desk.run("tray-dictate", "cancel")
        daemon.wait_log("dictation 1: dropped")
        desk.keyup("f9")
        press(desk, daemon, 2)
        desk.play_whole(spoken(wavs, SENTENCE))
        desk.keyup("f9")
        settled(daemon, 2)
        landed(window, SENTENCE, 0.15)
