"""What a dictation under Wayland leaves of the clipboard, and what ends there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.dictation import LONG, SENTENCE, errors, landed, settled, spoken
from tests.rigs.sway import Sway
from tests.rigs.wayland_dictation import BINDINGS, WRONG, hold
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def session() -> Iterator[Sway]:
    """A session without a bar, in which sway runs our commands at a key's press and release."""
    with Sway(notifications=True, sound=True, extra=BINDINGS) as quiet:
        yield quiet


def test_an_image_on_the_clipboard_outlives_a_dictation_in_every_type(
    session: Sway, wavs: Path
) -> None:
    png = wavs / "picture.png"
    session.screenshot(png)
    with session.daemon() as daemon:
        daemon.wait_log("the engine is loaded", 60)
        window = session.text_window("foot")
        session.set_clipboard(png.read_bytes(), "image/png")
        session.set_clipboard("<b>marked</b>", "text/html", primary=True)
        number = hold(session, daemon, spoken(wavs, SENTENCE))
        settled(daemon, number)
        landed(window, SENTENCE, WRONG)
        wait_until(lambda: session.clipboard("image/png") == png.read_bytes(), 10, "the image")
        assert session.clipboard("text/html", primary=True) == b"<b>marked</b>"


def test_what_no_way_can_insert_is_kept_on_the_clipboard_and_told(
    session: Sway, wavs: Path
) -> None:
    with session.daemon() as daemon:
        daemon.wait_log("the engine is loaded", 60)
        number = hold(session, daemon, spoken(wavs, SENTENCE))  # into no window at all
        settled(daemon, number)
        told = "The text is on the clipboard"
        wait_until(lambda: told in session.notifications(), 10, "the notification")
        assert errors(SENTENCE, session.clipboard().decode()) <= WRONG
        session.set_clipboard("the user's own again")  # who served the text ends with that


def test_two_quick_holds_land_in_order(session: Sway, wavs: Path) -> None:
    with session.daemon() as daemon:
        daemon.wait_log("the engine is loaded", 60)
        window = session.text_window("gtk4")
        hold(session, daemon, spoken(wavs, LONG[0]))
        time.sleep(0.06)
        hold(session, daemon, spoken(wavs, LONG[2]))
        settled(daemon, 2)
        landed(window, f"{LONG[0]} {LONG[2]}", WRONG)
