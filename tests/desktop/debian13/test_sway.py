"""sway 1.10 (wlroots 0.18): the whole path by the compositor's bindings, through PipeWire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.client_windows import Clients, Kind
from tests.rigs.daemon import Daemon
from tests.rigs.pipewire import PipeWire
from tests.rigs.sway import Sway
from tests.rigs.wayland_dictation import BINDINGS
from tests.rigs.whole_path import check_selections, dictate, fill_selections, notices


class PipedSway(Clients, Sway):
    """sway with PipeWire for its sound."""

    SOUND = PipeWire


@pytest.fixture(scope="module")
def desk() -> Iterator[Sway]:
    with PipedSway(sound=True, extra=BINDINGS) as session:
        yield session


@pytest.fixture(scope="module")
def running(desk: Sway) -> Iterator[Daemon]:
    with desk.daemon() as daemon:
        daemon.wait_log("the engine is loaded", 60)
        yield daemon


@pytest.mark.parametrize("kind", ["gtk4", "qt", "foot", "kgx", "chromium", "firefox"])
def test_words_land_while_the_key_is_held_and_nothing_else_changes(
    desk: Sway, running: Daemon, wavs: Path, kind: Kind
) -> None:
    fill_selections(desk)
    told = notices(running)
    dictate(desk, running, desk.client_window(kind), wavs)
    check_selections(desk)
    assert notices(running) == told, "nothing was to be told"
