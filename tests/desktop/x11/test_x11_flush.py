"""What is asked of an X server reaches it, also one that does not read for a while."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from Xlib import X
from Xlib.display import Display

from tests.rigs.processes import MARKER, marked, name_of
from tests.rigs.x11 import Desktop
from tray_dictate.system.desktop.x11 import flush, wait


@pytest.fixture
def busy(xserver: Desktop):
    """Yields a way to have the server stop for so many seconds."""
    [server] = [pid for pid in marked(xserver.env[MARKER]) if "Xvfb" in name_of(pid)]
    going_on: list[threading.Timer] = []

    def stop(seconds: float) -> None:
        os.kill(server, signal.SIGSTOP)
        going_on.append(threading.Timer(seconds, os.kill, (server, signal.SIGCONT)))
        going_on[-1].start()

    yield stop
    os.kill(server, signal.SIGCONT)
    for timer in going_on:
        timer.join()


def fill(display: Display, selection: int) -> None:
    """Send what the server does not read yet, and queue a request to own a selection."""
    root = display.screen().root
    pixmap = root.create_pixmap(200, 100, display.screen().root_depth)
    context = pixmap.create_gc()
    for top in (0, 50):  # 40 KB each: the socket takes them, and is "full" from a quarter on
        pixmap.put_image(context, 0, top, 200, 50, X.ZPixmap, 24, 0, bytes(200 * 50 * 4))
    display.flush()
    window = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    window.set_selection_owner(selection, X.CurrentTime)


@pytest.mark.parametrize("ours", [True, False])
def test_a_busy_server_gets_it_all_by_our_flush_and_not_by_python_xlibs(
    xserver: Desktop, busy, ours: bool
) -> None:
    display, other = Display(xserver.display), Display(xserver.display)
    primary = display.intern_atom("PRIMARY")
    busy(0.5)
    fill(display, primary)
    (flush if ours else Display.flush)(display)
    time.sleep(0.6)
    assert bool(other.get_selection_owner(primary)) is ours, "else x11_flush.py is for nothing"
    display.close()
    other.close()


def test_what_is_queued_is_sent_before_the_wait(xserver: Desktop, busy) -> None:
    display = Display(xserver.display)
    primary = display.intern_atom("PRIMARY")
    window = display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    display.sync()
    busy(0.5)
    fill(display, primary)
    window.convert_selection(primary, primary, primary, X.CurrentTime)  # it answers by an event
    while not display.pending_events():
        wait(display, seconds=1000)  # none would ever come
    display.close()


def test_an_event_that_came_with_an_answer_ends_the_wait(xserver: Desktop) -> None:
    display = Display(xserver.display)
    primary = display.intern_atom("PRIMARY")
    window = display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    window.convert_selection(primary, primary, primary, X.CurrentTime)  # it answers by an event
    display.sync()
    assert not wait(display, seconds=1000)
    assert display.pending_events()
    display.close()
