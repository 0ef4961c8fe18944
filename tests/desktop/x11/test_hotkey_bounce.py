"""A contact that bounces while our process gets no time: it reads of it long after it was."""

from __future__ import annotations

import os
import signal
import struct
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from Xlib import XK, X, display
from Xlib.ext import ge, xinput, xtest

from tests.rigs.x11 import Desktop
from tray_dictate.core.keys.chord import GRACE

BOUNCES = 12
_TIME = struct.Struct("=HI")  # the beginning of a raw event: its device, the server's time


class Contact:
    """The right Ctrl key, pressed by XTEST, and when the server says that it moved."""

    def __init__(self, desktop: Desktop) -> None:
        self._display = display.Display(desktop.display)
        self._code = self._display.keysym_to_keycode(XK.XK_Control_R)
        mask = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask
        self._display.screen().root.xinput_select_events([(xinput.AllMasterDevices, mask)])
        self.times: list[int] = []

    def move(self, *edges: tuple[int, int]) -> None:
        """Send edges, each so many milliseconds after the one before."""
        for kind, after in edges:
            xtest.fake_input(self._display, kind, self._code, after)
        self._display.flush()

    def read(self) -> None:
        """Wait until the server has done all that."""
        self._display.sync()
        while self._display.pending_events():
            event = self._display.next_event()
            if event.type == ge.GenericEventCode:
                self.times.append(_TIME.unpack_from(bytes(event.data))[1])

    def close(self) -> None:
        self._display.close()


@pytest.fixture
def contact(desktop) -> Iterator[Contact]:
    one = Contact(desktop)
    yield one
    one.close()


@pytest.mark.parametrize("gap", [1, 5, 10, 20])
def test_it_is_one_dictation_however_late_we_read_of_it(desktop, daemon, contact, gap):
    contact.move((X.KeyPress, 0))
    daemon.wait_log("first sample")
    for bounce in range(BOUNCES):
        contact.move((X.KeyRelease, 0), (X.KeyPress, gap))
        time.sleep(gap * bounce / BOUNCES / 1000)  # at each moment of a bounce
        os.kill(daemon.pid, signal.SIGSTOP)
        contact.read()
        time.sleep(0.05)  # our time to believe the release is over
        os.kill(daemon.pid, signal.SIGCONT)
        time.sleep(0.1)
    contact.move((X.KeyRelease, 0))
    contact.read()
    ups = [late - early for early, late in pairwise(contact.times[1:-1])][::2]
    assert len(ups) == BOUNCES
    # a busy server may itself be late: what was up for long by its own clock has been let go
    surely, maybe = (sum(up / 1000 > GRACE + doubt for up in ups) for doubt in (0.002, -0.001))
    daemon.wait_log(f"dictation {surely + 1}: over")
    daemon.stop()
    begun = daemon.log().count(": first sample")
    assert surely + 1 <= begun <= maybe + 1, f"up for {ups} ms"
