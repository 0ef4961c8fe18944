"""The input method beside programs that answer late: text is in the window once, and said to be."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.fakes import FakeFocus
from tests.rigs.ibus_engines import US, ibus_for_x, in_force
from tests.rigs.sway import Sway
from tests.rigs.wayland_late_window import late_window
from tests.rigs.wayland_output import delivering
from tests.waiting import wait_until
from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.output.wayland.input_method import MANAGER, InputMethod
from tray_dictate.output.wayland.text_field import FieldTiming
from tray_dictate.system.desktop.wayland import Connection


@pytest.fixture
def connection(environ: Sway) -> Iterator[Connection]:
    made = Connection()
    yield made
    made.close()


@pytest.fixture
def input_method(connection: Connection) -> InputMethod:
    return InputMethod(connection)


PATIENT = FieldTiming(active=1.0)  # a window on a busy machine answers in time


class LaterClock:
    """The machine's clock, set forward."""

    def __init__(self) -> None:
        self.ahead = 0.0  # seconds

    def time(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


class CountingConnection(Connection):
    """Counts how often the compositor is waited for."""

    waits = 0

    def wait(self, until: Callable[[], bool], patience: float) -> bool:
        self.waits += 1
        return super().wait(until, patience)


def server(connection: Connection) -> int:
    """Return the compositor's process."""
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        [pid] = struct.unpack_from("=i", same.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid


def commit(input_method: InputMethod, text: str, window: str = "") -> None:
    def stays() -> bool:
        time.sleep(0.003)  # as a look at the focus takes
        return True

    input_method.commit(text, threading.Event(), FakeFocus(stays), window)


@pytest.mark.parametrize("before", [0.002, 0.06])
def test_the_first_commit_is_not_taken_for_lost(connection: Connection, before) -> None:
    with late_window(before, 0.001) as window:
        commit(InputMethod(connection, PATIENT), "once")
        wait_until(lambda: window.text() == "once", 5, "the text is there, once")


@pytest.mark.parametrize("looks", [1, 3])
def test_a_look_that_ended_unanswered_does_not_have_the_next_commit_taken_for_lost(
    connection: Connection, looks
) -> None:
    input_method = InputMethod(connection, PATIENT)
    with late_window(0.06, 0.001) as window:
        for _ in range(looks):
            assert not input_method.is_native()  # 10 ms are all that it waits
        commit(input_method, "once")
        wait_until(lambda: window.text() == "once", 5, "the text is there, once")


def test_a_window_without_a_text_field_costs_no_other_window_its_time(
    connection: Connection,
) -> None:
    clock = LaterClock()
    input_method = InputMethod(connection, PATIENT, clock)
    with pytest.raises(UnavailableError, match="No text field"):
        commit(input_method, "no", "without")
    with late_window(0.03) as window:
        commit(input_method, "other ", "with")
        time.sleep(0.3)  # it has answered the end: later, that would tell of its text field
        window.before = 0.2  # in time for a window that is not known
        with pytest.raises(UnavailableError, match="No text field"):
            commit(input_method, "no", "without")  # the same again: 10 ms have to do
        time.sleep(1)  # which the window answers in
        window.before = 0.03
        clock.ahead = 30
        commit(input_method, "same", "without")
        wait_until(lambda: window.text() == "other same", 5, "the text is there")


def test_another_input_method_is_told_of_by_the_check_and_forgotten_when_it_has_ended(
    input_method: InputMethod,
) -> None:
    other = Connection()
    other.request(other.bind(MANAGER), 0, other.bind("wl_seat"), other.create())
    other.roundtrip()
    try:
        with pytest.raises(UnavailableError, match="Another input method"):
            input_method.check()
        with pytest.raises(UnavailableError, match="Another input method"):
            commit(input_method, "no")
    finally:
        other.close()
    input_method.check()


async def test_text_is_committed_again_as_soon_as_another_input_method_has_ended(
    environ: Sway,
) -> None:
    other = Connection()
    other.request(other.bind(MANAGER), 0, other.bind("wl_seat"), other.create())
    other.roundtrip()
    with late_window(0.0):
        async with delivering() as output:
            target = await output.target()
            try:
                assert (await output.deliver("typed ", target)).method != "commit"
            finally:
                other.close()
            assert (await output.deliver("committed", target)).method == "commit"


def test_a_compositor_that_hangs_is_told_as_what_it_is_and_waited_for_once(
    environ: Sway,
) -> None:
    connection = CountingConnection()
    input_method = InputMethod(connection, FieldTiming(compositor=0.5))
    sway = server(connection)

    def stays() -> bool:
        os.kill(sway, signal.SIGSTOP)
        connection.waits = 0
        return True

    with late_window(0.0):
        try:
            with pytest.raises(DeliveryError, match="The compositor does not answer"):
                input_method.commit("said", threading.Event(), FakeFocus(stays))
        finally:
            os.kill(sway, signal.SIGCONT)
    assert connection.waits == 1
    connection.close()


async def test_an_ibus_that_the_compositor_does_not_use_gets_no_text(
    sway: Sway, environ: Sway
) -> None:
    with ibus_for_x(sway), sway.text_window("gtk4") as window:
        async with delivering() as output:
            assert (await output.deliver("dictated")).method == "commit"
        window.wait_for("dictated")
        assert in_force(sway) == US
