"""Killed while the server is busy with keys of ours, none of them stays down."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected, keys_down
from tests.waiting import wait_until
from tray_dictate.output.x11.keeper import hold_connections

PRESSING = """
import sys, time
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.protocol import request
from tray_dictate.system.desktop import x11 as x11_flush
from tray_dictate.output.x11.keeper import hold_connections

display = Display()
shift = display.keysym_to_keycode(XK.XK_Shift_L)
survivor = hold_connections(display) if sys.argv[1] == "survived" else None
xtest.fake_input(display, X.KeyPress, shift)
for _ in range(2000):  # it takes the server a while
    request.GetKeyboardMapping(display=display.display, defer=True, first_keycode=8, count=248)
xtest.fake_input(display, X.KeyRelease, shift)
x11_flush.flush(display)
print("sent", flush=True)
time.sleep(100)
"""


@pytest.mark.parametrize("how", ["survived", "alone"])
def test_what_was_sent_is_done_though_we_are_killed(xserver: Desktop, how: str) -> None:
    argv = [sys.executable, "-c", PRESSING, how]
    with (
        connected(xserver) as display,
        subprocess.Popen(argv, stdout=subprocess.PIPE, env=xserver.env, cwd=ROOT) as child,
    ):
        assert child.stdout
        assert child.stdout.readline() == b"sent\n"
        child.kill()
        child.wait()
        if how == "alone":
            wait_until(lambda: keys_down(display), 5, "a key is stuck, else it is for nothing")
            xserver.keyup("Shift_L")
        wait_until(lambda: not keys_down(display), 5, "the key is released")


def test_it_ends_with_us_or_before(xserver: Desktop) -> None:
    with connected(xserver) as display:
        survivor = hold_connections(display)
        assert survivor
        process = survivor._process
        assert process
        assert process.poll() is None
        assert process.stdin
        process.stdin.close()  # as the kernel does where we are killed
        assert process.wait(10) == 0
        survivor.end()
        other = hold_connections(display)
        assert other
        began = other._process
        other.end()
        other.end()
        assert began
        assert began.returncode is not None


def test_without_a_shell_there_is_none(xserver: Desktop) -> None:
    with connected(xserver) as display:
        assert hold_connections(display, path="/nonexistent") is None
