"""Plasma 6.3: the whole path by the portal's shortcut, through PipeWire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.client_windows import Kind
from tests.rigs.daemon import Daemon
from tests.rigs.plasma import Plasma, plasma
from tests.rigs.whole_path import (
    KEY,
    check_selections,
    dictate_one,
    dictate_silently,
    fill_selections,
    notices,
)


@pytest.fixture(scope="module")
def desk() -> Iterator[Plasma]:
    with plasma() as session:
        yield session


@pytest.fixture(scope="module")
def running(desk: Plasma) -> Iterator[Daemon]:
    """The daemon of a second start: an open dialog would have the focus, and so the words."""
    with desk.daemon(hotkey__keys=KEY) as daemon:
        daemon.wait_log("the engine is loaded", 60)
        yield daemon


@pytest.mark.parametrize("kind", ["gtk4", "qt", "konsole", "chromium", "firefox"])
def test_words_land_after_the_key_and_nothing_else_changes(
    desk: Plasma, running: Daemon, wavs: Path, kind: Kind
) -> None:
    fill_selections(desk)
    told = notices(running)
    dictate_one(desk, running, desk.client_window(kind), wavs)
    check_selections(desk)
    assert notices(running) == told, "nothing was to be told"


def test_all_that_is_said_in_a_long_hold_lands_once_after_the_release(
    desk: Plasma, running: Daemon, wavs: Path
) -> None:
    dictate_silently(desk, running, desk.client_window("gtk4"), wavs)
