"""Records README's picture from the real program: `python .github/picture.py`, in a checkout.

A private X server, panel, sound server and editor are started, the daemon too; a synthetic voice
speaks into the microphone while the hotkey is held. Only the line below the screen is drawn here:
it shows what a screen cannot, the key and the voice.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.rigs.dictation import spoken  # noqa: E402 - of this checkout
from tests.rigs.windows import SYSTEM_PYTHON  # noqa: E402
from tests.rigs.x11 import Desktop  # noqa: E402
from tests.waiting import wait_until  # noqa: E402

PICTURE = ROOT / ".github" / "demo.gif"
SENTENCES = (
    "The new release is ready.",
    "All of the tests are green.",
    "Could you look at it before noon?",
)
WIDTH, HEIGHT, CAPTION = 640, 180, 44  # the screen, and the line below it
FRAME = 0.1  # seconds
LAST = 2.5  # seconds for which the last frame stays
COLOURS = 48
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
TITLE = "Message to the team"


class Film:
    """What the screen showed, each picture with the seconds for which it was there."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._frames: list[tuple[Image.Image, float]] = []

    def take(self, *, held: bool, said: str = "") -> None:
        """Add what the screen shows now, for the length of one frame."""
        began = time.monotonic()
        frame = Image.new("RGB", (WIDTH, HEIGHT + CAPTION), "#20242b")
        frame.paste(self._desktop.screenshot())
        _caption(frame, held, said)
        if self._frames and self._frames[-1][0].tobytes() == frame.tobytes():
            self._frames[-1] = (frame, self._frames[-1][1] + FRAME)
        else:
            self._frames.append((frame, FRAME))
        time.sleep(max(0.0, began + FRAME - time.monotonic()))

    def save(self, path: Path) -> None:
        """Write all of it as an animation of one palette, which keeps it small."""
        pictures = [frame for frame, _ in self._frames]
        all_colours = Image.new("RGB", (WIDTH, 2 * (HEIGHT + CAPTION)))
        all_colours.paste(pictures[len(pictures) // 2])  # the key is down
        all_colours.paste(pictures[-1], (0, HEIGHT + CAPTION))
        palette = all_colours.quantize(COLOURS, dither=Image.Dither.NONE)
        first, *rest = (
            picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures
        )
        seconds = [seconds for _, seconds in self._frames[:-1]] + [LAST]
        durations = [round(1000 * each) for each in seconds]
        first.save(
            path, save_all=True, append_images=rest, duration=durations, loop=0, optimize=True
        )


def _caption(frame: Image.Image, held: bool, said: str) -> None:
    """Draw the key, down or up, and what is being said."""
    pen = ImageDraw.Draw(frame)
    font = ImageFont.truetype(FONT, 15)
    top = HEIGHT + (9 if held else 7)
    pen.rounded_rectangle(
        (12, top, 124, top + 26), 5, fill="#e5533d" if held else "#3a404a", outline="#8a93a0"
    )
    pen.text((68, top + 13), "right Ctrl", "white", font, anchor="mm")
    pen.text((142, HEIGHT + 22), f"“{said}”" if said else "", "#f2d28b", font, anchor="lm")


def _open_editor(desktop: Desktop) -> None:
    """Open an editor over the whole screen below the panel."""
    argv = [SYSTEM_PYTHON, str(Path(__file__).with_name("picture_window.py")), TITLE]
    desktop.processes.start("editor", argv)
    search = ("xdotool", "search", "--onlyvisible", "--name", f"^{TITLE}$")
    window = wait_until(lambda: desktop.run(*search, check=False).split(), 20, "the editor")[0]
    active = ("xdotool", "getactivewindow")
    wait_until(lambda: desktop.run(*active, check=False).split() == [window], 20, "its focus")


def _speak(film: Film, desktop: Desktop, wav: Path, said: str) -> None:
    player = desktop.play(wav)
    while player.poll() is None:
        film.take(held=True, said=said)


def record() -> None:
    """Film one dictation, from before the key goes down to the last word."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Desktop(tray="xfce", sound=True, accessible=True, size=f"{WIDTH}x{HEIGHT}") as desktop,
        desktop.daemon() as daemon,
    ):
        wavs = [spoken(Path(folder), sentence, end=0.7) for sentence in SENTENCES]
        _open_editor(desktop)
        film = Film(desktop)
        for _ in range(8):
            film.take(held=False)
        desktop.keydown("Control_R")
        for _ in range(4):
            film.take(held=True)
        for wav, sentence in zip(wavs, SENTENCES, strict=True):
            _speak(film, desktop, wav, sentence)
        desktop.keyup("Control_R")
        while "dictation 1: over" not in daemon.log():
            film.take(held=False)
        for _ in range(3):
            film.take(held=False)
        film.save(PICTURE)


if __name__ == "__main__":
    record()
