"""A clipboard whose connection to the compositor has ended is made anew, and takes nothing down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.rigs.sway import Sway
from tray_dictate.output.user_keys import UNKNOWN_KEYS
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.methods import InsertMethods
from tray_dictate.output.wayland.selections import WaylandSelections
from tray_dictate.system.desktop.wayland import WaylandError


@pytest.fixture
def methods(environ: Sway) -> Iterator[InsertMethods]:
    made = InsertMethods(KeyRelease(UNKNOWN_KEYS, threading.Event()))
    yield made
    made.close()
    environ.set_clipboard("nobody's")  # nobody keeps anything for the next test


def gone() -> NoReturn:
    raise WaylandError("the compositor has ended the connection")


def odd() -> NoReturn:
    raise LookupError("nobody expects this")


def break_off(selections: WaylandSelections) -> None:
    """As a compositor that ends the connection while it is asked for something."""
    with pytest.raises(WaylandError):
        selections._ask(gone)
    selections._thread.join(5)
    assert not selections.is_alive


def test_text_is_kept_after_the_clipboards_connection_has_ended(environ: Sway, methods) -> None:
    broken = methods.selections()
    break_off(broken)
    methods.copy_to_clipboard("undelivered words", secret=False)
    assert environ.clipboard() == b"undelivered words"
    assert methods.selections() is not broken
    assert methods.selections() is methods.selections()


def test_text_is_kept_by_the_last_link_where_the_connection_ends_just_then(
    environ: Sway, methods
) -> None:
    methods.selections()._copy = lambda _text, *, secret: gone()
    methods.copy_to_clipboard("undelivered words", secret=False)
    assert environ.clipboard() == b"undelivered words"


def test_what_nobody_expects_is_told_to_who_asked_and_ends_nothing(environ: Sway, methods) -> None:
    selections = methods.selections()
    with pytest.raises(LookupError):
        selections._ask(odd)
    assert selections.is_alive
    selections.copy_to_clipboard("kept")
    assert environ.clipboard() == b"kept"
