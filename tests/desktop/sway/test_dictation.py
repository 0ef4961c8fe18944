"""The main job under Wayland: hold a key that the compositor binds, speak, read the window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, errors, landed, settled, spoken
from tests.rigs.sway import Sway
from tests.rigs.wayland_dictation import BINDINGS, KEY, WRONG, hold
from tests.rigs.wayland_windows import KINDS, Kind
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def bound() -> Iterator[Sway]:
    """A full session in which sway runs our commands at a key's press and release."""
    with Sway(tray=True, notifications=True, sound=True, extra=BINDINGS) as session:
        yield session


@pytest.fixture(scope="module")
def running(bound: Sway) -> Iterator[Daemon]:
    """One daemon for the tests that take it as it is."""
    with bound.daemon() as daemon:
        daemon.wait_log("the engine is loaded", 60)
        yield daemon


BLANKS = {"foot": ("", " "), "gtk": ("", ""), "gtk4": ("", "")}


@pytest.mark.parametrize("kind", KINDS)
def test_hold_speak_release_into_each_kind_of_window(
    bound: Sway, running: Daemon, wavs: Path, kind: Kind
) -> None:
    window, told = bound.text_window(kind), bound.notifications()
    number = hold(bound, running, spoken(wavs, SENTENCE))
    settled(running, number)
    text = landed(window, SENTENCE, WRONG)
    # no key is seen: a blank keeps it from what may stand there, but none comes first at a prompt,
    # nor where the field says that it is empty
    before, after = BLANKS.get(kind, (" ", ""))
    assert text == f"{before}{text.strip()}{after}"
    assert bound.notifications() == told, "nothing was to be told"


def test_text_appears_while_the_key_is_held(bound: Sway, running: Daemon, wavs: Path) -> None:
    window = bound.text_window("gtk4")
    number = running.log().count(": first sample ") + 1
    bound.keydown(KEY)
    running.wait_log(f"dictation {number}: first sample")
    player = bound.play(spoken(wavs, *LONG))
    early = window.wait_for(lambda text: "." in text, timeout=60)
    assert player.poll() is None, "it is still being spoken"
    assert errors(LONG[0], early.split(".")[0]) <= 0.2
    player.wait(60)
    assert errors(" ".join(LONG[:2]), window.text()) < 0.5, "segment by segment"
    bound.keyup(KEY)
    settled(running, number)
    landed(window, " ".join(LONG), 0.1)
    bound.keyboard.type("x")
    window.wait_for(lambda text: text.endswith("x"))  # no modifier is stuck


def test_instant_taps_leave_nothing_recording(bound: Sway, running: Daemon) -> None:
    """Two commands that sway spawns within a millisecond may arrive in either order."""
    before = running.log().count(": first sample ")
    for _ in range(8):
        bound.tap("f9")
        time.sleep(0.8)  # longer than the time within which a stop is of the start after it

    def idle() -> bool:
        log = running.log()
        return "ready" in bound.run("tray-dictate", "status") and log.count(
            ": first sample "
        ) <= log.count(": over") + log.count(": dropped")

    wait_until(idle, 10, "nothing records")
    assert running.log().count(": first sample ") <= before + 8


def test_a_release_that_sway_never_told_is_made_good_by_the_next_press(
    bound: Sway, running: Daemon, wavs: Path
) -> None:
    """Another key during the hold, and sway runs the release's binding no more."""
    window = bound.text_window("foot")
    number = running.log().count(": first sample ") + 1
    bound.keydown("f9")
    running.wait_log(f"dictation {number}: first sample")
    bound.play_whole(spoken(wavs, SENTENCE))
    bound.tap("shift_l")
    bound.keyup("f9")
    time.sleep(0.5)
    assert f"dictation {number}: over" not in running.log(), "the release is lost"
    bound.keydown("f9")
    time.sleep(0.3)  # as a person presses: of a tap of 0 ms the commands may run in either order
    bound.keyup("f9")
    settled(running, number)
    landed(window, SENTENCE, WRONG)
    time.sleep(0.5)
    assert "ready" in bound.run("tray-dictate", "status")


def test_a_command_that_repeats_is_one_dictation(bound: Sway, running: Daemon, wavs: Path) -> None:
    """A desktop that repeats the binding of a held key runs `start` 33 times a second."""
    window = bound.text_window("gtk")
    number = running.log().count(": first sample ") + 1
    for _ in range(10):
        bound.run("tray-dictate", "start")
    running.wait_log(f"dictation {number}: first sample")
    bound.play_whole(spoken(wavs, SENTENCE))
    for _ in range(3):
        bound.run("tray-dictate", "stop")
    settled(running, number)
    landed(window, SENTENCE, WRONG)
    assert f"dictation {number + 1}" not in running.log()
