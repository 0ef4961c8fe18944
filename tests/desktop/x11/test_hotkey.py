"""The keyboard by XInput2 on a real server, by XTEST and by a hardware-like keyboard."""

from __future__ import annotations

import itertools
import queue
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from Xlib import XK, X, display
from Xlib.ext import xtest

from tests.fakes import FakeListener, FakeNotices
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.chord import Edge
from tray_dictate.core.keys.names import parse_chord, parse_key
from tray_dictate.hotkey import select
from tray_dictate.hotkey.pynput import PynputHotkey
from tray_dictate.hotkey.x11.hotkey import XInputHotkey
from tray_dictate.hotkey.x11.own_keys import OwnKeys


class Watch(FakeListener):
    """A started hotkey and what it reports."""

    def __init__(self, hotkey: XInputHotkey | PynputHotkey) -> None:
        super().__init__()
        self.hotkey = hotkey
        hotkey.start(self)


@pytest.fixture
def watch(environ: Desktop) -> Iterator[Watch]:
    watching = Watch(XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices()))
    yield watching
    watching.hotkey.stop()


def test_x11_is_watched_by_xinput(environ, xserver):
    hotkey = select(HotkeySettings(keys="f9"), FakeNotices())
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
    assert watch.edges(2) == ["+f9", "-f9"]


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


def test_a_key_that_was_pressed_just_before_we_release_it_is_held(xserver, watch):
    server = display.Display(xserver.display)
    control = server.keysym_to_keycode(XK.XK_Control_R)
    watch.hotkey.expect(control, False)  # our output does not know of the press yet
    for event in (X.KeyPress, X.KeyRelease):
        xtest.fake_input(server, event, control)
    server.sync()
    server.close()
    assert watch.edges(1) == ["+ctrl_r"]
    assert watch.hotkey.held() == {"ctrl_r"}


def test_what_was_announced_and_never_came_is_forgotten(environ, xserver):
    own_keys = OwnKeys(patience=0.05)
    watching = Watch(XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices(), own_keys=own_keys))
    watching.hotkey.expect(75, True)
    time.sleep(0.1)
    xserver.tap("F9")  # keycode 75
    assert watching.edges(2) == ["+f9", "-f9"]
    watching.hotkey.stop()


def test_a_chord_with_an_ordinary_key_is_hidden_from_the_window(environ, xserver):
    watching = Watch(XInputHotkey(parse_chord("ctrl+alt+space"), (), FakeNotices()))
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


def test_keys_that_repeat_while_we_type_stay_held(environ, xserver):
    watching = Watch(XInputHotkey(parse_chord("ctrl+alt+space"), (), FakeNotices()))
    hand = "Control_L", "Alt_L", "space"
    xserver.keydown(*hand)
    assert watching.edges(3) == ["+ctrl_l", "+alt_l", "+space"]
    time.sleep(0.5)
    server = display.Display(xserver.display)
    server.grab_server()
    server.sync()
    time.sleep(0.5)  # it repeats since 0.66 s; the hotkey reads that only after our keys
    control, alt, space = (server.keysym_to_keycode(XK.string_to_keysym(key)) for key in hand)
    ours = *((code, False) for code in (control, alt, space)), (space, True), (space, False)
    for code, down in ours:
        watching.hotkey.expect(code, down)
        xtest.fake_input(server, X.KeyPress if down else X.KeyRelease, code)
    server.ungrab_server()
    server.sync()
    server.close()
    assert watching.edges(0) == []
    assert watching.hotkey.held() == {"ctrl_l", "alt_l", "space"}
    xserver.keyup(*reversed(hand))
    assert watching.edges(3) == ["-space", "-alt_l", "-ctrl_l"]
    watching.hotkey.stop()


def test_a_hotkey_that_the_keyboard_map_has_moved_is_hidden_where_it_is_now(environ, xserver):
    watching = Watch(XInputHotkey(parse_chord("ctrl+y"), (), FakeNotices()))
    with xserver.text_window("tk") as window:
        xserver.set_layout("de")  # y and z change places
        wait_until(lambda: watching.hotkey._grabs.hidden == {52}, 5, "it is hidden there")
        xserver.keydown("Control_L", "52")
        xserver.keyup("52", "Control_L")
        xserver.tap("29")
        window.wait_for("z")
        assert "y" not in [key.keysym for key in window.key_events() if key.down]
    assert watching.edges(6)[1] == "+y"
    watching.hotkey.stop()


BY_OTHER_NAMES = [
    ("f13", "191"), ("XF86Tools", "191"), ("keycode 191", "191"), ("kp_enter", "KP_Enter"),
    ("kp_5", "84"), ("kp_decimal", "91"), ("XF86AudioMute", "121"), ("compose", "Multi_key"),
    ("Hyper_L", "207"), ("alt_gr", "ISO_Level3_Shift"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "key"), BY_OTHER_NAMES)
def test_a_key_is_known_by_its_name_by_what_it_gives_and_by_its_place(environ, xserver, name, key):
    told: list[str] = []
    watching = Watch(XInputHotkey(parse_chord(name), (), FakeNotices(told.append)))
    xserver.set_layout("us(altgr-intl)" if name == "alt_gr" else "us")
    if name == "compose":  # no key of the usual map gives it
        assert [words for words in told if "No key on your keyboard gives" in words]
        xserver.run("xmodmap", "-e", f"keycode 191 = {key}")
        key = "191"
        wanted = parse_key(name)
        wait_until(lambda: watching.hotkey._names[191] in wanted, 5, "the map is read")
    else:
        wait_until(lambda: parse_key(name) <= set(watching.hotkey._names.values()), 5, "the map")
    [canonical] = parse_key(name)
    xserver.tap(key)
    assert watching.edges(2) == [f"+{canonical}", f"-{canonical}"]
    watching.hotkey.stop()
    xserver.set_layout("us")


def test_a_hotkey_that_no_key_gives_is_told_and_so_is_one_that_a_new_map_takes_away(
    xserver, environ
):
    told: queue.Queue[str] = queue.Queue()
    watching = Watch(XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices(told.put)))
    assert told.empty()
    for layout, given in (
        ("us -option compose:rctrl", "Compose"),
        ("us -option korean:rctrl_hangul", "Hangul"),
        ("ca -variant multix", "ISO_Level5_Shift"),
    ):
        xserver.run("setxkbmap", *layout.split())
        assert told.get(timeout=5) == (
            f"No key on your keyboard gives right Ctrl: the key in its place gives {given}. The "
            "hotkey does not work. Set hotkey.keys to another: Pause or Scroll Lock or F9."
        )
        again = XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices(told.put))
        assert f"gives {given}." in told.get(timeout=5)
        again.stop()
        xserver.run("setxkbmap", "us", "-option", "")
        wait_until(lambda: watching.hotkey._names[105] == "ctrl_r", 5, "the map is read")
    xserver.tap("Control_R")
    assert watching.edges(2) == ["+ctrl_r", "-ctrl_r"]
    watching.hotkey.stop()


def test_a_button_of_the_mouse_is_a_hotkey_that_no_window_gets(environ, xserver):
    watching = Watch(XInputHotkey(parse_chord("mouse8"), (), FakeNotices()))
    other = display.Display(xserver.display)
    window = other.screen().root.create_window(
        0, 0, 300, 300, 0, X.CopyFromParent, override_redirect=True,
        event_mask=X.ButtonPressMask | X.ButtonReleaseMask,
    )  # fmt: skip
    window.map()
    other.sync()
    xserver.run("xdotool", "mousemove", "50", "50", "mousedown", "8")
    wait_until(lambda: watching.hotkey.held() == {"mouse8"}, 5, "it is held")
    xserver.run("xdotool", "mouseup", "8", "click", "9")
    assert watching.edges(2) == ["+mouse8", "-mouse8"]
    assert watching.hotkey.held() == frozenset()
    heard = [other.next_event() for _ in range(2)]
    assert [(event.type, event.detail) for event in heard] == [
        (X.ButtonPress, 9), (X.ButtonRelease, 9),
    ]  # fmt: skip
    watching.hotkey.stop()
    other.close()


@pytest.mark.parametrize(("key", "keycode", "bit"), [("caps_lock", 66, 2), ("num_lock", 77, 16)])
def test_a_lock_that_is_the_hotkey_stays_as_it_was(environ, xserver, key, keycode, bit):
    def locked() -> bool:
        return bool(server.screen().root.query_pointer().mask & bit)

    server = display.Display(xserver.display)
    for before in (False, True):
        if locked() is not before:
            xserver.tap(str(keycode))
        assert locked() is before
        watching = Watch(XInputHotkey(parse_chord(key), (), FakeNotices()))
        for _ in range(2):
            xserver.keydown(str(keycode))
            xserver.keyup(str(keycode))
            assert watching.edges(2) == [f"+{key}", f"-{key}"]
            wait_until(lambda before=before: locked() is before, 5, "as before")
        watching.hotkey.stop()
    xserver.tap(str(keycode))
    server.close()


def test_an_edge_is_when_the_server_says_not_when_we_read_of_it(environ, xserver):
    class Slow(FakeListener):
        def edge(self, edge: Edge) -> None:
            edges.append(edge)
            time.sleep(0.1)  # a busy machine

    edges: list[Edge] = []
    hotkey = XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices())
    hotkey.start(Slow())
    server = display.Display(xserver.display)
    control = server.keysym_to_keycode(XK.XK_Control_R)
    for kind, after in ((X.KeyPress, 0), (X.KeyRelease, 200), (X.KeyPress, 10), (X.KeyRelease, 50)):
        xtest.fake_input(server, kind, control, after)
    server.sync()
    wait_until(lambda: len(edges) == 4, 5, "all edges")
    apart = [late.at - early.at for early, late in itertools.pairwise(edges)]
    assert apart[1:] == pytest.approx([0.01, 0.05], abs=0.009)  # before, the clocks were unknown
    hotkey.stop()
    server.close()


def test_who_waits_for_the_reader_is_told_after_all_that_has_happened(environ, xserver):
    """Also of what comes while the reader is busy."""
    hotkey = XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices())
    seen: queue.Queue[str] = queue.Queue()
    goes_on = threading.Event()

    class Busy(FakeListener):
        def edge(self, edge: Edge) -> None:
            goes_on.wait(30)
            seen.put(edge.key)

        def caught_up(self, mark: int) -> None:
            seen.put(f"caught up {mark}")

    hotkey.start(Busy())
    keys = display.Display(xserver.display)
    try:
        code = keys.keysym_to_keycode(XK.XK_Control_R)
        for _ in range(20):
            xtest.fake_input(keys, X.KeyPress, code)
            xtest.fake_input(keys, X.KeyRelease, code)
        keys.sync()
        hotkey.catch_up(7)
        goes_on.set()
        assert [seen.get(timeout=30) for _ in range(41)] == ["ctrl_r"] * 40 + ["caught up 7"]
    finally:
        hotkey.stop()
        keys.close()


def test_a_hidden_key_that_is_let_go_at_once_is_let_go(environ, xserver):
    """While it is hidden by a grab of ours its release comes by that grab alone."""
    watching = Watch(XInputHotkey(parse_chord("f9"), (), FakeNotices()))
    server = display.Display(xserver.display)
    for _ in range(10):
        xtest.fake_input(server, X.KeyPress, 75)
        xtest.fake_input(server, X.KeyRelease, 75)
        server.sync()
        assert watching.edges(2) == ["+f9", "-f9"]
    assert watching.hotkey.held() == frozenset()
    watching.hotkey.stop()
    server.close()


def test_a_grabbed_chord_is_still_a_hotkey(environ, xserver, caplog):
    other = display.Display(xserver.display)
    other.screen().root.grab_key(75, 0, 0, X.GrabModeAsync, X.GrabModeAsync)
    other.sync()
    watching = Watch(XInputHotkey(parse_chord("f9"), (), FakeNotices()))
    assert "another program has taken f9" in caplog.text
    xserver.tap("F9")
    assert watching.edges(2) == ["+f9", "-f9"]
    watching.hotkey.stop()
    other.close()


def test_a_server_that_goes_away_is_told(monkeypatch):
    with Desktop() as short:
        monkeypatch.setenv("DISPLAY", short.display)
        watching = Watch(XInputHotkey(parse_chord("ctrl_r"), (), FakeNotices()))
    assert "gone" in watching.reasons.get(timeout=5)
    watching.hotkey.stop()


def test_without_a_display_every_reason_is_given(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(UnavailableError) as error:
        select(HotkeySettings(), FakeNotices())
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
    wait_until(lambda: held() >= {"ctrl_r", "f9"}, 20, "both are held")
    server = display.Display(hardware_xserver.display)
    watch.hotkey.expect(105, False)
    xtest.fake_input(server, X.KeyRelease, 105)  # as our output does
    server.sync()
    server.close()
    time.sleep(0.1)
    assert held() >= {"ctrl_r", "f9"}, "the finger is still there"
    hardware_xserver.keyup("F9")
    wait_until(lambda: "f9" not in held(), 20, "f9 is up")
    hardware_xserver.keyup("Control_R")
    wait_until(lambda: "ctrl_r" not in held(), 20, "ctrl_r is up")


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
    wait_until(lambda: "hotkey-watch" not in names(), 20, "pynput's listener has ended")
    assert watching.reasons.empty()
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
    wait_until(lambda: "F9" in pressed(), 20, "the key that is not claimed")
    assert "Escape" not in pressed()
    xserver.tap("Escape")
    wait_until(lambda: "Escape" in pressed(), 20, "the key that was claimed")


def test_claiming_after_the_end_is_nothing(xserver, watch):
    watch.hotkey.stop()
    watch.hotkey.claim(frozenset({"escape"}))


def test_other_chords_are_hidden_too_and_told(environ, xserver):
    chord = parse_chord("ctrl+alt+r")
    watching = Watch(XInputHotkey(parse_chord("ctrl_r"), (chord,), FakeNotices()))
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
