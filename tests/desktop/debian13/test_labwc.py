"""labwc 0.8: the whole path by its binding, which is of a press only: start, and press again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.client_windows import Kind
from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, errors, landed, settled, spoken
from tests.rigs.labwc import Labwc
from tests.rigs.whole_path import KEY, check_selections, fill_selections, notices


@pytest.fixture(scope="module")
def desk() -> Iterator[Labwc]:
    with Labwc() as session:
        yield session


@pytest.fixture(scope="module")
def running(desk: Labwc) -> Iterator[Daemon]:
    with desk.daemon(hotkey__keys=KEY) as daemon:
        daemon.wait_log("the engine is loaded", 60)
        yield daemon


@pytest.mark.parametrize("kind", ["gtk4", "qt", "foot"])
def test_words_land_between_two_presses_and_nothing_else_changes(
    desk: Labwc, running: Daemon, wavs: Path, kind: Kind
) -> None:
    fill_selections(desk)
    told = notices(running)
    window = desk.client_window(kind)
    speech = spoken(wavs, *LONG)
    number = running.log().count(": first sample ") + 1
    time.sleep(0.8)  # a press so soon after the last one is taken for a held key that repeats
    desk.tap(KEY)
    running.wait_log(f"dictation {number}: first sample", 30)
    player = desk.play(speech)
    early = window.wait_for(lambda text: "." in text, timeout=60)
    assert player.poll() is None, "it is still being spoken"
    assert errors(LONG[0], early.split(".")[0]) <= 0.2
    player.wait(60)
    desk.tap(KEY)
    settled(running, number)
    landed(window, " ".join(LONG), 0.1)
    check_selections(desk)
    assert notices(running) == told, "nothing was to be told"
