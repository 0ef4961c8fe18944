"""GNOME Shell: mutter's keys and clipboard, through the portals."""

from __future__ import annotations

import asyncio
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes import FakeFocus
from tests.rigs.gnome import Gnome
from tests.rigs.headless import WAIT, Kind
from tests.rigs.mutter import MutterCopy
from tests.rigs.wayland_output import MIXED
from tests.waiting import wait_until
from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.core.ports import Cause, Receipt
from tray_dictate.output.base import ANY_WINDOW, MovedError
from tray_dictate.output.portal.paste import CHORD_LET_GO, PortalPaste
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.output.wayland.selection_server import ONE_PASTE
from tray_dictate.system import files

pytestmark = pytest.mark.gnome
PASTED = Receipt(confirmed=True, method="paste")
LARGE = MIXED * 250
PNG = bytes(range(256)) * 1000
UTF8 = "text/plain;charset=utf-8"
COPIED = {UTF8: b"before", "text/html": b"<b>before</b>", "image/png": PNG}


@pytest.fixture
def chord_let_go() -> float:
    """Return how long a chord waits for the modifiers, in seconds."""
    return CHORD_LET_GO


@pytest.fixture
def portal(gnome: Gnome, environ, chord_let_go: float) -> Iterator[PortalPaste]:
    gnome.start_portals()
    made = PortalPaste(KeyRelease(gnome, threading.Event()), chord_let_go=chord_let_go)
    yield made
    made.close()
    gnome.stop_portals()


def shown(gnome: Gnome) -> str:
    return gnome.processes.tail("portal", 1_000_000)


@pytest.mark.parametrize("kind", ["gtk", "gtk4", "qt"])
def test_every_character_arrives_once_and_the_target_read_it(
    gnome: Gnome, portal: PortalPaste, kind: Kind
) -> None:
    with gnome.text_window(kind) as window:
        for text in (MIXED, LARGE):
            window.clear()
            assert portal.paste(text, Treatment(), ANY_WINDOW) == PASTED
            window.wait_for(text)
        portal.chord("backspace")
        window.wait_for(LARGE[:-1])


def test_a_terminal_gets_what_was_said_and_not_what_was_marked_last(
    gnome: Gnome, portal: PortalPaste
) -> None:
    # in the background: one in the foreground lends its text, and nothing is pasted meanwhile
    assert gnome.processes.start("marked", ["wl-copy", "--primary", "secret"]).wait(WAIT) == 0
    with gnome.terminal() as received:
        for text in ("dictated", " twice"):
            assert portal.paste(text, Treatment(), ANY_WINDOW) == PASTED
        wait_until(lambda: received.read_text() == "dictated twice", 20, "the text")


def test_a_slow_window_that_knows_both_chords_inserts_the_text_once(
    gnome: Gnome, portal: PortalPaste
) -> None:
    paster, selections = portal._paster, portal._own
    assert selections
    both = ["shift+insert", "shift+insert"]
    with gnome.text_window("gtk4") as window, ThreadPoolExecutor(1) as thread:
        with window.stopped():
            pasting = thread.submit(paster.paste, "dictated", Treatment(), ANY_WINDOW, both)
            wait_until(lambda: selections._offer and selections._offer.once, 20, "a second chord")
        assert pasting.result(10) == PASTED
        window.wait_for("dictated")
        assert portal.paste(" more", Treatment(), ANY_WINDOW) == PASTED  # behind both
        window.wait_for("dictated more")


def test_all_that_the_user_had_copied_comes_back(gnome: Gnome, portal: PortalPaste) -> None:
    copy = MutterCopy(gnome.env["DBUS_SESSION_BUS_ADDRESS"], COPIED)
    with gnome.text_window() as window:
        for text in ("one", "two"):  # close together: the first is not the user's
            portal.paste(text, Treatment(), ANY_WINDOW)
        window.wait_for("onetwo")
        copy.close()  # only we have it now
        wait_until(lambda: read(gnome, UTF8) == b"before", 20, "it is back")
        for kind, data in COPIED.items():
            assert read(gnome, kind) == data


def read(gnome: Gnome, kind: str) -> bytes:
    path = gnome.folder / "pasted"
    gnome.run("sh", "-c", f"wl-paste -n -t '{kind}' > {path}")
    return path.read_bytes()


def test_what_the_user_copies_meanwhile_stays(gnome: Gnome, portal: PortalPaste) -> None:
    bus, contents = gnome.env["DBUS_SESSION_BUS_ADDRESS"], {UTF8: b"meanwhile"}
    copy = MutterCopy(bus, contents, later=True)
    with gnome.text_window() as window, ThreadPoolExecutor(1) as thread:
        pasting = thread.submit(portal.paste, "dictated", Treatment(), ANY_WINDOW)
        window.wait_for("dictated")
        copy.copy()  # before the clipboard comes back: in that very moment nobody can tell
        pasting.result(30)
        time.sleep(0.5)  # it would come back now
        window.clear()
        gnome.tap("ctrl_l", "v")
        window.wait_for("meanwhile")
        copy.close()


class SlowCopy(MutterCopy):
    """A program that hands over nothing until it is told to."""

    def __init__(self, bus: str, contents: dict[str, bytes]) -> None:
        self.told, self.asked = threading.Event(), 0
        super().__init__(bus, contents)

    async def _serve(self, kind: str, serial: int) -> None:
        self.asked += 1
        await asyncio.to_thread(self.told.wait)
        await super()._serve(kind, serial)


def test_what_the_user_copies_while_the_clipboard_is_saved_comes_back(
    gnome: Gnome, portal: PortalPaste
) -> None:
    bus = gnome.env["DBUS_SESSION_BUS_ADDRESS"]
    with gnome.text_window() as window, ThreadPoolExecutor(1) as thread:
        slow = SlowCopy(bus, {UTF8: b"first"})
        wait_until(lambda: slow.asked == 1, 20, "mutter has asked for it")
        pasting = thread.submit(portal.paste, "dictated", Treatment(), ANY_WINDOW)
        wait_until(lambda: slow.asked == 2, 20, "it is being saved")
        copy = MutterCopy(bus, {UTF8: b"then"})
        slow.told.set()
        assert pasting.result(10) == PASTED
        window.wait_for("dictated")
        wait_until(lambda: read(gnome, UTF8) != b"dictated", 20, "it is given back")
        assert read(gnome, UTF8) == b"then"
        for one in (slow, copy):
            one.close()


def test_it_waits_until_the_user_has_let_go_of_a_modifier(
    gnome: Gnome, portal: PortalPaste
) -> None:
    with gnome.text_window() as window, ThreadPoolExecutor(1) as thread:
        gnome.keydown("ctrl_l")
        pasting = thread.submit(portal.paste, "after", Treatment(), ANY_WINDOW)
        with pytest.raises(TimeoutError):
            pasting.result(0.7)
        assert window.text() == ""
        gnome.keyup("ctrl_l")
        assert pasting.result(10) == PASTED
        window.wait_for("after")


def test_a_focus_that_moves_during_that_wait_ends_it(gnome: Gnome, portal: PortalPaste) -> None:
    gnome.keydown("ctrl_l")
    with pytest.raises(MovedError):
        portal.paste("elsewhere", Treatment(), FakeFocus(False))


@pytest.mark.parametrize("chord_let_go", [0.3])
def test_a_chord_waits_for_some_seconds_only_and_for_its_window(
    gnome: Gnome, portal: PortalPaste
) -> None:
    with gnome.text_window() as window:
        gnome.keydown("alt_l")
        with pytest.raises(MovedError):
            portal.chord("enter", FakeFocus(False))
        with pytest.raises(DeliveryError, match="modifier key is held down"):
            portal.chord("enter")
        gnome.keyup("alt_l")
        portal.chord("enter")
        window.wait_for("\n")


def test_where_nobody_reads_the_next_way_has_the_text_and_the_clipboard_is_back(
    gnome: Gnome, portal: PortalPaste
) -> None:
    copy = MutterCopy(gnome.env["DBUS_SESSION_BUS_ADDRESS"], {UTF8: b"before"})
    assert portal.paste("for nobody", Treatment(), ANY_WINDOW) is None
    with gnome.text_window() as window:
        gnome.tap("ctrl_l", "v")  # it may be the window's that was asleep
        time.sleep(ONE_PASTE + 0.2)
        assert window.text() == ""
        gnome.tap("ctrl_l", "v")
        window.wait_for("before")
    copy.close()


def test_a_window_that_wakes_up_too_late_gets_neither_the_text_nor_what_the_user_had_copied(
    gnome: Gnome, portal: PortalPaste
) -> None:
    copy = MutterCopy(gnome.env["DBUS_SESSION_BUS_ADDRESS"], {UTF8: b"secret"})
    with gnome.text_window() as window:
        portal.paste("warm", Treatment(), ANY_WINDOW)
        wait_until(lambda: read(gnome, UTF8) == b"secret", 20, "it is back")
        with window.stopped():
            assert portal.paste("dictated", Treatment(), ANY_WINDOW) is None
        wait_until(lambda: read(gnome, UTF8) == b"secret", 20, "it is back")
        assert window.text() == "warm"
    copy.close()


def test_what_the_user_had_copied_outlives_a_daemon_that_ends_before_it_is_back(
    gnome: Gnome, environ
) -> None:
    copy = MutterCopy(gnome.env["DBUS_SESSION_BUS_ADDRESS"], {UTF8: b"before"})
    gnome.start_portals()
    portal = PortalPaste(KeyRelease(gnome, threading.Event()))
    with gnome.text_window() as window:
        with window.stopped():
            assert portal.paste("dictated", Treatment(), ANY_WINDOW) is None
        portal.close()
        gnome.stop_portals()  # as with its client the real one's session ends
        assert read(gnome, UTF8) == b"before"
    copy.close()


def test_a_clipboard_that_was_empty_is_empty_again(gnome: Gnome, portal: PortalPaste) -> None:
    bus = gnome.env["DBUS_SESSION_BUS_ADDRESS"]
    MutterCopy(bus, {"application/x-test": b""}).close()  # mutter keeps no such type
    wait_until(lambda: not gnome.run("wl-paste", "-l", check=False), 20, "it is empty")
    with gnome.text_window() as window:
        portal.paste("dictated", Treatment(), ANY_WINDOW)
        window.wait_for("dictated")
        wait_until(lambda: read(gnome, UTF8) == b"", 20, "it is empty")
        gnome.tap("ctrl_l", "v")
        gnome.tap("x")  # after which that paste is over
        window.wait_for("dictatedx")
        portal.paste("again", Treatment(), ANY_WINDOW)
        window.wait_for("dictatedxagain")


def test_the_user_is_asked_once_and_what_was_allowed_is_kept_for_its_owner_only(
    gnome: Gnome, portal: PortalPaste
) -> None:
    kept = files.portal_token_file()
    with gnome.text_window() as window:
        portal.paste("one", Treatment(), ANY_WINDOW)
        first = kept.read_text()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        before = shown(gnome)
        again = PortalPaste(KeyRelease(gnome, threading.Event()))
        again.paste(" two", Treatment(), ANY_WINDOW)
        again.close()
        window.wait_for("one two")
    assert f"'restore_token': '{first}'" in shown(gnome).removeprefix(before)
    assert kept.read_text() != first  # it is good for once


def test_a_user_who_says_no_gets_no_key(gnome: Gnome, environ) -> None:
    gnome.start_portals(answer=1)
    portal = PortalPaste(KeyRelease(gnome, threading.Event()))
    with gnome.text_window() as window:
        with pytest.raises(UnavailableError, match="did not allow"):
            portal.paste("never", Treatment(), ANY_WINDOW)
        assert window.text() == ""
    portal.close()
    gnome.stop_portals()


IDLE = 1.0  # seconds, for tests


@pytest.fixture
def restless(gnome: Gnome, environ) -> Iterator[PortalPaste]:
    """A portal whose session is idle after IDLE seconds."""
    gnome.start_portals()
    made = PortalPaste(KeyRelease(gnome, threading.Event()), idle=IDLE)
    yield made
    made.close()
    gnome.stop_portals()


def closed(gnome: Gnome) -> int:
    """Return how many sessions were closed, in all tests up to now."""
    return shown(gnome).count("Session.Close")


def test_an_idle_session_is_closed_and_the_next_text_opens_another_without_a_question(
    gnome: Gnome, restless: PortalPaste
) -> None:
    before = closed(gnome)
    with gnome.text_window() as window:
        restless.paste("one", Treatment(), ANY_WINDOW)
        first = files.portal_token_file().read_text()
        wait_until(lambda: closed(gnome) > before, 20, "it is closed")
        restless.prepare(ask=False)
        wait_until(lambda: f"'restore_token': '{first}'" in shown(gnome), 20, "it is opened")
        assert restless.paste(" two", Treatment(), ANY_WINDOW) == PASTED
        window.wait_for("one two")


@pytest.mark.parametrize("copied", [b"before", b""])
def test_the_clipboard_is_as_it_was_after_an_idle_session(
    gnome: Gnome, restless: PortalPaste, copied: bytes
) -> None:
    before = closed(gnome)
    copy = MutterCopy(gnome.env["DBUS_SESSION_BUS_ADDRESS"], {UTF8: copied})
    with gnome.text_window() as window:
        restless.paste("dictated", Treatment(), ANY_WINDOW)
        window.wait_for("dictated")
        wait_until(lambda: closed(gnome) > before, 20, "it is closed")
        copy.close()
        assert read(gnome, UTF8) == copied
        restless.paste(" again", Treatment(), ANY_WINDOW)  # with what the desktop has kept
        window.wait_for("dictated again")
        wait_until(lambda: read(gnome, UTF8) == copied, 20, "it is back")


@pytest.mark.parametrize("kinds", [[*COPIED], ["image/png"]], ids=["text and more", "a picture"])
def test_a_session_stays_while_only_we_have_all_that_the_user_had_copied(
    gnome: Gnome, restless: PortalPaste, kinds: list[str]
) -> None:
    before = closed(gnome)
    bus = gnome.env["DBUS_SESSION_BUS_ADDRESS"]
    contents = {kind: COPIED[kind] for kind in kinds}
    copy = MutterCopy(bus, contents)
    with gnome.text_window() as window:
        restless.paste("dictated", Treatment(), ANY_WINDOW)
        window.wait_for("dictated")
        copy.close()
        time.sleep(IDLE * 2)  # it would be closed now
        assert closed(gnome) == before
        for kind, data in contents.items():
            assert read(gnome, kind) == data
        other = MutterCopy(bus, {UTF8: b"other"})
        wait_until(lambda: closed(gnome) > before, 20, "it is closed")
        assert read(gnome, UTF8) == b"other"
        other.close()


def test_a_session_stays_while_a_text_waits_for_the_users_modifiers(
    gnome: Gnome, restless: PortalPaste
) -> None:
    before = closed(gnome)
    with gnome.text_window() as window, ThreadPoolExecutor(1) as thread:
        gnome.keydown("ctrl_l")
        pasting = thread.submit(restless.paste, "after", Treatment(), ANY_WINDOW)
        time.sleep(IDLE * 2)
        stayed = closed(gnome) == before
        gnome.keyup("ctrl_l")
        assert stayed
        assert pasting.result(10) == PASTED
        window.wait_for("after")
        wait_until(lambda: closed(gnome) > before, 20, "it is closed")


class Told:
    """ports.Notifier that keeps what the user is told."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def tell(self, message: str, cause: Cause = "") -> None:
        self.messages.append((cause, message))


def test_the_user_is_asked_at_the_start_and_told_why_as_no_better_method_works_here(
    gnome: Gnome, environ, monkeypatch
) -> None:
    monkeypatch.setenv("IBUS_ADDRESS", "unix:path=/nowhere")  # a desktop without IBus
    gnome.start_portals()
    asked, told = shown(gnome).count("RemoteDesktop.Start"), Told()
    output = WaylandOutput(notices=told)
    output.permit()
    wait_until(lambda: ("permission", "") in told.messages, 20, "the answer")
    assert told.messages[0][0] == "permission"
    assert shown(gnome).count("RemoteDesktop.Start") == asked + 1
    asyncio.run(output.close())
    gnome.stop_portals()


def test_for_the_clipboard_alone_the_user_is_not_asked(gnome: Gnome, portal: PortalPaste) -> None:
    asked = shown(gnome).count("RemoteDesktop.Start")
    files.portal_token_file().unlink(missing_ok=True)
    with pytest.raises(UnavailableError):
        portal.copy_to_clipboard("kept", ask=False)
    assert shown(gnome).count("RemoteDesktop.Start") == asked
    with gnome.text_window() as window:
        portal.paste("allowed", Treatment(), ANY_WINDOW)
        window.wait_for("allowed")
        portal.copy_to_clipboard("kept", ask=False)
        assert read(gnome, UTF8) == b"kept"


def test_what_is_kept_is_on_the_clipboard(gnome: Gnome, portal: PortalPaste) -> None:
    with gnome.text_window() as window:
        portal.copy_to_clipboard("kept", secret=True)
        gnome.tap("ctrl_l", "v")
        window.wait_for("kept")
