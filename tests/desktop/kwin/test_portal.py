"""KDE: the real portals press the chord, data-control has both selections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes import FakeFocus
from tests.rigs.headless import Kind
from tests.rigs.kwin import KWin
from tests.rigs.wayland_output import MIXED
from tests.waiting import wait_until
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import ANY_WINDOW, MovedError
from tray_dictate.output.portal.paste import PortalPaste
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.selections import WaylandSelections

pytestmark = pytest.mark.kwin
PASTED = Receipt(confirmed=True, method="paste")
LARGE = MIXED * 250


@pytest.fixture
def portal(kwin: KWin, environ) -> Iterator[PortalPaste]:
    selections = WaylandSelections()
    made = PortalPaste(KeyRelease(kwin, threading.Event()), selections)
    yield made
    made.close()
    selections.close()


@pytest.mark.parametrize("kind", ["gtk", "gtk4", "qt"])
def test_every_character_arrives_once_and_the_target_read_it(
    kwin: KWin, portal: PortalPaste, kind: Kind
) -> None:
    with kwin.text_window(kind) as window:
        for text in (MIXED, LARGE):
            window.clear()
            assert portal.paste(text, Treatment(), ANY_WINDOW) == PASTED
            window.wait_for(text)
        portal.chord("backspace")
        window.wait_for(LARGE[:-1])


def test_the_users_clipboard_comes_back(kwin: KWin, portal: PortalPaste) -> None:
    kwin.run("sh", "-c", "printf before | wl-copy -t text/plain >/dev/null 2>&1")
    with kwin.text_window() as window:
        portal.paste("dictated", Treatment(), ANY_WINDOW)
        window.wait_for("dictated")
        wait_until(lambda: kwin.run("wl-paste", "-n") == "before", 10, "it is back")
        window.clear()
        kwin.tap("ctrl_l", "v")
        window.wait_for("before")


def test_it_waits_until_the_user_has_let_go_of_a_modifier(kwin: KWin, portal: PortalPaste) -> None:
    with kwin.text_window() as window, ThreadPoolExecutor(1) as thread:
        kwin.keydown("ctrl_l", "alt_l")
        pasting = thread.submit(portal.paste, "after", Treatment(), ANY_WINDOW)
        kwin.keyup("alt_l")
        with pytest.raises(TimeoutError):
            pasting.result(0.4)
        assert window.text() == ""
        kwin.keyup("ctrl_l")
        assert pasting.result(10) == PASTED
        window.wait_for("after")


def test_nothing_is_pressed_where_the_focus_has_moved(kwin: KWin, portal: PortalPaste) -> None:
    with kwin.text_window() as window:
        with pytest.raises(MovedError):
            portal.paste("elsewhere", Treatment(), FakeFocus(False))
        portal.paste("here", Treatment(), ANY_WINDOW)
        window.wait_for("here")
