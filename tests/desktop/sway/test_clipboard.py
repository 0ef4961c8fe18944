"""The clipboard under Wayland is the user's: it comes back whole, and a copy of theirs wins."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.fakes import FakeFocus
from tests.rigs.daemon import ROOT
from tests.rigs.sway import Sway
from tests.rigs.wayland_clipboard import copying, given_back, stays_for
from tests.rigs.wayland_windows import KINDS
from tests.waiting import wait_until
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import MovedError, UnsavedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.data_control import CLIPBOARD, DataControl
from tray_dictate.output.wayland.keyboard import VirtualKeyboard
from tray_dictate.output.wayland.paste import WaylandPaster
from tray_dictate.output.wayland.selection_server import HINT
from tray_dictate.output.wayland.selections import QUIET, WaylandSelections
from tray_dictate.system.desktop.wayland import Connection, WaylandError

PASTED = Receipt(confirmed=True, method="paste")
GIVEN_BACK = QUIET + 0.2  # seconds after a paste


@pytest.fixture
def selections(environ: Sway) -> Iterator[WaylandSelections]:
    made = WaylandSelections(unsure=QUIET)  # every program may be trusted at once
    yield made
    made.close()


@pytest.fixture
def keyboard(environ: Sway) -> Iterator[VirtualKeyboard]:
    connection = Connection()
    yield VirtualKeyboard(connection)
    connection.close()


@pytest.fixture
def paste(selections, keyboard) -> Callable[..., Receipt | None]:
    paster = WaylandPaster(keyboard, selections, threading.Event())

    def pasted(text: str, treatment: Treatment | None = None, focused: bool = True):
        return paster.paste(text, treatment or Treatment(), FakeFocus(focused))

    return pasted


@pytest.fixture
def types(tmp_path) -> dict:
    """A picture, a page and something odd, each in a file."""
    contents = {
        "image/png": random.Random(7).randbytes(3_000_000),
        "text/html": "<b>Grüße</b>".encode(),
        "text/plain;charset=utf-8": "Grüße 你好 😀".encode(),
        "application/x-odd": b"\x00\xff odd",
        "application/x-empty": b"",
    }
    for number, data in enumerate(contents.values()):
        (tmp_path / str(number)).write_bytes(data)
    return {name: tmp_path / str(number) for number, name in enumerate(contents)}


def same(sway: Sway, types: dict) -> bool:
    return sway.clipboard_types() == list(types) and all(
        sway.clipboard(name) == path.read_bytes() for name, path in types.items()
    )


def test_every_type_of_both_selections_is_the_same_after_pastes_into_every_toolkit(
    environ: Sway, paste, types, tmp_path
) -> None:
    marked = tmp_path / "marked"
    marked.write_text("marked")
    text = "Größe 你好 😀\tTab\nand a line "
    with copying(environ, types, {"text/plain;charset=utf-8": marked}):
        for kind in KINDS:
            with environ.text_window(kind) as window:
                assert paste(text) == PASTED
                assert paste("again") == PASTED
                window.wait_for(text + "again")
        given_back(environ)
        assert same(environ, types), "the old clipboard"
        assert environ.clipboard(primary=True) == b"marked", "the old PRIMARY"


def test_200_pastes_leave_the_clipboard_identical(environ: Sway, paste, types) -> None:
    with copying(environ, types), environ.text_window("gtk") as window:
        for number in range(200):
            assert paste(f"{number} ") == PASTED
            if number % 50 == 49:
                given_back(environ)
                assert same(environ, types), f"the clipboard after {number + 1} pastes"
        window.wait_for("".join(f"{number} " for number in range(200)))


def test_what_a_program_on_xwayland_has_copied_comes_back(environ: Sway, paste, keyboard) -> None:
    with environ.text_window("xwayland") as window:
        environ.set_clipboard("before")
        assert paste("Grüße 你好") == PASTED
        window.wait_for("Grüße 你好")
        given_back(environ)
        assert environ.clipboard() == b"before", "the old clipboard"
        keyboard.chord("ctrl+a")
        keyboard.chord("ctrl+c")
        wait_until(lambda: environ.clipboard() == "Grüße 你好".encode(), 20, "the copy")
        with environ.text_window("foot") as other:
            assert paste("hello") == PASTED
            other.wait_for("hello")
            given_back(environ)
            assert environ.clipboard() == "Grüße 你好".encode(), "the copy"


def test_where_nothing_was_copied_nothing_is_there_afterwards(environ: Sway, paste) -> None:
    environ.run("wl-copy", "--clear")
    environ.run("wl-copy", "--clear", "--primary")
    with environ.text_window("gtk") as window:
        assert paste("hello") == PASTED
        window.wait_for("hello")
        given_back(environ)
        assert not environ.clipboard_types(), "nothing on the clipboard"
        assert not environ.clipboard_types(primary=True), "nothing on PRIMARY"


def test_a_copy_made_during_a_paste_stays(environ: Sway, paste) -> None:
    environ.set_clipboard("old")
    with environ.text_window("gtk") as window:
        assert paste("hello") == PASTED
        window.wait_for("hello")  # GTK 3 may yet ask the next owner while it has what it read
        environ.set_clipboard("new")
        stays_for(GIVEN_BACK, lambda: environ.clipboard() == b"new", "the copy was overwritten")
        assert paste(" again") == PASTED
        given_back(environ)
        assert environ.clipboard() == b"new", "the copy"


def test_a_copy_made_in_any_moment_of_a_paste_stays(environ: Sway, paste, caplog) -> None:
    """But for one in the moment itself, which is told: data-control cannot save it."""
    lost: list[str] = []
    with environ.text_window("gtk") as window:
        for number in range(8):
            copied = f"copy {number}"
            copy = threading.Thread(target=environ.set_clipboard, args=(copied,))
            copy.start()
            time.sleep(number * 0.002)
            paste(".")
            copy.join()
            time.sleep(GIVEN_BACK)
            wanted = copied.encode()  # wl-copy may be slow to offer it
            try:
                wait_until(lambda wanted=wanted: environ.clipboard() == wanted, 5, "it stays")
            except AssertionError:
                lost.append(copied)
        assert "." in window.text()
    assert len(lost) <= caplog.text.count("something copied at this very moment is lost: clip")


def test_a_copy_that_was_overwritten_in_its_very_moment_is_noticed(environ: Sway) -> None:
    environ.set_clipboard("old")
    connections = Connection(), Connection()
    ours, theirs = map(DataControl, connections)
    ours.own(CLIPBOARD, ["text/plain"], Silent())
    connections[0].roundtrip()
    assert not ours.has_overwritten(CLIPBOARD), "what was there before"
    theirs.own(CLIPBOARD, ["image/png"], Silent())
    connections[1].roundtrip()
    ours.own(CLIPBOARD, ["text/plain"], Silent())  # before it has heard of theirs
    connections[0].roundtrip()
    assert ours.has_overwritten(CLIPBOARD)
    ours.own(CLIPBOARD, ["text/plain"], Silent())
    connections[0].roundtrip()
    theirs.own(CLIPBOARD, ["image/png"], Silent())
    for connection in reversed(connections):
        connection.roundtrip()
    assert not ours.has_overwritten(CLIPBOARD), "theirs came later, and stays"
    for connection in connections:
        connection.close()


class Silent:
    """An owner that writes nothing."""

    def read(self, name: str, file: int) -> None:
        os.close(file)

    def lost(self) -> None:
        pass


def test_dictated_text_is_never_taken_for_the_users_clipboard(environ: Sway, paste) -> None:
    environ.set_clipboard("of the user")
    environ.set_clipboard("marked", primary=True)
    with environ.text_window("foot") as window:
        for _ in range(30):
            paste("again ")
        window.wait_for("again " * 30)
        given_back(environ)
        assert environ.clipboard() == b"of the user", "the old clipboard"
        assert environ.clipboard(primary=True) == b"marked", "the old PRIMARY"


def test_a_large_text_arrives_whole_and_is_confirmed_at_its_end(environ: Sway, paste) -> None:
    text = "Grüße 你好. " * 60_000  # a megabyte: more than a pipe takes
    with environ.text_window("gtk4") as window:
        environ.set_clipboard("of the user")
        assert paste(text) == PASTED
        window.wait_for(text, 60)
        given_back(environ)
        assert environ.clipboard() == b"of the user", "the old clipboard"


def test_an_owner_that_never_answers_keeps_its_clipboard_and_no_paste_waiting(
    environ: Sway, paste, types
) -> None:
    with copying(environ, types) as owner, environ.text_window("gtk") as window:
        os.kill(owner.pid, signal.SIGSTOP)
        with pytest.raises(UnsavedError):
            paste("hello")
        os.kill(owner.pid, signal.SIGCONT)
        given_back(environ)
        assert same(environ, types), "the clipboard of the one that was frozen"
        assert window.text() == ""


def test_a_clipboard_that_is_too_large_is_left_alone(environ: Sway, paste, tmp_path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with copying(environ, {"image/tiff": large}):
        with pytest.raises(UnsavedError):
            paste("hello")
        assert environ.clipboard_types() == ["image/tiff"]


def test_no_key_is_pressed_once_the_focus_has_moved(environ: Sway, paste) -> None:
    environ.set_clipboard("of the user")
    with environ.text_window("gtk") as window:
        with pytest.raises(MovedError):
            paste("hello", focused=False)
        assert environ.clipboard() == b"of the user"
        assert window.text() == ""


def test_a_chord_that_no_keyboard_has_is_no_paste(environ: Sway, paste) -> None:
    environ.set_clipboard("of the user")
    with environ.text_window("gtk") as window:
        assert paste("hello", Treatment(chord="ctrl+ß")) is None
        assert environ.clipboard() == b"of the user"
        assert paste("hello", Treatment(chord="ctrl+v")) == PASTED
        window.wait_for("hello")


def test_kept_text_is_the_users_clipboard_and_survives_pastes(
    environ: Sway, selections, paste
) -> None:
    environ.set_clipboard("old")
    selections.copy_to_clipboard("kept")
    assert environ.clipboard() == b"kept"
    assert HINT not in environ.clipboard_types()
    with environ.text_window("gtk") as window:
        assert paste("hello") == PASTED
        window.wait_for("hello")
        given_back(environ)
        assert environ.clipboard() == b"kept", "the kept text"
    selections.copy_to_clipboard("secret", secret=True)
    assert environ.clipboard(HINT) == b"secret"


def test_what_is_dictated_in_private_says_so_to_clipboard_managers(
    environ: Sway, selections
) -> None:
    environ.set_clipboard("of the user")
    for private in (True, False):
        offer = selections.offer("hello", Treatment(private=private))
        assert (HINT in environ.clipboard_types()) is private
        assert (HINT in environ.clipboard_types(primary=True)) is private
        selections.withdraw(offer)


def test_who_reads_without_a_key_gets_what_the_user_had_and_nothing_once_it_is_withdrawn(
    environ: Sway, selections
) -> None:
    before = b"of the user " * 100_000
    environ.set_clipboard(before)
    text = "secret " * 100_000
    connection = Connection()
    control = DataControl(connection)
    offer = selections.offer(text, Treatment())
    connection.roundtrip()
    offered = control.current[CLIPBOARD]
    assert offered
    begun = control.receive(offered, "text/plain")
    connection.roundtrip()
    rest = os.read(begun, 12)
    selections.withdraw(offer)
    while piece := os.read(begun, 1 << 20):
        rest += piece
    os.close(begun)
    assert rest == before
    late = control.receive(offered, "text/plain")
    connection.roundtrip()
    assert os.read(late, 100) == b""
    os.close(late)
    connection.close()
    assert environ.clipboard() == before


def test_closing_ends_the_thread_and_leaves_nothing_of_ours(environ: Sway, caplog) -> None:
    environ.set_clipboard("of the user")
    made = WaylandSelections()
    assert made.offer("dictated", Treatment())
    made.close()
    assert not made.is_alive, "closing has waited for it until it gave up"
    assert "could not be given back" not in caplog.text
    assert environ.clipboard() != b"dictated"
    made.close()  # idempotent
    with pytest.raises(WaylandError):
        made.copy_to_clipboard("too late")


PASTE = """
import threading
from tray_dictate.output.base import ANY_WINDOW
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.selections import QUIET, WaylandSelections
from tray_dictate.output.wayland.keyboard import VirtualKeyboard
from tray_dictate.output.wayland.paste import WaylandPaster
from tray_dictate.system.desktop.wayland import Connection
paster = WaylandPaster(VirtualKeyboard(Connection()), WaylandSelections(), threading.Event())
paster.paste("dictated", Treatment(chord="f6"), ANY_WINDOW)
"""


def test_kill_9_during_a_paste_leaves_nothing_of_ours_and_the_next_paste_works(
    environ: Sway, paste
) -> None:
    """A selection ends with its owner: the compositor has nothing to give."""
    with environ.text_window("gtk") as window:
        environ.set_clipboard("of the user")
        killed = environ.processes.start("killed", [sys.executable, "-c", PASTE], cwd=ROOT)
        wait_until(lambda: HINT in environ.clipboard_types(), 20, "the paste")
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait(5)
        given_back(environ)
        assert not environ.clipboard_types(), "nothing on the clipboard"
        assert window.text() == ""
        assert paste("hello") == PASTED
        window.wait_for("hello")


def test_without_a_compositor_it_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-9")
    with pytest.raises(UnavailableError, match="cannot be reached"):
        WaylandSelections()
