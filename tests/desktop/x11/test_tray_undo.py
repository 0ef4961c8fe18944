"""Undo and redo by real clicks in a real panel's menu."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import SENTENCE, hold, landed, settled, spoken
from tests.rigs.panel_menu import AWAY, ICON, choose
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import TextWindow


@pytest.fixture
def dictated(desktop: Desktop, daemon: Daemon, wavs: Path) -> Iterator[tuple[TextWindow, str]]:
    """A window with a dictation in it, and what it holds."""
    desktop.run("xdotool", "mousemove", *map(str, AWAY))
    with desktop.text_window("gtk") as window:
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        text = landed(window, SENTENCE)
        settled(daemon)
        yield window, text


def click_into(desktop: Desktop, window: TextWindow) -> None:
    desktop.run("xdotool", "mousemove", "--window", window.id, "200", "150", "click", "1")


def test_the_last_dictation_is_taken_back_from_the_menu(desktop, daemon, dictated) -> None:
    window, _text = dictated
    choose(desktop, "undo")
    window.wait_for("")


def test_it_is_inserted_again_from_the_menu_where_the_focus_was(desktop, daemon, dictated) -> None:
    window, text = dictated
    choose(desktop, "redo")
    window.wait_for(f"{text} {text}")
    choose(desktop, "undo")
    window.wait_for(text)


@pytest.mark.parametrize("pause", [0.0, 1.5], ids=["at once", "later"])
def test_after_a_click_into_the_text_the_menu_refuses(desktop, daemon, dictated, pause) -> None:
    window, text = dictated
    click_into(desktop, window)
    time.sleep(pause)
    choose(desktop, "undo")
    daemon.wait_log("Cannot undo: you have clicked since.")
    assert window.text() == text


def test_a_menu_that_was_closed_again_excuses_no_click_after_it(desktop, daemon, dictated) -> None:
    window, text = dictated
    desktop.click(*ICON, 3)
    time.sleep(0.5)
    desktop.click(*AWAY)  # closes it
    time.sleep(0.3)
    click_into(desktop, window)
    choose(desktop, "undo")
    daemon.wait_log("Cannot undo: you have clicked since.")
    assert window.text() == text
