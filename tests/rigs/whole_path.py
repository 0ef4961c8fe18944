"""The main job on any Wayland desktop: hold a key, speak, read the window, look at the rest."""

from __future__ import annotations

import re
from pathlib import Path

from tests.rigs.client_windows import ClientWindow
from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, errors, landed, settled, spoken
from tests.rigs.session import Session
from tests.rigs.wayland_dictation import WRONG
from tests.rigs.wayland_selections import Selections
from tests.waiting import wait_until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100
MARKED = "what the user has marked"
KEY = "f9"


def fill_selections(desk: Selections) -> None:
    """Have an image on the clipboard, and text marked."""
    desk.set_clipboard(PNG, "image/png")
    desk.set_clipboard(MARKED, primary=True)


def check_selections(desk: Selections) -> None:
    """Assert that both are what they were; after a paste the clipboard is so a little later."""
    wait_until(lambda: desk.clipboard("image/png") == PNG, 20, "the image is back")
    assert desk.clipboard_types() == ["image/png"]
    assert desk.clipboard(primary=True).decode() == MARKED


def notices(daemon: Daemon) -> list[str]:
    """Return what the user was told."""
    return [line for line in daemon.log().splitlines() if " tray_dictate.app.notices: " in line]


def methods(daemon: Daemon) -> set[str]:
    """Return by which methods texts were inserted."""
    return set(re.findall(r": \d+ characters by (\w+)", daemon.log()))


def press(desk: Session, daemon: Daemon) -> int:
    """Press the key and wait until the microphone records; return the dictation's number."""
    number = daemon.log().count(": first sample ") + 1
    desk.keydown(KEY)
    daemon.wait_log(f"dictation {number}: first sample", 30)
    return number


def hold(desk: Session, daemon: Daemon, window: ClientWindow, wavs: Path) -> str:
    """Hold the key while several sentences are spoken; return what was there before it went up."""
    speech = spoken(wavs, *LONG)  # before: making it takes longer than silence may last
    number = press(desk, daemon)
    player = desk.play(speech)
    early = window.wait_for(lambda text: "." in text, timeout=60)
    assert player.poll() is None, "it is still being spoken"
    player.wait(60)
    desk.keyup(KEY)
    settled(daemon, number)
    return early


def dictate_silently(desk: Session, daemon: Daemon, window: ClientWindow, wavs: Path) -> None:
    """Dictate several sentences: none is there while the key is held, in the end all are.

    This is so where a key of ours would end the hold.
    """
    speech = spoken(wavs, *LONG)
    number = press(desk, daemon)
    desk.play_whole(speech)
    assert f"dictation {number}: over" not in daemon.log(), "the key is still held"
    assert window.text() == ""
    desk.keyup(KEY)
    settled(daemon, number)
    landed(window, " ".join(LONG), 0.1)


def dictate(desk: Session, daemon: Daemon, window: ClientWindow, wavs: Path) -> None:
    """Dictate several sentences: the first is there while the key is held, in the end all are."""
    early = hold(desk, daemon, window, wavs)
    assert errors(LONG[0], early.split(".")[0]) <= 0.2
    landed(window, " ".join(LONG), 0.1)


def dictate_one(desk: Session, daemon: Daemon, window: ClientWindow, wavs: Path) -> None:
    """Dictate one sentence: it is there after the key has gone up."""
    speech = spoken(wavs, SENTENCE)
    number = press(desk, daemon)
    desk.play_whole(speech)
    desk.keyup(KEY)
    settled(daemon, number)
    landed(window, SENTENCE, WRONG)
