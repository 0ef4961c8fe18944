"""The menu of the icon in an XEmbed tray, in windows of its own: XEmbed hosts draw no menus.

`Sheet` is one level of the menu as a picture; `Popup` shows the levels. While it is open, pointer
and keyboard are grabbed, as by every X11 menu: Escape or a click outside closes it, and no other
program sees either. All of this runs on the icon's thread.
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tray_dictate.system.desktop.x11 import flush
from tray_dictate.system.key_variables import without_keys
from tray_dictate.ui.tray.menu import Entry, click

log = logging.getLogger(__name__)

_SIZE = 13  # pixels of the letters
_LINE, _SEPARATOR, _EDGE = 24, 9, 4  # pixels of height
_LEFT, _RIGHT = 30, 28  # pixels beside the label: for the tick, and for the arrow
_PAPER, _INK, _GREY, _RULE = (255, 255, 255), (30, 34, 38), (150, 154, 158), (214, 217, 220)
_CHOSEN, _CHOSEN_INK = (31, 120, 214), (255, 255, 255)
_ESCAPE = 0xFF1B
_GRABBING = 0.5  # seconds to wait until the panel ends its grab for the same click


@dataclass(frozen=True, slots=True)
class Sheet:
    """One level of the menu, laid out."""

    entries: tuple[Entry, ...]
    tops: tuple[int, ...]
    size: tuple[int, int]

    def at(self, x: int, y: int) -> int | None:
        """Return the number of the entry at a point; None for a separator, or outside."""
        if not 0 <= x < self.size[0]:
            return None
        for number, (entry, top) in enumerate(zip(self.entries, self.tops, strict=True)):
            if entry.label and top <= y < top + _LINE:
                return number
        return None

    def draw(self, hovered: int | None) -> Image.Image:
        """Return the picture, with the hovered entry highlighted."""
        picture = Image.new("RGB", self.size, _PAPER)
        pen = ImageDraw.Draw(picture)
        width, height = self.size
        pen.rectangle((0, 0, width - 1, height - 1), outline=_RULE)
        for number, (entry, top) in enumerate(zip(self.entries, self.tops, strict=True)):
            if not entry.label:
                middle = top + _SEPARATOR // 2
                pen.line((1, middle, width - 2, middle), fill=_RULE)
                continue
            marked = number == hovered and entry.enabled
            ink = _CHOSEN_INK if marked else _INK if entry.enabled else _GREY
            if marked:
                pen.rectangle((1, top, width - 2, top + _LINE - 1), fill=_CHOSEN)
            pen.text((_LEFT, top + _LINE // 2), entry.label, fill=ink, font=_font(), anchor="lm")
            _mark(pen, entry, top + _LINE // 2, ink)
            if entry.children:
                tip, middle = width - 10, top + _LINE // 2
                pen.polygon((tip - 5, middle - 5, tip - 5, middle + 5, tip, middle), fill=ink)
        return picture


def sheet(entries: tuple[Entry, ...]) -> Sheet:
    """Return the entries as a sheet, one below the other."""
    tops: list[int] = []
    y = _EDGE
    for entry in entries:
        tops.append(y)
        y += _LINE if entry.label else _SEPARATOR
    widest = max((_font().getlength(entry.label) for entry in entries), default=0)
    return Sheet(entries, tuple(tops), (int(widest) + _LEFT + _RIGHT, y + _EDGE))


def _mark(pen: ImageDraw.ImageDraw, entry: Entry, middle: int, ink: tuple[int, int, int]) -> None:
    """Draw the tick or radio mark of an entry."""
    if entry.checked is None:
        return
    box = (9, middle - 6, 21, middle + 6)
    if entry.radio:
        pen.ellipse(box, outline=ink)
        if entry.checked:
            pen.ellipse((12, middle - 3, 18, middle + 3), fill=ink)
        return
    pen.rectangle(box, outline=ink)
    if entry.checked:
        pen.line((12, middle, 14, middle + 3, 19, middle - 4), fill=ink, width=2)


@cache
def _font() -> Any:
    """Return the desktop's sans font or, without one, Pillow's, which is Latin only."""
    try:
        asked = ["fc-match", "--format=%{file}", "sans"]
        found = subprocess.run(
            asked, capture_output=True, check=True, timeout=5, text=True, env=without_keys()
        )
        return ImageFont.truetype(found.stdout, _SIZE)
    except (OSError, subprocess.SubprocessError):
        return ImageFont.load_default(_SIZE)


@dataclass(slots=True)
class _Pane:
    """One level of the open menu."""

    sheet: Sheet
    window: Any
    gc: Any
    left: int
    top: int
    hovered: int | None = None

    def at(self, x: int, y: int) -> int | None:
        return self.sheet.at(x - self.left, y - self.top)

    def holds(self, x: int, y: int) -> bool:
        width, height = self.sheet.size
        return 0 <= x - self.left < width and 0 <= y - self.top < height

    def draw(self) -> None:
        self.window.put_pil_image(self.gc, 0, 0, self.sheet.draw(self.hovered))


class Popup:
    """The menu on one display, at first closed."""

    def __init__(self, x: Any, display: Any) -> None:
        self._x, self._display = x, display
        self._screen = display.screen()
        self._panes: list[_Pane] = []

    def open(self, entries: tuple[Entry, ...], x: int, y: int) -> None:
        """Show the menu at the pointer."""
        self.close()
        self._add(entries, x, y)
        if not self._grab():
            log.info("the menu was not opened: another program has the pointer")
            self.close()

    def update(self, entries: tuple[Entry, ...]) -> None:
        """Show other entries in the open levels."""
        below = entries
        for number, pane in enumerate(self._panes):
            fresh = sheet(below)
            if fresh.size != pane.sheet.size:
                pane.window.configure(width=fresh.size[0], height=fresh.size[1])
            pane.sheet = fresh
            pane.draw()
            inner = [entry for entry in fresh.entries if entry.children]
            opened = pane.hovered if pane.hovered is not None else -1
            if not 0 <= opened < len(fresh.entries) or fresh.entries[opened] not in inner:
                self._cut(number + 1)
                return
            below = fresh.entries[opened].children

    def close(self) -> None:
        """Close the menu; idempotent."""
        if self._panes:
            self._cut(0)
            self._display.ungrab_pointer(self._x.X.CurrentTime)
            self._display.ungrab_keyboard(self._x.X.CurrentTime)

    def takes(self, event: Any) -> bool:
        """Handle an event of the open menu; return False for any other event."""
        if not self._panes:
            return False
        x = self._x.X
        mine: dict[int, Callable[[Any], object]] = {
            x.MotionNotify: lambda event: self._move(event.root_x, event.root_y),
            x.ButtonPress: self._press,
            x.ButtonRelease: lambda event: self._release(event.root_x, event.root_y),
            x.KeyPress: self._key,
        }
        if event.type == x.Expose:
            shown = [pane for pane in self._panes if pane.window.id == event.window.id]
            for pane in shown:
                pane.draw()
            return bool(shown)
        if event.type not in mine:
            return False
        mine[event.type](event)
        return True

    def _press(self, event: Any) -> None:
        if self._under(event.root_x, event.root_y) is None:
            self.close()

    def _key(self, event: Any) -> None:
        if self._display.keycode_to_keysym(event.detail, 0) == _ESCAPE:
            self.close()

    def _move(self, x: int, y: int) -> None:
        """Highlight the entry under the pointer, and open its submenu."""
        found = self._under(x, y)
        if found is None:
            return
        pane = self._panes[found]
        number = pane.at(x, y)
        if number == pane.hovered:
            return
        pane.hovered = number
        pane.draw()
        self._cut(found + 1)
        entry = None if number is None else pane.sheet.entries[number]
        if entry and number is not None and entry.enabled and entry.children:
            right, top = pane.left + pane.sheet.size[0], pane.top + pane.sheet.tops[number]
            self._add(entry.children, right, top - 4, beside=pane)

    def _release(self, x: int, y: int) -> None:
        """Carry out the action of the entry on which the button is released."""
        self._move(x, y)
        found = self._under(x, y)
        number = None if found is None else self._panes[found].at(x, y)
        if found is None or number is None:
            return
        entry = self._panes[found].sheet.entries[number]
        if entry.enabled and not entry.children:
            self.close()
            flush(self._display)
            click(entry)

    def _under(self, x: int, y: int) -> int | None:
        numbers = range(len(self._panes) - 1, -1, -1)
        return next((number for number in numbers if self._panes[number].holds(x, y)), None)

    def _add(self, entries: tuple[Entry, ...], x: int, y: int, beside: _Pane | None = None) -> None:
        laid, screen, mask = sheet(entries), self._screen, self._x.X
        width, height = laid.size
        if x + width > screen.width_in_pixels:
            x = (beside.left if beside else x) - width
        if y + height > screen.height_in_pixels:
            y = screen.height_in_pixels - height if beside else y - height
        x, y = max(x, 0), max(y, 0)
        window = screen.root.create_window(
            x, y, width, height, 0, screen.root_depth, mask.InputOutput, mask.CopyFromParent,
            override_redirect=1, save_under=1, event_mask=mask.ExposureMask,
        )  # fmt: skip
        window.map()
        pane = _Pane(laid, window, window.create_gc(), x, y)
        self._panes.append(pane)
        pane.draw()

    def _cut(self, number: int) -> None:
        """Close the levels from `number` on."""
        while len(self._panes) > number:
            pane = self._panes.pop()
            pane.gc.free()
            pane.window.destroy()

    def _grab(self) -> bool:
        x, window = self._x.X, self._panes[0].window
        mask = x.ButtonPressMask | x.ButtonReleaseMask | x.PointerMotionMask
        end = time.monotonic() + _GRABBING
        while True:
            grabbed = window.grab_pointer(
                False, mask, x.GrabModeAsync, x.GrabModeAsync, x.NONE, x.NONE, x.CurrentTime
            )
            if grabbed == x.GrabSuccess:
                window.grab_keyboard(False, x.GrabModeAsync, x.GrabModeAsync, x.CurrentTime)
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
