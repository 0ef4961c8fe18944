"""The keyboard by XInput2 on a real server, by XTEST and by a hardware-like keyboard."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from Xlib import XK, X, display
from Xlib.ext import xtest

from tests.desktop.rig import Desktop, wait_until
from tray_dictate.config import HotkeySettings
from tray_dictate.core.chord import Edge
from tray_dictate.core.keys import parse_chord
from tray_dictate.errors import UnavailableError
from tray_dictate.hotkey import select
from tray_dictate.hotkey.pynput import PynputHotkey
from tray_dictate.hotkey.xinput import XInputHotkey


class Watch:
    """A started hotkey and what it reports."""

    def __init__(self, hotkey: XInputHotkey | PynputHotkey) -> None:
        self.hotkey = hotkey
        self._edges: queue.Queue[Edge] = queue.Queue()
        self.lost: queue.Queue[str] = queue.Queue()
        hotkey.start(self._edges.put, self.lost.put)

    def edges(self, number: int, within: float = 3) -> list[str]:
        """Wait for this many edges, and see that no more come."""
        found = [self._edges.get(timeout=within) for _ in range(number)]
        time.sleep(0.1)
        while not self._edges.empty():
            found.append(self._edges.get())
        return [("+" if edge.down else "-") + edge.key for edge in found]


@pytest.fixture
def watch(environ: Desktop) -> Iterator[Watch]:
    watching = Watch(XInputHotkey(parse_chord("ctrl_r")))
    yield watching
    watching.hotkey.stop()


def test_x11_is_watched_by_xinput(environ, xserver):
    hotkey = select(HotkeySettings(keys="f9"), print)
    assert isinstance(hotkey, XInputHotkey)
    hotkey.stop()


def test_a_hold_is_one_press_and_one_release(xserver, watch):
    xserver.keydown("Control_R")
    time.sleep(1.2)  # auto-repeat begins after 0.66 s
    assert watch.hotkey.held() == {"ctrl_r"}
    xserver.keyup("Control_R")
    assert watch.edges(2) == ["+ctrl_r", "-ctrl_r"]
    assert watch.hotkey.held() == frozenset()


@pytest.mark.parametrize(
    ("keysym", "name"),
    [("F9", "f9"), ("space", "space"), ("Escape", "escape"), ("Super_L", "super_l"), ("a", "a"),
     ("Alt_R", "alt_r"), ("Prior", "page_up"), ("1", "1")],
)  # fmt: skip
def test_keys_have_canonical_names(xserver, watch, keysym, name):
    xserver.tap(keysym)
    assert watch.edges(2) == [f"+{name}", f"-{name}"]


LAYOUTS = [
    ("de", "29", "z"), ("fr", "24", "a"), ("ru", "43", "h"),
    ("us,ru", "43", "h"), ("de", "108", "alt_gr"),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "keycode", "name"), LAYOUTS)
def test_letters_follow_the_layout_and_under_a_russian_one_the_us_places(
    xserver, watch, layout, keycode, name
):
    xserver.set_layout(layout)
    time.sleep(0.2)
    xserver.tap(keycode)
    assert watch.edges(2) == [f"+{name}", f"-{name}"]


def test_the_hotkey_survives_a_change_of_layout_while_it_is_held(xserver, watch):
    xserver.keydown("Control_R")
    xserver.set_layout("de")
    xserver.keyup("Control_R")
    assert watch.edges(2) == ["+ctrl_r", "-ctrl_r"]


def test_no_window_needs_to_have_the_focus(xserver, watch):
    subprocess.run(["xdotool", "mousemove", "640", "700"], env=xserver.env, check=True)
    xserver.tap("F9")
    assert watch.edges(2, within=0.5) == ["+f9", "-f9"]


def test_keys_that_we_announced_are_not_the_users(xserver, watch):
    xserver.keydown("Control_R")
    assert watch.edges(1) == ["+ctrl_r"]
    server = display.Display(xserver.display)
    control = server.keysym_to_keycode(XK.XK_Control_R)
    letter = server.keysym_to_keycode(XK.XK_a)
    for code, down in ((control, False), (letter, True), (letter, False)):
        watch.hotkey.expect(code, down)
        xtest.fake_input(server, X.KeyPress if down else X.KeyRelease, code)
    server.sync()
    server.close()
    assert watch.edges(0) == []
    assert watch.hotkey.held() == {"ctrl_r"}, "the finger is still there"
    xserver.keyup("Control_R")
    assert watch.edges(1)[0] == "-ctrl_r"
    assert watch.hotkey.held() == frozenset()


def test_what_was_announced_and_never_came_is_forgotten(xserver, watch, monkeypatch):
    monkeypatch.setattr("tray_dictate.hotkey.expected.LIMIT", 0.05)
    watch.hotkey.expect(75, True)
    time.sleep(0.1)
    xserver.tap("F9")  # keycode 75
    assert watch.edges(2) == ["+f9", "-f9"]


def test_a_chord_with_an_ordinary_key_is_hidden_from_the_window(environ, xserver):
    watching = Watch(XInputHotkey(parse_chord("ctrl+alt+space")))
    window = xserver.text_window("tk")
    xserver.keydown("Control_L", "Alt_L", "space")
    time.sleep(1.0)
    xserver.keyup("space", "Alt_L", "Control_L")
    assert watching.edges(6) == [
        "+ctrl_l", "+alt_l", "+space", "-space", "-alt_l", "-ctrl_l",
    ]  # fmt: skip
    pressed = [key.keysym for key in window.key_events() if key.down]
    assert "space" not in pressed
    xserver.keydown("space")
    time.sleep(1.0)
    xserver.keyup("space")
    window.wait_for(lambda text: len(text) > 3 and not text.strip())  # it repeats again
    watching.hotkey.stop()


def test_a_grabbed_chord_is_still_a_hotkey(environ, xserver, caplog):
    other = display.Display(xserver.display)
    other.screen().root.grab_key(75, 0, 0, X.GrabModeAsync, X.GrabModeAsync)
    other.sync()
    watching = Watch(XInputHotkey(parse_chord("f9")))
    assert "another program has taken f9" in caplog.text
    xserver.tap("F9")
    assert watching.edges(2) == ["+f9", "-f9"]
    watching.hotkey.stop()
    other.close()


def test_a_server_that_goes_away_is_told(monkeypatch):
    with Desktop() as short:
        monkeypatch.setenv("DISPLAY", short.display)
        watching = Watch(XInputHotkey(parse_chord("ctrl_r")))
    assert "gone" in watching.lost.get(timeout=5)
    watching.hotkey.stop()


def test_without_a_display_every_reason_is_given(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(UnavailableError) as error:
        select(HotkeySettings(), print)
    assert "The X server cannot be reached" in str(error.value)
    assert "graphical" in str(error.value)


def test_hardware_keys_are_told_from_synthetic_ones(hardware_xserver, watch):
    """A synthetic release that nobody announced is the user's; the hardware's is never ours."""
    hardware_xserver.keydown("F9")
    assert watch.edges(1) == ["+f9"]
    watch.hotkey.expect(75, False)
    hardware_xserver.keyup("F9")
    assert watch.edges(1) == ["-f9"], "an announcement does not swallow a hardware key"


def test_the_hardware_is_asked_what_is_held(hardware_xserver, watch):
    # not equal: Xephyr presses a left Control of its own, sooner or later
    held = watch.hotkey.held
    hardware_xserver.keydown("Control_R", "F9")
    wait_until(lambda: held() >= {"ctrl_r", "f9"}, 2, "both are held")
    server = display.Display(hardware_xserver.display)
    watch.hotkey.expect(105, False)
    xtest.fake_input(server, X.KeyRelease, 105)  # as our output does
    server.sync()
    server.close()
    time.sleep(0.1)
    assert held() >= {"ctrl_r", "f9"}, "the finger is still there"
    hardware_xserver.keyup("F9")
    wait_until(lambda: "f9" not in held(), 2, "f9 is up")
    hardware_xserver.keyup("Control_R")
    wait_until(lambda: "ctrl_r" not in held(), 2, "ctrl_r is up")


def test_the_fallback_by_pynput_reports_a_hold(environ, xserver):
    window = xserver.text_window("tk")  # RECORD sends only when some window takes keys
    watching = Watch(PynputHotkey())
    xserver.run("xset", "r", "off")  # a tap on a busy machine may be long enough to repeat
    xserver.keydown("Control_R")
    xserver.tap("a")
    xserver.keyup("Control_R")
    xserver.run("xset", "r", "on")
    assert watching.edges(4) == ["+ctrl_r", "+a", "-a", "-ctrl_r"]
    assert watching.hotkey.held() is None
    watching.hotkey.stop()
    xserver.tap("a")  # its thread ends with the next key event
    names = lambda: [thread.name for thread in threading.enumerate()]  # noqa: E731
    wait_until(lambda: "hotkey-watch" not in names(), 3, "pynput's listener has ended")
    assert watching.lost.empty()
    window.close()


def test_a_claimed_key_reaches_no_window_and_is_the_users_again_afterwards(xserver, watch):
    window = xserver.text_window("tk")
    watch.hotkey.claim(frozenset({"escape"}))
    time.sleep(0.2)
    xserver.tap("Escape")
    assert watch.edges(2) == ["+escape", "-escape"]
    watch.hotkey.claim(frozenset())
    time.sleep(0.2)
    xserver.tap("F9")
    pressed = lambda: [key.keysym for key in window.key_events() if key.down]  # noqa: E731
    wait_until(lambda: "F9" in pressed(), 2, "the key that is not claimed")
    assert "Escape" not in pressed()
    xserver.tap("Escape")
    wait_until(lambda: "Escape" in pressed(), 2, "the key that was claimed")


def test_claiming_after_the_end_is_nothing(xserver, watch):
    watch.hotkey.stop()
    watch.hotkey.claim(frozenset({"escape"}))


def test_other_chords_are_hidden_too_and_told(environ, xserver):
    chord = parse_chord("ctrl+alt+r")
    watching = Watch(XInputHotkey(parse_chord("ctrl_r"), (chord,)))
    with xserver.text_window("tk") as window:
        for key in ("Control_L", "Alt_L", "r"):
            xserver.keydown(key)
        for key in ("r", "Alt_L", "Control_L"):
            xserver.keyup(key)
        assert watching.edges(6) == ["+ctrl_l", "+alt_l", "+r", "-r", "-alt_l", "-ctrl_l"]
        xserver.tap("r")
        window.wait_for("r")
        pressed = [key.keysym for key in window.key_events() if key.down]
        assert pressed.count("r") == 1, "the one that was no chord"
    watching.hotkey.stop()
