"""The screen of a real X server: who locks it keeps the keyboard and the pointer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from Xlib import X, Xatom, display
from Xlib.display import Display

from tests.fakes import FakeListener, FakeNotices
from tests.rigs.daemon import ROOT
from tests.rigs.dictation import listening
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected
from tests.waiting import wait_until
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.names import parse_chord
from tray_dictate.hotkey.x11.hotkey import XInputHotkey
from tray_dictate.system.screen_lock.x11 import X11Lock

F9 = 75  # its keycode
POPUP = "_NET_WM_WINDOW_TYPE_POPUP_MENU"


@pytest.fixture
def locker(xserver: Desktop) -> Iterator[Display]:
    """Another program's connection."""
    with connected(xserver) as server:
        yield server


@pytest.fixture
def lock(environ: Desktop) -> Iterator[X11Lock]:
    one = X11Lock()
    yield one
    one._display.close()


def take(server: Display, *, pointer: bool = True) -> None:
    root = server.screen().root
    now = (X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    assert root.grab_keyboard(False, *now) == X.GrabSuccess
    if pointer:
        grab = (False, X.ButtonPressMask, *now[:2], X.NONE, X.NONE, X.CurrentTime)
        assert root.grab_pointer(*grab) == X.GrabSuccess
    server.sync()


@pytest.mark.parametrize("pointer", [True, False])
def test_who_keeps_the_keyboard_locks_the_screen(lock, locker, pointer):
    assert not lock.is_locked()
    take(locker, pointer=pointer)
    assert lock.is_locked()
    locker.ungrab_keyboard(X.CurrentTime)
    locker.ungrab_pointer(X.CurrentTime)
    locker.sync()
    assert not lock.is_locked()


def test_a_menu_locks_nothing(lock, locker):
    menu = locker.screen().root.create_window(10, 10, 50, 50, 0, 0, override_redirect=True)
    types = locker.intern_atom("_NET_WM_WINDOW_TYPE")
    menu.change_property(types, Xatom.ATOM, 32, [locker.intern_atom(POPUP)])
    menu.map()
    take(locker)
    assert not lock.is_locked()
    menu.destroy()
    locker.sync()
    assert lock.is_locked()


def test_a_key_that_some_program_has_taken_locks_nothing_while_it_is_down(xserver, lock, locker):
    """A window manager may run `tray-dictate start` by it, and it is our own hotkey's way, too."""
    locker.screen().root.grab_key(F9, X.AnyModifier, False, X.GrabModeAsync, X.GrabModeAsync)
    locker.sync()
    xserver.keydown("F9")
    assert not lock.is_locked()
    take(locker)  # the same program may lock the screen then
    assert lock.is_locked()
    xserver.keyup("F9")


def test_our_own_hotkey_locks_nothing(xserver, lock):
    hotkey = XInputHotkey(parse_chord("f9"), (), FakeNotices())
    asked: list[bool] = []

    class Listener(FakeListener):
        def edge(self, _edge: Edge) -> None:
            asked.append(lock.is_locked())

    hotkey.start(Listener())
    xserver.tap("F9")
    wait_until(lambda: len(asked) == 2, 5, "both edges")
    assert asked == [False, False]
    hotkey.stop()


def test_no_window_learns_that_it_was_asked(xserver, lock, locker):
    window = locker.screen().root.create_window(
        0, 0, 300, 300, 0, X.CopyFromParent, override_redirect=True,
        event_mask=X.FocusChangeMask | X.EnterWindowMask | X.LeaveWindowMask,
    )  # fmt: skip
    window.map()
    window.set_input_focus(X.RevertToParent, X.CurrentTime)
    locker.sync()
    xserver.run("xdotool", "mousemove", "20", "20")
    wait_until(lambda: focused(locker) == window.id, 5, "the focus")
    while locker.pending_events():
        locker.next_event()
    assert not lock.is_locked()
    take(locker)
    while locker.pending_events():
        locker.next_event()
    assert lock.is_locked()
    locker.sync()
    assert locker.pending_events() == 0
    window.destroy()


def focused(server: Display) -> int:
    return getattr(server.get_input_focus().focus, "id", 0)


def test_behind_a_lock_the_microphone_is_not_opened_and_at_a_lock_it_is_closed(desktop, daemon):
    locker = display.Display(desktop.display)
    command = [sys.executable, "-m", "tray_dictate", "start"]
    env = {**desktop.env, "PYTHONPATH": str(ROOT)}
    take(locker)
    desktop.keydown("Control_R")
    refused = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert "The screen is locked" in refused.stderr
    desktop.keyup("Control_R")
    assert listening(desktop) == []
    locker.ungrab_keyboard(X.CurrentTime)
    locker.ungrab_pointer(X.CurrentTime)
    locker.sync()
    subprocess.run(command, env=env, check=True)  # at the press it is asked anew
    daemon.wait_log("dictation 1: first sample")
    assert "Nothing was recorded while the screen was locked" in daemon.log()
    take(locker)
    daemon.wait_log("dictation 1: over")
    assert listening(desktop) == []
    locker.close()
    daemon.wait_log("The screen was locked, so the dictation ended")
