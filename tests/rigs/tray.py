"""The real tray in this process, and what its user sees of it and does to it."""

from __future__ import annotations

import itertools
from collections.abc import Coroutine
from typing import Any, Self

import numpy as np
from PIL import Image

from tests.fakes import FakeTrayCommands
from tests.rigs.panel_menu import AWAY, open_menu
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuState
from tray_dictate.system.threads import Bridge
from tray_dictate.ui.tray import select
from tray_dictate.ui.tray.icon import COLOURS
from tray_dictate.ui.tray.menu import View

PANEL = (0, 0, 1280, 32)


class _Commands(FakeTrayCommands):
    """Shows on the tray what the daemon would show after each command."""

    def __init__(self, shown: PanelTray) -> None:
        super().__init__()
        self._shown = shown

    def enable(self, on: bool) -> None:
        super().enable(on)
        self._shown.tray.show(Status.IDLE if on else Status.OFF)

    def toggle(self) -> None:
        super().toggle()
        self._shown.tray.show(Status.RECORDING)

    def redo(self) -> None:
        super().redo()
        self._shown.tray.show(Status.IDLE)

    def undo(self) -> None:
        super().undo()
        self._shown.tray.show(Status.IDLE)

    def copy_last(self) -> None:
        super().copy_last()
        self._shown.tray.show(Status.IDLE)

    def refresh(self) -> None:
        self._shown.tray.offer(self._shown.choices)

    def quit(self) -> None:
        super().quit()
        self._shown.tray.show(Status.IDLE)


class PanelTray:
    """The real tray on a real desktop, and what its user did to it."""

    def __init__(self, desktop: Desktop, *, notifications: bool = True) -> None:
        self.desktop = desktop
        self._bridge = Bridge()
        self._bridge.start()
        self.commands = _Commands(self)
        self.did = self.commands.did
        self.choices = MenuState()  # what a look finds
        self.tray = select(self._bridge, self.commands, icon=True, notifications=notifications)
        self.point_away()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.tray.stop()
        self.tray.run()
        self._bridge.stop()
        self.wait_icons(0)

    def view(self) -> View:
        """Return what the menu shows while nothing is done."""
        return View(choices=self.choices)

    def wait(self, work: Coroutine[Any, Any, None]) -> None:
        """Have the loop do it to its end."""
        self._bridge.run(work).result(10)

    def panel(self) -> Image.Image:
        return self.desktop.screenshot().crop(PANEL).convert("RGB")

    def icons(self) -> list[Status]:
        """Return the status of each icon in the panel, from left to right."""
        pixels = np.asarray(self.panel()).astype(int)
        columns = {
            status: np.flatnonzero((abs(pixels - colour).max(axis=2) < 12).any(axis=0))
            for status, colour in COLOURS.items()
        }
        starts = [
            (x, status)
            for status, found in columns.items()
            for before, x in itertools.pairwise([-100, *found])
            if x - before > 6
        ]
        return [status for _, status in sorted(starts)]

    def wait_icon(self, status: Status, timeout: float = 10) -> None:
        wait_until(lambda: self.icons() == [status], timeout, f"one icon, {status}")

    def wait_icons(self, count: int, timeout: float = 10) -> None:
        wait_until(lambda: len(self.icons()) == count, timeout, f"{count} icons")

    def point_away(self) -> None:
        """Move the pointer off the panel: a click must move it."""
        self.desktop.run("xdotool", "mousemove", *map(str, AWAY))

    def click(self, place: tuple[int, int], button: int = 1) -> None:
        self.point_away()
        self.desktop.click(*place, button)

    def open_menu(self) -> Image.Image:
        """Open the menu by a right click; return what its first lines look like."""
        return open_menu(self.desktop).crop((0, 34, 118, 118))
