"""Killed at any moment, we leave no key down, no lock changed, and the next start mends the map."""

from __future__ import annotations

import asyncio
import random
import sys

import pytest
from Xlib import X
from Xlib.display import Display

from tests.rigs.modifier_schedules import mask
from tests.rigs.processes import Program
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected, keymap, keys_down
from tests.waiting import wait_until
from tray_dictate.output.x11.output import X11Output

KILLS = 10  # of each method


def is_free(display: Display) -> bool:
    """Tell whether nobody has the keyboard for itself."""
    root = display.screen().root
    answer = root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    display.ungrab_keyboard(X.CurrentTime)
    display.sync()
    return answer == X.GrabSuccess


@pytest.mark.parametrize("method", ["type", "paste"])
async def test_a_kill_at_any_moment_leaves_no_key_down_and_caps_lock_on(
    environ: Desktop, method: str
) -> None:
    chance = random.Random(method)
    environ.tap("Caps_Lock")
    with environ.text_window("tk") as window, connected(environ) as display:
        before = keymap(display)
        for number in range(KILLS):
            argv = [sys.executable, "-m", "tests.rigs.typing_child", method]
            with Program(environ.processes, "child", argv, "delivering") as child:
                await asyncio.sleep(chance.uniform(0, 0.25))
                child.process.kill()
            wait_until(lambda: window.text() is not None, 5, "the window answers")
            # the server may still be at what we sent as one write
            wait_until(lambda: not keys_down(display), 20, f"no key is down after kill {number}")
            assert mask(display) == X.LockMask, f"after kill {number}"
            wait_until(lambda: is_free(display), 5, "the keyboard is the user's again")
            window.clear()
        await X11Output("type", FilteringHotkey()).close()
        assert keymap(display) == before
        environ.tap("Caps_Lock")
        wait_until(lambda: not mask(display), 5, "the keyboard is the user's, and its lock is off")
