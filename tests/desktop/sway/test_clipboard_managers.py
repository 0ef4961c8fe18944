"""A clipboard manager reads whatever appears: that is no receipt. Targets read in odd ways."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.fakes import FakeFocus
from tests.rigs import x11_clipboard
from tests.rigs.sway import Sway
from tests.rigs.wayland_clipboard import clipboard_manager, given_back, stays_for
from tests.rigs.wayland_windows import KINDS, Kind
from tests.waiting import wait_until
from tray_dictate.core.ports import Receipt
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.keyboard import VirtualKeyboard
from tray_dictate.output.wayland.paste import WaylandPaster
from tray_dictate.output.wayland.selections import QUIET, UNSURE, WaylandSelections
from tray_dictate.system.desktop.wayland import Connection

PASTED = Receipt(confirmed=True, method="paste")
Paste = Callable[[str], Receipt | None]


@contextmanager
def pasting(**patience: float) -> Iterator[Paste]:
    connection, selections = Connection(), WaylandSelections(**patience)
    paster = WaylandPaster(VirtualKeyboard(connection), selections, threading.Event())
    try:
        yield lambda text: paster.paste(text, Treatment(), FakeFocus())
    finally:
        selections.close()
        connection.close()


@pytest.fixture
def paste(environ: Sway) -> Iterator[Paste]:
    with pasting(unsure=QUIET) as pasted:  # every program may be trusted at once
        yield pasted


def test_a_managers_read_is_no_receipt(environ: Sway, paste: Paste) -> None:
    with clipboard_manager(environ) as program, environ.text_window("odd", "deaf") as window:
        environ.set_clipboard("of the user")
        for number in range(3):
            assert paste(f"dictated {number}") is None
            wait_until(lambda: environ.clipboard() == b"of the user", 20, "the old clipboard")
        assert "dictated" not in program.printed()  # it did read, what the user had
        os.kill(program.pid, signal.SIGSTOP)
        threading.Timer(0.4, os.kill, (program.pid, signal.SIGCONT)).start()
        times = program.printed().count("of the user")
        assert paste("dictated late") is None  # though it reads after the key
        wait_until(lambda: program.printed().count("of the user") > times, 20, "the manager reads")
        assert "dictated" not in program.printed()
        assert window.pastes() == 4
        assert window.text() == ""


def test_a_target_gets_its_text_beside_a_manager_however_late_it_reads(
    environ: Sway, paste: Paste
) -> None:
    with clipboard_manager(environ), environ.text_window("odd", "late") as window:
        environ.set_clipboard("of the user")
        for _ in range(2):
            assert paste("dictated ") == PASTED
        window.wait_for("dictated dictated ")
        given_back(environ)
        assert environ.clipboard() == b"of the user", "the old clipboard"


def test_a_target_may_read_twice(environ: Sway, paste: Paste) -> None:
    with environ.text_window("odd", "twice") as window:
        environ.set_clipboard("of the user")
        for number in range(1, 3):
            assert paste("dictated ") == PASTED
            window.wait_for("dictated " * number)
            given_back(environ)
            assert environ.clipboard() == b"of the user", "the old clipboard"


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_that_was_asleep_pastes_neither_the_text_nor_the_old_clipboard(
    environ: Sway, paste: Paste, kind: Kind
) -> None:
    """What could not be pasted is delivered in another way by then."""
    environ.set_clipboard("of the user")
    environ.set_clipboard("marked", primary=True)
    with environ.text_window(kind) as window:
        assert paste("first. ") == PASTED
        window.wait_for("first. ")
        os.kill(window.pid, signal.SIGSTOP)
        try:
            assert paste("dictated") is None
        finally:
            os.kill(window.pid, signal.SIGCONT)
        stays_for(0.5, lambda: window.text() == "first. ", "it has pasted something")


def test_a_manager_that_is_not_known_brings_no_old_clipboard_into_a_target_that_sleeps(
    environ: Sway,
) -> None:
    """It reads only after the key, as if it were the target."""
    with (
        pasting() as paste,
        clipboard_manager(environ) as program,
        environ.text_window("gtk") as window,
    ):
        environ.set_clipboard("of the user")
        wait_until(lambda: "of the user" in program.printed(), 20, "the manager reads")
        both = (program.pid, window.pid)
        for pid in both:
            os.kill(pid, signal.SIGSTOP)
        woken = threading.Timer(0.4, os.kill, (program.pid, signal.SIGCONT))
        woken.start()
        try:
            assert paste("dictated")  # by the manager's read
            began = time.monotonic()
            wait_until(lambda: program.printed().count("of the user") == 2, 20, "the old clipboard")
            assert time.monotonic() - began > UNSURE - 0.5, "a target has some time"
        finally:
            woken.join()
            os.kill(window.pid, signal.SIGCONT)
        stays_for(0.5, lambda: window.text() == "", "it has pasted something")


def test_a_manager_on_xwayland_hides_no_paste_there(environ: Sway, paste: Paste) -> None:
    """The compositor reads for all of Xwayland: such a receipt is not sure, and never denied."""
    with environ.text_window("xwayland") as window:
        with x11_clipboard.clipboard_manager(environ) as program:
            environ.set_clipboard("of the user")
            wait_until(lambda: "of the user" in program.printed(), 20, "the manager reads")
            for number in range(1, 4):
                assert paste("dictated ")
                window.wait_for("dictated " * number)
        assert paste("again")  # where the manager reads no more, too
        window.wait_for("dictated " * 3 + "again")
        wait_until(lambda: environ.clipboard() == b"of the user", 20, "the old clipboard")
