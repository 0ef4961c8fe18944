"""GNOME 48 as a person's session has it: its own portals, shortcuts, settings and IBus."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar

from tests.rigs.gnome import Gnome
from tests.rigs.whole_session import WholeSession

# the windows that the shell shows: title, class, place and size
WINDOWS = """global.get_window_actors().map(actor => actor.meta_window).map(window => {
  const place = window.get_frame_rect();
  return {title: window.title, kind: window.wm_class, focused: window.has_focus(),
    place: [place.x, place.y, place.width, place.height]}; })"""
# a device of the rig's in the shell; a motion, a press and a release are told in calls of their own
POINTER = """global.rig ??= imports.gi.Clutter.get_default_backend().get_default_seat()
  .create_virtual_device(imports.gi.Clutter.InputDeviceType.POINTER_DEVICE)"""


# where a dialog's "yes" is clicked: so far from its right and its top
ADD = [(37, 23)]
SHARE = [(62, 157), (43, 23)]  # "Allow Remote Interaction" first: without it Share is grey
YES = {"Add Keyboard Shortcuts": ADD, "Remote Desktop": SHARE}
NOW = "global.get_current_time() * 1000"  # microseconds


class Gnome48(WholeSession, Gnome):
    """GNOME Shell whose bus starts the desktop's services, as its session's does."""

    PROGRAMS: ClassVar = (*Gnome.PROGRAMS, "gnome-control-center", "ibus-daemon")

    def __init__(self) -> None:
        super().__init__()
        self.env |= {
            "XDG_SESSION_DESKTOP": "gnome", "XDG_SESSION_CLASS": "user",
            "GNOME_SHELL_SESSION_MODE": "user",
        }  # fmt: skip

    def start(self) -> None:
        """Start it, with a pointer: a program that sees its first one does not take its click."""
        super().start()
        self._move(640, 700)
        self.run("gsettings", "set", "org.gnome.desktop.session", "idle-delay", "0")

    def shown(self) -> list[dict[str, Any]]:
        """Return the windows that the shell shows, dialogs of the portals among them."""
        answer = self.evaluate(WINDOWS)
        found = re.search(r"\(true, '(.*)'\)", answer, re.DOTALL)
        assert found, answer
        return json.loads(found[1].encode().decode("unicode_escape"))

    def dialogs(self) -> list[str]:
        """Return the titles of the portals' dialogs, the uppermost last."""
        return [window["title"] for window in self.shown() if window["title"] in YES]

    @contextmanager
    def allowing(self) -> Iterator[list[str]]:
        """Allow whatever dialogs ask meanwhile; yield their titles, in the order of answering."""
        answered: list[str] = []
        over = threading.Event()

        def answer() -> None:
            while not over.wait(0.2):
                asked = self.dialogs()
                # another may come above it, and on a busy machine a click is lost: so again
                if asked and not over.wait(2) and asked == self.dialogs():
                    self._say_yes(asked[-1])
                    over.wait(2)
                    answered.extend(set(asked) - set(self.dialogs()))

        with ThreadPoolExecutor(1) as thread:
            answering = thread.submit(answer)
            try:
                yield answered
            finally:
                over.set()
                answering.result()

    def _say_yes(self, title: str) -> None:
        window = next((window for window in self.shown() if window["title"] == title), None)
        if window:
            left, top, width, _ = window["place"]
            for right, down in YES[title]:
                self.click(left + width - right, top + down)
                time.sleep(0.5)  # it is drawn anew

    def click(self, x: float, y: float) -> None:
        """Move the pointer there and click."""
        self._move(x, y)
        for down in (1, 0):
            time.sleep(0.1)
            self._act(f"notify_button({NOW}, 1, {down})")

    def _move(self, x: float, y: float) -> None:
        self._act(f"notify_absolute_motion({NOW}, {x}, {y})")

    def _act(self, call: str) -> None:
        self.evaluate(f"{POINTER}; global.rig.{call}")
