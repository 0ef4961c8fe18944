"""GNOME 48: the whole path by the portal's shortcut, through PipeWire, and what is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.client_windows import ClientWindow, Kind
from tests.rigs.daemon import Daemon
from tests.rigs.gnome48 import Gnome48
from tests.rigs.whole_path import (
    KEY,
    check_selections,
    dictate,
    dictate_one,
    fill_selections,
    notices,
)
from tests.waiting import wait_until

BOUND = "Hold F9 and speak"  # what the user is told, once the desktop has bound the key


@pytest.fixture(scope="module")
def desk() -> Iterator[Gnome48]:
    with Gnome48() as session:
        yield session


@pytest.fixture(scope="module")
def asked(desk: Gnome48, wavs: Path) -> list[str]:
    """What was asked of a user at the first start, who has allowed it, and at a dictation."""
    with desk.allowing() as answered, desk.daemon(hotkey__keys=KEY) as daemon:
        daemon.wait_log(BOUND, 60)
        wait_until(lambda: not desk.dialogs(), 30, "all is answered")
        with ClientWindow("gtk4", desk) as window:
            dictate_one(desk, daemon, window, wavs)
    return answered


@pytest.fixture(scope="module")
def running(desk: Gnome48, asked: list[str]) -> Iterator[Daemon]:
    """The daemon of a second start, of which nothing more is asked."""
    with desk.daemon(hotkey__keys=KEY) as daemon:
        daemon.wait_log("the engine is loaded", 60)
        yield daemon


def test_the_first_dictation_is_in_the_window_and_each_dialog_comes_once(asked: list[str]) -> None:
    assert len(asked) == len(set(asked))


def test_nothing_is_asked_but_for_the_key(asked: list[str]) -> None:
    assert asked == ["Add Keyboard Shortcuts"]


@pytest.mark.parametrize("kind", ["gtk4", "qt", "foot", "kgx", "chromium", "firefox"])
def test_words_land_while_the_key_is_held_and_nothing_else_changes(
    desk: Gnome48, running: Daemon, wavs: Path, kind: Kind
) -> None:
    fill_selections(desk)
    told, engine = notices(running), desk.input_engine()
    dictate(desk, running, desk.client_window(kind), wavs)
    check_selections(desk)
    assert desk.input_engine() == engine
    assert notices(running) == told, "nothing was to be told"
    assert desk.dialogs() == [], "the second start asks nothing"
