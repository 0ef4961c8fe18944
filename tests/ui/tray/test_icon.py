from __future__ import annotations

import itertools

import pytest
from PIL import Image, ImageChops

from tray_dictate.core.dictation import Status
from tray_dictate.ui.tray.icon import COLOURS, LOUDEST, SIZES, Picture, argb, draw

PAIRS = list(itertools.combinations(Status, 2))


def luminance(colour: tuple[int, ...]) -> float:
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("status", Status)
def test_an_icon_fills_its_square_and_shows_its_colour(status: Status, size: int) -> None:
    icon = draw(Picture(status), size)
    assert (icon.mode, icon.size) == ("RGBA", (size, size))
    left, top, right, bottom = icon.getchannel("A").point(lambda a: 255 * (a > 128)).getbbox()
    assert max(right - left, bottom - top) >= 0.8 * size
    assert silhouette(status, size).histogram()[255] >= size * size * 0.1


def pixels(icon: Image.Image) -> list[tuple[int, ...]]:
    return [icon.getpixel((x, y)) for y in range(icon.height) for x in range(icon.width)]


@pytest.mark.parametrize("size", [16, 22])
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{a} and {b}" for a, b in PAIRS])
def test_two_statuses_differ_in_shape_even_without_colour(
    one: Status, other: Status, size: int
) -> None:
    assert difference(silhouette(one, size), silhouette(other, size)) > 0.08


def silhouette(status: Status, size: int) -> Image.Image:
    """Return where the status's own colour is: what a colour-blind person sees of it."""
    icon, colour = draw(Picture(status), size), COLOURS[status]
    seen = [
        255 * (a > 128 and max(abs(x - y) for x, y in zip(rgb, colour, strict=True)) < 90)
        for *rgb, a in pixels(icon)
    ]
    shape = Image.new("L", icon.size)
    shape.putdata(seen)
    return shape


def difference(one: Image.Image, other: Image.Image) -> float:
    histogram = ImageChops.difference(one, other).histogram()
    return histogram[255] / sum(histogram)


@pytest.mark.parametrize("status", Status)
def test_a_colour_stands_out_from_light_and_from_dark_panels(status: Status) -> None:
    for panel in ((255, 255, 255), (0, 0, 0), (46, 52, 54)):
        assert contrast(COLOURS[status], panel) >= 2.5


def test_pixels_for_the_bus_are_alpha_red_green_blue() -> None:
    data, icon = argb(Picture(Status.RECORDING), 32), draw(Picture(Status.RECORDING), 32)
    assert len(data) == 32 * 32 * 4
    red, green, blue, alpha = icon.getpixel((2, 16))
    assert tuple(data[(16 * 32 + 2) * 4 :][:4]) == (alpha, red, green, blue)


def test_icons_are_drawn_once() -> None:
    assert draw(Picture(Status.IDLE), 22) is draw(Picture(Status.IDLE), 22)


@pytest.mark.parametrize("size", [16, 22, 48])
def test_each_input_level_looks_different_and_is_still_a_recording(size: int) -> None:
    levels = [draw(Picture(Status.RECORDING, level), size) for level in range(LOUDEST + 1)]
    for before, after in itertools.pairwise(levels):
        changed = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).convert("L")
        assert changed.point(lambda value: 255 * (value > 60)).histogram()[255] >= 4
    red = [pixel for pixel in pixels(levels[-1]) if pixel[0] > 180 and pixel[1] < 100]
    assert len(red) > size * size * 0.2
    assert (
        len({argb(Picture(Status.RECORDING, level), size) for level in range(LOUDEST + 1)})
        == LOUDEST + 1
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "status", [s for s in Status if s not in (Status.OPENING, Status.RECORDING)]
)
def test_an_open_microphone_is_marked_in_red_without_hiding_the_status(
    status: Status, size: int
) -> None:
    marked = draw(Picture(status, marked=True), size)
    at = round(51 / 64 * size)
    red, green, blue, alpha = marked.getpixel((at, at))
    assert alpha > 200
    assert red > 2 * max(green, blue)
    plain = draw(Picture(status), size)
    assert difference_of(plain, marked) > 0.02
    corner = (0, 0, size // 2, size // 2)
    assert not ImageChops.difference(plain.crop(corner), marked.crop(corner)).getbbox()


def difference_of(one: Image.Image, other: Image.Image) -> float:
    """Return which part of the pixels differs visibly."""
    apart = ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))
    return sum(max(pixel) > 40 for pixel in pixels(apart)) / (one.width * one.height)
