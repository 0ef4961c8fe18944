"""Draws the icons. They differ in shape as well as colour, and suit light and dark panels.

Every colour has a medium lightness, so that it stands out from white and from black; details inside
a filled shape are white. Shapes are given on a grid of 64 units, drawn eight times too large and
scaled down: a line 7 units wide is not quite two pixels wide in an icon of 16 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw

from tray_dictate.core.dictation import Status

Colour = tuple[int, int, int]
Corners = tuple[float, float, float, float]  # left, top, right, bottom

COLOURS: dict[Status, Colour] = {
    Status.IDLE: (31, 157, 122),  # a teal microphone
    Status.OPENING: (200, 141, 0),  # an amber ring, still empty
    Status.RECORDING: (224, 49, 49),  # a red disc with a white microphone
    Status.TRANSCRIBING: (51, 120, 214),  # a blue speech bubble with three dots
    Status.OFF: (120, 128, 136),  # a grey microphone, struck through
    Status.ERROR: (224, 90, 18),  # an orange triangle with an exclamation mark
}
SIZES = (16, 22, 24, 32, 48, 64)  # pixels; panels choose the nearest
LOUDEST = 6  # steps of the input level: no more can be distinguished at 16 pixels

_GRID = 64
_OVERSAMPLED = 8
_WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Picture:
    """What an icon shows: the status, the input level, a mark for an open microphone."""

    status: Status
    level: int = 0  # up to LOUDEST
    marked: bool = False


@cache
def draw(picture: Picture, size: int) -> Image.Image:
    """Return the RGBA icon, `size` pixels wide and high; shared, so not to be changed."""
    pen = _Pen(size * _OVERSAMPLED)
    _SHAPES[picture.status](pen, COLOURS[picture.status])
    if picture.level:
        _sound(pen, picture.level / LOUDEST)
    if picture.marked:
        _mark(pen)
    return pen.image.resize((size, size), Image.Resampling.LANCZOS)


@cache
def argb(picture: Picture, size: int) -> bytes:
    """Return the icon as StatusNotifierItem wants it: ARGB, 4 bytes a pixel, big-endian."""
    red, green, blue, alpha = draw(picture, size).split()
    return Image.merge("RGBA", (alpha, red, green, blue)).tobytes()


class _Pen:
    """Draws in units of the grid."""

    def __init__(self, side: int) -> None:
        self.image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self.image)
        self._unit = side / _GRID

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self.box((x - radius, y - radius, x + radius, y + radius), radius, colour)

    def clear(self, x: float, y: float, radius: float) -> None:
        """Cut a disc out of the picture."""
        corners = self._scaled(x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(corners, fill=(0, 0, 0, 0))

    def box(self, corners: Corners, radius: float, colour: Colour) -> None:
        """Fill a rectangle with round corners."""
        self._draw.rounded_rectangle(self._scaled(*corners), radius * self._unit, fill=colour)

    def arc(
        self, y: float, radius: float, degrees: tuple[float, float], width: float, colour: Colour
    ) -> None:
        """Draw part of a centred ring; `radius` is its outer one.

        `degrees` are its start and end, clockwise from the right.
        """
        corners = self._scaled(32 - radius, y - radius, 32 + radius, y + radius)
        self._draw.arc(corners, *degrees, fill=colour, width=round(width * self._unit))

    def line(self, points: tuple[float, ...], width: float, colour: Colour | None) -> None:
        """Draw a line with round ends; without a colour, cut it out of the picture."""
        ink = (*colour, 255) if colour else (0, 0, 0, 0)
        thick = round(width * self._unit)
        self._draw.line(self._scaled(*points), fill=ink, width=thick, joint="curve")
        for x, y in zip(points[::2], points[1::2], strict=True):
            ends = self._scaled(x - width / 2, y - width / 2, x + width / 2, y + width / 2)
            self._draw.ellipse(ends, fill=ink)

    def polygon(self, points: tuple[float, ...], colour: Colour) -> None:
        self._draw.polygon(self._scaled(*points), fill=colour)

    def _scaled(self, *units: float) -> tuple[float, ...]:
        return tuple(unit * self._unit for unit in units)


def _microphone(pen: _Pen, colour: Colour, scale: float = 1) -> None:
    """Draw a centred microphone: capsule, bracket and foot."""

    def at(units: float) -> float:
        return 32 + (units - 32) * scale

    width = 7 * scale
    pen.box((at(21), at(2), at(43), at(39)), 11 * scale, colour)
    pen.arc(at(28), 22 * scale, (0, 180), width, colour)
    pen.line((at(32), at(48), at(32), at(57)), width, colour)
    pen.line((at(21), at(58), at(43), at(58)), width, colour)


def _idle(pen: _Pen, colour: Colour) -> None:
    _microphone(pen, colour)


def _opening(pen: _Pen, colour: Colour) -> None:
    pen.arc(32, 31, (0, 360), 7, colour)
    _microphone(pen, colour, 0.56)


def _recording(pen: _Pen, colour: Colour) -> None:
    pen.disc(32, 32, 31, colour)
    _microphone(pen, _WHITE, 0.6)  # with room for the ring of `_sound`


def _sound(pen: _Pen, level: float) -> None:
    """Draw a white ring inside the disc's rim, closing from below the louder it is."""
    half = 180 * level
    pen.arc(32, 27, (90 - half, 90 + half), 5, _WHITE)


def _mark(pen: _Pen) -> None:
    """Draw a red dot at the lower right, with a gap around it: the microphone is open."""
    pen.clear(51, 51, 17)
    pen.disc(51, 51, 12, COLOURS[Status.RECORDING])


def _transcribing(pen: _Pen, colour: Colour) -> None:
    pen.box((1, 6, 63, 48), 10, colour)
    pen.polygon((12, 44, 34, 44, 14, 62), colour)
    for x in (16, 32, 48):
        pen.disc(x, 27, 6, _WHITE)


def _off(pen: _Pen, colour: Colour) -> None:
    _microphone(pen, colour)
    pen.line((11, 5, 57, 57), 16, None)  # so that the stroke stands clear of the microphone
    pen.line((7, 6, 57, 58), 7, colour)


def _error(pen: _Pen, colour: Colour) -> None:
    pen.line((32, 8, 58, 56, 6, 56, 32, 8), 10, colour)
    pen.polygon((32, 8, 58, 56, 6, 56), colour)
    pen.line((32, 23, 32, 39), 8, _WHITE)
    pen.disc(32, 50, 4.5, _WHITE)


_SHAPES = {
    Status.IDLE: _idle,
    Status.OPENING: _opening,
    Status.RECORDING: _recording,
    Status.TRANSCRIBING: _transcribing,
    Status.OFF: _off,
    Status.ERROR: _error,
}
