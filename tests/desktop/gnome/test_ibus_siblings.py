"""IBus on GNOME with what happens beside it: IBus started anew, X programs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.rigs.gnome import Gnome
from tests.rigs.headless import WAIT
from tests.rigs.ibus_engines import PATIENT, US, in_force, set_engine
from tests.rigs.windows import RECORDER
from tests.waiting import wait_until
from tray_dictate.core.errors import UnavailableError
from tray_dictate.output.base import ANY_WINDOW
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.ibus.method import IBusMethod

pytestmark = pytest.mark.gnome
CONNECTED = "imports.misc.ibusManager.getIBusManager()._ready"


def insert(method: IBusMethod, text: str) -> None:
    assert method.insert(text, Treatment(), ANY_WINDOW).method == "ibus"


@pytest.fixture
def method(gnome: Gnome, environ) -> Iterator[IBusMethod]:
    made = IBusMethod(threading.Event(), PATIENT)
    yield made
    made.close()


def test_the_next_text_goes_in_when_ibus_was_started_anew(gnome: Gnome, method: IBusMethod) -> None:
    with gnome.text_window() as window:
        set_engine(gnome, US)
        insert(method, "one ")
        gnome.run("ibus", "restart")
        window.wait_for("one ")
    wait_until(lambda: "'true'" in gnome.evaluate(CONNECTED), WAIT, "GNOME sees it")
    with gnome.text_window() as window:  # GNOME tells a new IBus of no field that has the focus
        set_engine(gnome, US)
        insert(method, "two ")
        window.wait_for("two ")
        assert in_force(gnome) == US


def test_an_x_program_is_left_to_the_next_method(gnome: Gnome, environ) -> None:
    env = {
        name: gnome.evaluate(f"imports.gi.GLib.getenv('{name}')").split('"')[1]
        for name in ("DISPLAY", "XAUTHORITY")
    }
    received = gnome.folder / "received-by-x"
    argv = ["xterm", "-T", "the-x-terminal", "-e", "sh", "-c", RECORDER, str(received)]
    xterm = gnome.processes.start("xterm", argv, env=gnome.env | env)
    focused = "global.display.focus_window ? global.display.focus_window.title : ''"
    wait_until(
        lambda: received.exists() and "the-x-terminal" in gnome.evaluate(focused), WAIT, "it"
    )
    method = IBusMethod(threading.Event())
    with closing(method), pytest.raises(UnavailableError, match="no text field"):
        insert(method, "for the next method")
    assert received.read_text() == ""
    gnome.processes.end(xterm)


def test_where_ibus_has_ended_the_next_method_has_the_text_at_once(gnome: Gnome, environ) -> None:
    with gnome.text_window() as window, closing(IBusMethod(threading.Event())) as method:
        set_engine(gnome, US)
        insert(method, "one ")
        gnome.run("ibus", "exit")
        wait_until(lambda: not in_force(gnome), WAIT, "IBus has ended")
        for _ in range(3):
            with pytest.raises(UnavailableError, match="IBus cannot be used"):
                insert(method, "for the next method")
        assert window.text() == "one "
