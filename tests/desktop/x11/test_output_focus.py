"""A window is given the focus also by a window manager that does not listen at first."""

from __future__ import annotations

import os
import select
import subprocess
import threading
from collections.abc import Iterator

import pytest
from Xlib import X, Xatom
from Xlib.display import Display

from tray_dictate.core.errors import DeliveryError
from tray_dictate.output.x11.focus import activate
from tray_dictate.system.desktop.x11 import focus


class WindowManager:
    """A small one, which drops so many requests for the focus first."""

    def __init__(self, name: str, drops: int) -> None:
        self._display, self._drops = Display(name), drops
        self.asked = 0
        self._supported = self._display.intern_atom("_NET_SUPPORTED")
        self._active = self._display.intern_atom("_NET_ACTIVE_WINDOW")
        root = self._display.screen().root
        root.change_attributes(event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        root.change_property(self._supported, Xatom.ATOM, 32, [self._active])
        self._display.sync()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join(10)
        self._display.close()

    def _run(self) -> None:
        while not self._over.is_set():
            while self._display.pending_events():
                self._take(self._display.next_event())
            self._display.flush()
            select.select([self._display.fileno()], [], [], 0.02)

    def _take(self, event) -> None:
        if event.type == X.MapRequest:
            event.window.map()
        elif event.type == X.ClientMessage and event.client_type == self._active:
            self.asked += 1
            if self.asked > self._drops:
                event.window.set_input_focus(X.RevertToParent, X.CurrentTime)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    read, write = os.pipe()
    xvfb = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "320x240x24", "-nolisten", "tcp"],
        pass_fds=[write], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as number:
        name = f":{number.readline().strip()}"
    yield name
    xvfb.terminate()
    xvfb.wait(10)


@pytest.fixture
def display(server: str) -> Iterator[Display]:
    display = Display(server)
    yield display
    display.close()


def window(display: Display) -> str:
    root = display.screen().root
    made = root.create_window(0, 0, 9, 9, 0, X.CopyFromParent, event_mask=X.StructureNotifyMask)
    made.map()
    while display.next_event().type != X.MapNotify:
        pass
    return f"{made.id:#x}"


@pytest.mark.parametrize("drops", [0, 1])
def test_a_request_that_the_window_manager_drops_is_made_again(server, display, drops) -> None:
    manager = WindowManager(server, drops)
    try:
        wanted = window(display)
        activate(display, wanted)
        now = focus(display)
        assert now is not None
        assert now.window == wanted
        assert manager.asked == drops + 1, "and no more often than it must be"
    finally:
        manager.end()


def test_a_window_that_gets_no_focus_at_all_is_told_in_time(server, display) -> None:
    manager = WindowManager(server, 99)
    try:
        with pytest.raises(DeliveryError, match="does not accept the focus"):
            activate(display, window(display))
        assert 1 < manager.asked < 10
    finally:
        manager.end()
