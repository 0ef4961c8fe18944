"""The whole path on a real KWin: its portal reports the hotkey, and presses the keys of a paste.

KWin reports the hotkey's release as soon as any other key is pressed, also one of ours.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, landed, settled, spoken
from tests.rigs.kwin import KWin
from tests.rigs.windows import TextWindow

pytestmark = pytest.mark.kwin
SECOND = "The meeting is on Thursday."


@pytest.fixture(scope="module")
def desk() -> Iterator[KWin]:
    with KWin(sound=True) as kwin:
        yield kwin


@contextmanager
def dictating(desk: KWin, **settings: str) -> Generator[tuple[Daemon, TextWindow]]:
    """Run a daemon whose hotkey is F9 beside a window with the focus."""
    with desk.text_window("gtk") as window, desk.daemon(hotkey__keys="f9", **settings) as daemon:
        daemon.wait_log("the hotkey: F9", 60)
        daemon.wait_log("the engine is loaded", 60)
        yield daemon, window


def press(desk: KWin, daemon: Daemon, number: int) -> None:
    desk.keydown("f9")
    daemon.wait_log(f"dictation {number}: first sample", 60)


@pytest.mark.parametrize("source", ["portal", "kde"])
def test_all_that_is_said_in_a_long_hold_lands_once_after_the_release(
    desk: KWin, wavs: Path, source: str
) -> None:
    long, second = spoken(wavs, *LONG), spoken(wavs, SECOND)
    with dictating(desk, hotkey__source=source) as (daemon, window):
        press(desk, daemon, 1)
        desk.play_whole(long)
        assert "dictation 1: over" not in daemon.log(), "the key is still held"
        assert window.text() == "", "a key of ours would end the hold"
        desk.keyup("f9")
        settled(daemon, 1)
        landed(window, " ".join(LONG), 0.1)
        press(desk, daemon, 2)  # seen as a new one
        desk.play_whole(second)
        desk.keyup("f9")
        settled(daemon, 2)
        landed(window, " ".join([*LONG, SECOND]), 0.1)


def test_in_toggle_mode_words_land_while_they_are_spoken(desk: KWin, wavs: Path) -> None:
    speech = spoken(wavs, *LONG)
    with dictating(desk, hotkey__mode="toggle") as (daemon, window):
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
    long, sentence = spoken(wavs, *LONG), spoken(wavs, SENTENCE)
    with dictating(desk) as (daemon, window):
        press(desk, daemon, 1)
        desk.play_whole(long)
        desk.run("tray-dictate", "cancel")
        daemon.wait_log("dictation 1: dropped")
        desk.keyup("f9")
        press(desk, daemon, 2)
        desk.play_whole(sentence)
        desk.keyup("f9")
        settled(daemon, 2)
        landed(window, SENTENCE, 0.15)
