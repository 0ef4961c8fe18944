"""GNOME 48: the whole path by the portal's shortcut, through PipeWire and IBus; what is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.rigs.client_windows import ClientWindow, Kind
from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, landed, settled, spoken
from tests.rigs.gnome48 import Gnome48
from tests.rigs.ibus_engines import PATIENT, US, composing, in_force, set_engine
from tests.rigs.whole_path import (
    KEY,
    check_selections,
    dictate,
    dictate_one,
    fill_selections,
    methods,
    notices,
    press,
)
from tests.waiting import wait_until
from tray_dictate.output.base import ANY_WINDOW
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.ibus.method import IBusMethod

BOUND = "Hold F9 and speak"  # what the user is told, once the desktop has bound the key


@pytest.fixture(scope="module")
def desk() -> Iterator[Gnome48]:
    with Gnome48() as session:
        yield session


@pytest.fixture(scope="module")
def asked(desk: Gnome48, wavs: Path) -> list[str]:
    """What was asked of a user at the first start, who has allowed it, and at a dictation."""
    with desk.allowing() as answered, desk.daemon(hotkey__keys=KEY) as daemon:
        daemon.wait_log(BOUND, 60)
        wait_until(lambda: not desk.dialogs(), 30, "all is answered")
        with ClientWindow("gtk4", desk) as window:
            dictate_one(desk, daemon, window, wavs)
    return answered


@pytest.fixture(scope="module")
def running(desk: Gnome48, asked: list[str]) -> Iterator[Daemon]:
    """The daemon of a second start, of which nothing more is asked."""
    with desk.daemon(hotkey__keys=KEY) as daemon:
        daemon.wait_log("the engine is loaded", 60)
        yield daemon


def test_the_first_dictation_is_in_the_window_and_each_dialog_comes_once(asked: list[str]) -> None:
    assert len(asked) == len(set(asked))


def test_nothing_is_asked_but_for_the_key(asked: list[str]) -> None:
    assert asked == ["Add Keyboard Shortcuts"]


@pytest.mark.parametrize("kind", ["gtk4", "qt", "foot", "kgx", "chromium", "firefox"])
def test_words_land_while_the_key_is_held_and_nothing_else_changes(
    desk: Gnome48, running: Daemon, wavs: Path, kind: Kind
) -> None:
    fill_selections(desk)
    told, engine = notices(running), in_force(desk)
    dictate(desk, running, desk.client_window(kind), wavs)
    check_selections(desk)
    assert methods(running) == {"ibus"}
    assert in_force(desk) == engine
    assert notices(running) == told, "nothing was to be told"
    assert desk.dialogs() == [], "the second start asks nothing"


@pytest.mark.parametrize("delay", [200, 500, 1000])
def test_a_long_hold_is_one_dictation_however_late_the_key_repeats(
    desk: Gnome48, running: Daemon, wavs: Path, delay: int
) -> None:
    keyboard = "org.gnome.desktop.peripherals.keyboard"
    desk.run("gsettings", "set", keyboard, "delay", f"uint32 {delay}")
    with ClientWindow("gtk4", desk) as window:
        number = press(desk, running)
        desk.play_whole(spoken(wavs, *LONG))
        assert f"dictation {number}: over" not in running.log(), "the key is still held"
        desk.keyup(KEY)
        settled(running, number)
        landed(window, " ".join(LONG), 0.1)
    assert running.log().count(": first sample ") == number
    desk.run("gsettings", "reset", keyboard, "delay")


def type_letters(desk: Gnome48, window: ClientWindow, letters: str) -> None:
    """Type; again where a browser's new window has not taken the first keys."""

    def is_there() -> bool:
        window.clear()
        for letter in letters:
            desk.tap(letter)
        time.sleep(0.5)
        return window.text() == letters

    wait_until(is_there, 30, f"{letters} is in the window")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("hello.", "hello. Please send"), ("hello", "hello please send")],
    ids=["behind a sentence it begins one", "within a sentence it goes on"],
)
@pytest.mark.parametrize("kind", ["gtk4", "chromium"])
def test_what_is_before_the_caret_decides_how_the_text_begins(
    desk: Gnome48, running: Daemon, wavs: Path, kind: Kind, typed: str, wanted: str
) -> None:
    window = desk.client_window(kind)
    type_letters(desk, window, typed)
    number = press(desk, running)
    desk.play_whole(spoken(wavs, SENTENCE))
    desk.keyup(KEY)
    settled(running, number)
    window.wait_for(lambda text: text.startswith(wanted))


@pytest.fixture
def method(desk: Gnome48, monkeypatch: pytest.MonkeyPatch) -> Iterator[IBusMethod]:
    desk.join(monkeypatch)
    made = IBusMethod(threading.Event(), PATIENT)
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["gtk4", "qt", "chromium", "firefox"])
def test_ibus_tells_what_is_before_the_caret(desk: Gnome48, method: IBusMethod, kind: Kind) -> None:
    window = desk.client_window(kind)
    type_letters(desk, window, "hello")
    wait_until(lambda: method.before() == "hello", 20, "it is told")
    desk.tap("left")
    wait_until(lambda: method.before() == "hell", 20, "it is told again")
    assert window.text() == "hello"


def test_what_is_composed_with_libpinyin_is_finished_first_and_it_stays_in_use(
    desk: Gnome48, method: IBusMethod
) -> None:
    window = desk.client_window("gtk4")
    set_engine(desk, "libpinyin")
    with ThreadPoolExecutor(1) as thread:
        for letter in "nihao":
            desk.tap(letter)
        composing(method)
        inserting = thread.submit(method.insert, "dictated", Treatment(), ANY_WINDOW)
        time.sleep(0.5)
        assert window.text() == ""
        desk.tap("space")
        assert inserting.result(30).method == "ibus"
    window.wait_for("你好dictated")
    assert in_force(desk) == "libpinyin"
    for letter in "nihao":
        desk.tap(letter)
    desk.tap("space")
    window.wait_for("你好dictated你好")
    set_engine(desk, US)
