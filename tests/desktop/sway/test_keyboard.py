"""Our keyboard on a real compositor: what is typed and pressed arrives, whatever the user does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.fakes import FakeFocus
from tests.rigs.daemon import ROOT
from tests.rigs.sway import Sway
from tests.rigs.wayland_windows import KINDS, Kind
from tests.waiting import wait_until
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.keys.keycodes import CODES, XKB
from tray_dictate.output.base import MovedError
from tray_dictate.output.wayland.external import Wtype
from tray_dictate.output.wayland.keyboard import KeyTiming, VirtualKeyboard
from tray_dictate.output.wayland.keymap import characters_like_us, session_keymap
from tray_dictate.system.desktop.wayland import Connection

TEXTS = {
    "ascii": "The quick brown fox JUMPS over 12 lazy dogs; (really?) ~#{}[]|\\ <\"$%^&*'>",
    "accents": "Größe, naïve façade; žluťoučký kůň, ¿señor?\nдяд\tΩ",
    "ideographs": "".join(chr(0x4E00 + 7 * at) for at in range(200)),
    "emoji": "😀 👍🏽 👨‍👩‍👧 ❤️ ".strip(),
}
HANGS = 2.0  # seconds


@pytest.fixture(scope="module")
def keyboard(sway: Sway) -> Iterator[VirtualKeyboard]:
    connection = connected(sway)
    keyboard = VirtualKeyboard(connection)
    yield keyboard
    keyboard.close()
    connection.close()


def connected(sway: Sway) -> Connection:
    return Connection(str(sway.runtime / sway.display))


@pytest.mark.parametrize("kind", KINDS)
def test_any_text_arrives_as_it_is(sway: Sway, keyboard: VirtualKeyboard, kind: Kind) -> None:
    with sway.text_window(kind) as window:
        for text in TEXTS.values():
            sway.tap("f24")  # the user's keyboard was the last
            sent = keyboard.type(text, threading.Event(), xwayland=kind == "xwayland")
            assert sent == len(text)
            window.wait_for(lambda found, text=text: found.endswith(text))
            window.clear()
        keyboard.type("größe", threading.Event(), xwayland=kind == "xwayland")
        keyboard.chord("backspace")
        keyboard.chord("shift+a")
        if kind == "foot":  # what it gets are bytes
            window.wait_for(lambda found: found == "größ\x7fA" or found == "größe\x7fA")
        else:
            window.wait_for("größA")
            assert keyboard.press("backspace", 3, threading.Event()) == 3
            window.wait_for("gr")


@pytest.mark.parametrize("held", ["shift_l", "ctrl_l", "alt_l", "super_l"])
@pytest.mark.parametrize("kind", ["foot", "gtk", "qt"])
def test_what_the_user_holds_has_no_say_in_what_is_typed(
    sway: Sway, keyboard: VirtualKeyboard, held: str, kind: Kind
) -> None:
    with sway.text_window(kind) as window:
        sway.keydown(held)
        keyboard.type("Hello größe 1", threading.Event())
        keyboard.chord("shift+b")
        window.wait_for("Hello größe 1B")
        sway.keyup(held)
        keyboard.type("c", threading.Event())
        window.wait_for("Hello größe 1Bc")


def test_typing_does_not_keep_the_release_of_a_held_hotkey_from_its_binding(
    sway: Sway, keyboard: VirtualKeyboard
) -> None:
    log = sway.folder / "releases"
    sway.configure(
        f"bindcode --no-repeat --locked {CODES['ctrl_r'] + XKB} exec echo down >> {log}",
        f"bindcode --release --locked {CODES['ctrl_r'] + XKB} exec echo up >> {log}",
        f"bindsym --no-repeat F9 exec echo down >> {log}",
        f"bindsym --release F9 exec echo up >> {log}",
    )
    try:
        with sway.text_window("foot") as window:
            for key in ("ctrl_r", "f9"):
                log.unlink(missing_ok=True)
                sway.keydown(key)
                wait_until(lambda: log.exists() and log.read_text() == "down\n", 10, "the press")
                keyboard.type("größe 你好", threading.Event())
                keyboard.chord("shift+a")
                sway.keyup(key)
                wait_until(lambda: log.read_text() == "down\nup\n", 10, "the release")
            window.wait_for(lambda found: found.count("größe 你好A") == 2)
    finally:
        sway.configure()


def test_a_text_of_many_keymaps_is_read_with_the_right_one_by_programs_on_xwayland(
    sway: Sway, keyboard: VirtualKeyboard
) -> None:
    text = "".join(chr(0x4E00 + 7 * at) for at in range(400))
    with sway.text_window("xwayland") as window:
        for _ in range(2):
            sway.tap("f24")  # the user's keyboard was the last
            keyboard.type("The quick brown fox ", threading.Event(), xwayland=True)
            keyboard.type(text, threading.Event(), xwayland=True)
            keyboard.chord("shift+b")
            window.wait_for(f"The quick brown fox {text}B")
            window.clear()


def test_what_the_user_holds_has_no_say_in_a_paste(sway: Sway, keyboard: VirtualKeyboard) -> None:
    with sway.text_window("gtk4") as window:
        sway.set_clipboard("pasted ")
        sway.set_clipboard("pasted ", primary=True)
        for held in ("shift_l", "ctrl_l", "alt_l", "super_l"):
            sway.keydown(held)
            keyboard.chord("shift+insert")
            window.wait_for("pasted ")
            sway.keyup(held)
            window.clear()


def test_a_user_who_types_meanwhile_loses_nothing_and_takes_nothing(
    sway: Sway, keyboard: VirtualKeyboard
) -> None:
    text = "größe " * 50
    with sway.text_window("foot") as window:
        typing = threading.Thread(target=keyboard.type, args=(text, threading.Event()))
        typing.start()
        for _ in range(10):
            sway.tap("7")
            time.sleep(0.01)
        typing.join()
        found = window.wait_for(lambda found: len(found) == len(text) + 10)
        assert found.replace("7", "") == text


def test_letters_are_no_shortcuts_of_the_compositor(sway: Sway, keyboard: VirtualKeyboard) -> None:
    log = sway.folder / "shortcuts"
    codes = [1, 14, 29, 42, 54, 56, *range(58, 71), 87, 88, 97, 99, 100, *range(102, 117), 119]
    codes += [125, 126, 127, *range(183, 195)]
    sway.configure(*(f"bindcode {code + 8} exec echo {code} >> {log}" for code in codes))
    try:
        with sway.text_window("foot") as window:
            keyboard.type(TEXTS["ideographs"] + TEXTS["ascii"], threading.Event())
            window.wait_for(TEXTS["ideographs"] + TEXTS["ascii"])
            sway.tap("f9")  # the bindings work
            wait_until(log.exists, 10, "a binding has run")
            assert log.read_text() == "67\n"
    finally:
        sway.configure()


def test_a_reloaded_configuration_with_another_layout_changes_nothing(
    sway: Sway,
) -> None:
    connection = connected(sway)
    keyboard = VirtualKeyboard(connection, KeyTiming(trusted=0.0))  # as if it had been a while ago
    with sway.text_window("foot") as window:
        try:
            for what in (lambda: keyboard.type("zyx größe", threading.Event()),
                         lambda: keyboard.chord("shift+z")):  # fmt: skip
                sway.configure()
                what()
                sway.configure("input * xkb_layout de")
                what()
            window.wait_for("zyx größezyx größeZZ")
        finally:
            sway.configure()
            keyboard.close()
            connection.close()


def test_a_program_that_hangs_for_a_while_gets_all_that_is_typed(
    sway: Sway, keyboard: VirtualKeyboard
) -> None:
    text = "abcdefghi " * 150
    with sway.text_window("gtk") as window:
        process = window._process.pid  # the rig has no word for hanging
        os.kill(process, signal.SIGSTOP)
        wakes = threading.Timer(HANGS, os.kill, (process, signal.SIGCONT))
        wakes.start()
        try:
            assert keyboard.type(text, threading.Event()) == len(text)
        finally:
            wakes.join()
        window.wait_for(text, 60)


def test_where_the_focus_is_lost_typing_ends_at_once(sway: Sway, keyboard: VirtualKeyboard) -> None:
    asked = list[int]()

    def stays() -> bool:
        asked.append(1)
        return len(asked) < 3

    with sway.text_window("foot") as window:
        sent = keyboard.type("a" * 500, threading.Event(), FakeFocus(stays))
        assert 0 < sent < 500
        window.wait_for("a" * sent)
        stop = threading.Event()
        stop.set()
        assert keyboard.type("b", stop) == keyboard.press("enter", 1, stop) == 0


@pytest.mark.parametrize("key", ["x", "shift+x"])
def test_keys_that_another_window_gets_right_after_a_look_are_told(
    sway: Sway, keyboard: VirtualKeyboard, key: str
) -> None:
    first, second = sway.text_window("foot"), sway.text_window("gtk")
    first.focus()
    looks = iter([lambda: None, second.focus])

    def stays() -> bool:
        next(looks)()
        return True

    with pytest.raises(FocusMovedError) as moved:
        if key == "x":
            keyboard.type("x" * 500, threading.Event(), FakeFocus(stays))
        else:
            keyboard.press(key, 500, threading.Event(), FakeFocus(stays))
    letter = key[-1].upper() if "+" in key else key
    assert (moved.value.done > 0, moved.value.astray > 0) == (True, True)
    first.wait_for(letter * moved.value.done)
    second.wait_for(letter * moved.value.astray)


def test_a_focus_that_moves_away_and_back_between_bursts_is_no_loss(
    sway: Sway, keyboard: VirtualKeyboard
) -> None:
    first, second = sway.text_window("foot"), sway.text_window("gtk")
    first.focus()

    def stays() -> bool:
        second.focus()
        first.focus()
        return True

    with pytest.raises(MovedError):
        keyboard.chord("enter", FakeFocus(stays))  # it is never quiet between two looks
    looks = iter([lambda: None, stays, lambda: None, stays])

    def mostly() -> bool:
        next(looks)()
        return True

    assert keyboard.type("x" * 128, threading.Event(), FakeFocus(mostly)) == 128
    first.wait_for("x" * 128)
    assert second.text() == ""


TYPES = """
import sys, threading
sys.path.insert(0, {root!r})
from tray_dictate.output.wayland.keyboard import VirtualKeyboard
from tray_dictate.system.desktop.wayland import Connection
keyboard = VirtualKeyboard(Connection({display!r}))
for _ in range(100):
    {action}
"""


@pytest.mark.parametrize(
    "action",
    [
        pytest.param("keyboard.type('größe ' * 100, threading.Event())", id="in mid-text"),
        pytest.param("keyboard.press('shift+f', 500, threading.Event())", id="between chords"),
        pytest.param(
            "keyboard._key(42, down=True); keyboard._modify(1); keyboard._key(33, down=True);"
            "keyboard._connection.roundtrip(); threading.Event().wait()",
            id="with keys down, which the compositor then releases",
        ),
    ],
)
def test_killed_at_any_moment_nothing_stays_pressed(sway: Sway, action: str) -> None:
    script = TYPES.format(root=str(ROOT), display=str(sway.runtime / sway.display), action=action)
    with sway.text_window("gtk") as window:
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL)
        try:
            window.wait_for(lambda found: len(found) > 0)
        finally:
            child.kill()
            child.wait()
        quiet = settled(window)
        time.sleep(1)  # a key that is down repeats
        assert window.text() == quiet
        sway.tap("a")
        window.wait_for(quiet + "a")


def settled(window) -> str:
    """Return what it holds when no more comes of what was queued."""
    last, since = window.text(), time.monotonic()
    while time.monotonic() < since + 0.4:
        if (now := window.text()) != last and len(now) < len(last) + 1000:
            last, since = now, time.monotonic()
        time.sleep(0.05)
    return last


def test_a_compositor_without_keyboards_for_programs_is_refused(sway: Sway) -> None:
    connection = connected(sway)
    del connection.globals["zwp_virtual_keyboard_manager_v1"]
    with pytest.raises(UnavailableError, match="zwp_virtual_keyboard_manager_v1"):
        VirtualKeyboard(connection)
    connection.close()


def test_a_chord_that_may_not_be_pressed_any_more_is_told(
    sway: Sway, keyboard: VirtualKeyboard
) -> None:
    with sway.text_window("gtk") as window:
        with pytest.raises(MovedError):
            keyboard.chord("enter", FakeFocus(False))
        keyboard.chord("shift+b", FakeFocus())
        window.wait_for("B")


def test_a_key_that_there_is_not_is_named(keyboard: VirtualKeyboard) -> None:
    with pytest.raises(DeliveryError, match="'ctrl\\+ß' cannot be pressed"):
        keyboard.chord("ctrl+ß")


def test_a_compositor_that_is_gone_is_a_delivery_error() -> None:
    with Sway() as session:
        connection = connected(session)
        keyboard = VirtualKeyboard(connection)
    with pytest.raises(DeliveryError, match="could not be typed"):
        keyboard.type("a", threading.Event())
    with pytest.raises(DeliveryError, match="could not be pressed"):
        keyboard.chord("enter")
    keyboard.close()
    connection.close()


def test_the_first_key_of_a_seat_without_keyboard_is_not_lost() -> None:
    with Sway() as session:
        session.keyboard.close()
        with session.text_window("foot") as window:
            connection = connected(session)
            keyboard = VirtualKeyboard(connection)
            keyboard.type("first", threading.Event())
            window.wait_for("first")
            connection.close()


def test_wtype_types_what_it_is_given_whatever_the_locale(
    environ: Sway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    text = "größe 你好 😀\n" * 10
    with environ.text_window("foot") as window:
        assert Wtype().type(text, threading.Event()) == len(text)
        window.wait_for(text)


@pytest.mark.parametrize(
    ("layout", "has", "lacks"),
    [
        pytest.param("us", "azAZ09 \n\t!\"'[]{}\\|~`_^", "", id="a US keyboard has all"),
        pytest.param("de", "aAqQ1!.,", "yYzZ'/?-_", id="a German one has y and z exchanged"),
        pytest.param("us+ru:2", "", "aA1", id="of two nobody tells which is in use"),
    ],
)
def test_the_compositor_tells_what_the_layout_has(
    sway: Sway, layout: str, has: str, lacks: str
) -> None:
    sway.keyboard.set_layout(layout)
    sway.tap("f24")
    connection = connected(sway)
    try:
        found = characters_like_us(session_keymap(connection))
    finally:
        connection.close()
        sway.keyboard.set_layout("us")
    assert set(has) <= found
    assert found.isdisjoint(lacks)
