"""A menu as a picture, for trays whose hosts draw none: lines, ticks, and what is under a point."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tray_dictate.system.key_variables import without_keys
from tray_dictate.ui.tray.menu import Entry

_SIZE = 13  # pixels of the letters
_LINE, _SEPARATOR, _EDGE = 24, 9, 4  # pixels of height
_LEFT, _RIGHT = 30, 28  # pixels beside the words: for the tick, and for the arrow
_PAPER, _INK, _GREY, _RULE = (255, 255, 255), (30, 34, 38), (150, 154, 158), (214, 217, 220)
_CHOSEN, _CHOSEN_INK = (31, 120, 214), (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One level of the menu, laid out."""

    entries: tuple[Entry, ...]
    tops: tuple[int, ...]
    size: tuple[int, int]

    def at(self, x: int, y: int) -> int | None:
        """Return which entry is there; None for a separator, or outside."""
        if not 0 <= x < self.size[0]:
            return None
        for number, (entry, top) in enumerate(zip(self.entries, self.tops, strict=True)):
            if entry.label and top <= y < top + _LINE:
                return number
        return None

    def draw(self, hovered: int | None) -> Image.Image:
        """Return the picture, with the entry under the pointer marked."""
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
    """Return the entries, laid out one below the other."""
    tops: list[int] = []
    y = _EDGE
    for entry in entries:
        tops.append(y)
        y += _LINE if entry.label else _SEPARATOR
    widest = max((_font().getlength(entry.label) for entry in entries), default=0)
    return Sheet(entries, tuple(tops), (int(widest) + _LEFT + _RIGHT, y + _EDGE))


def _mark(pen: ImageDraw.ImageDraw, entry: Entry, middle: int, ink: tuple[int, int, int]) -> None:
    """Draw whether it is checked."""
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
    """Return the desktop's own letters, else Pillow's, which are Latin only."""
    try:
        asked = ["fc-match", "--format=%{file}", "sans"]
        found = subprocess.run(
            asked, capture_output=True, check=True, timeout=5, text=True, env=without_keys()
        )
        return ImageFont.truetype(found.stdout, _SIZE)
    except (OSError, subprocess.SubprocessError):
        return ImageFont.load_default(_SIZE)
