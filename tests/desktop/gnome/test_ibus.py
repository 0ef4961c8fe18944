"""IBus on GNOME: text into every field without keys, clipboard or permission, and nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import FakeFocus
from tests.rigs.gnome import Gnome
from tests.rigs.headless import WAIT, Kind
from tests.rigs.ibus_engines import (
    INTERNATIONAL,
    PATIENT,
    US,
    begin_to_compose,
    compose,
    composing,
    in_force,
    set_engine,
)
from tests.rigs.mutter import MutterCopy
from tests.rigs.wayland_output import MIXED, delivering
from tests.waiting import wait_until
from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.ibus.method import IBusMethod
from tray_dictate.output.wayland.text_field import SecretError
from tray_dictate.system.programs import processes

pytestmark = pytest.mark.gnome
LARGE = "".join(f"{number} größe 你好 😀 " for number in range(700))
INSERTER = Path(__file__).parents[2] / "rigs" / "ibus_inserter.py"


@pytest.fixture(autouse=True)
def engine(gnome: Gnome, environ) -> str:
    """Have an ordinary layout in force: IBus tells it while a text field has the focus only."""
    with gnome.text_window():
        set_engine(gnome, US)
    return US


@pytest.fixture
def method(gnome: Gnome, environ) -> Iterator[IBusMethod]:
    made = IBusMethod(threading.Event(), PATIENT)
    yield made
    made.close()


def insert(method: IBusMethod, text: str, check: FocusCheck = ANY_WINDOW) -> Receipt:
    return method.insert(text, Treatment(), check)


class Inserter:
    """Another process of ours, which has inserted once, and does so again after each pause."""

    def __init__(self, gnome: Gnome, text: str, pause: float = -1) -> None:
        """Without a pause it inserts once only; in seconds."""
        argv = [sys.executable, "-P", str(INSERTER), text, str(pause)]
        env = {**gnome.env, "PYTHONPATH": str(INSERTER.parents[2])}
        self._process = gnome.processes.start(
            "inserter", argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._line() == b"inserted\n"

    def end(self) -> None:
        """Have it end in order."""
        assert self._process.stdin
        self._process.stdin.write(b"end\n")
        self._process.stdin.flush()
        assert self._line() == b"closed\n"
        assert self._process.wait(WAIT) == 0

    def kill(self) -> None:
        """End it by kill -9."""
        self._process.kill()
        self._process.wait(WAIT)

    def survivor(self) -> int:
        """Return the process that outlives it."""
        ours = self._process.pid
        [pid] = [one for one in processes.every() if processes.parent(one) == ours]
        return pid

    def _line(self) -> bytes:
        assert self._process.stdout
        return self._process.stdout.readline()


@pytest.mark.parametrize("kind", ["gtk", "gtk4"])
def test_every_character_arrives_once_and_the_clipboard_is_left_alone(
    gnome: Gnome, method: IBusMethod, kind: Kind
) -> None:
    copy = MutterCopy(gnome.env["DBUS_SESSION_BUS_ADDRESS"], {"text/plain": b"copied"})
    with gnome.text_window(kind) as window:
        for text in (MIXED, LARGE):
            window.clear()
            assert insert(method, text).method == "ibus"
            window.wait_for(text)
        gnome.tap("x")
        window.wait_for(LARGE + "x")
        assert in_force(gnome) == US
    assert gnome.run("wl-paste", "-n") == "copied"
    copy.close()


def test_texts_close_together_all_arrive(gnome: Gnome, method: IBusMethod) -> None:
    with gnome.text_window() as window:
        for number in range(20):
            insert(method, f"{number} ")
        window.wait_for("".join(f"{number} " for number in range(20)))


def test_a_terminal_gets_the_text_unless_it_would_act_as_keys(gnome: Gnome, environ) -> None:
    method = IBusMethod(threading.Event(), replace(PATIENT, answer=0.2))  # it answers nothing
    assert gnome.processes.start("marked", ["wl-copy", "--primary", "secret"]).wait(WAIT) == 0
    with gnome.terminal() as received:
        for number in range(20):  # it confirms nothing
            assert insert(method, f"größe{number} ").confirmed is False
        wanted = "".join(f"größe{number} " for number in range(20))
        wait_until(lambda: received.read_text() == wanted, 20, "the text")
        with pytest.raises(UnavailableError, match="act as keys"):
            insert(method, "ls\n")
        assert received.read_text() == wanted
    method.close()


def test_a_password_is_not_dictated(gnome: Gnome, method: IBusMethod) -> None:
    with gnome.text_window("gtk4_password") as window:
        with pytest.raises(SecretError):
            insert(method, "hunter2")
        assert window.text() == ""
        assert method.around() is None
        assert in_force(gnome) == US


def test_without_a_text_field_the_next_method_has_the_text(gnome: Gnome) -> None:
    method = IBusMethod(threading.Event())
    with pytest.raises(UnavailableError, match="no text field"):
        insert(method, "for nobody")
    method.close()
    with gnome.text_window() as window:
        assert in_force(gnome) == US
        assert window.text() == ""


def test_a_focus_that_has_moved_gets_nothing(gnome: Gnome, method: IBusMethod) -> None:
    with gnome.text_window() as window:
        with pytest.raises(MovedError):
            insert(method, "elsewhere", FakeFocus(False))
        insert(method, "here")
        window.wait_for("here")


def test_what_the_user_is_composing_is_finished_first(gnome: Gnome, method: IBusMethod) -> None:
    with gnome.text_window() as window, ThreadPoolExecutor(1) as thread:
        set_engine(gnome, INTERNATIONAL)
        begin_to_compose(gnome)
        gnome.tap("2")
        composing(method)
        inserting = thread.submit(insert, method, "dictated")
        time.sleep(0.5)
        assert window.text() == ""
        gnome.tap("space")
        assert inserting.result(WAIT).method == "ibus"  # what was composed moves the caret, too
        window.wait_for("âdictated")
        compose(gnome)
        window.wait_for("âdictatedâ")
        assert in_force(gnome) == INTERNATIONAL


def test_what_the_user_does_not_finish_is_not_destroyed(gnome: Gnome, environ) -> None:
    method = IBusMethod(threading.Event(), replace(PATIENT, composed=0.2))
    with gnome.text_window() as window:
        set_engine(gnome, INTERNATIONAL)
        begin_to_compose(gnome)
        composing(method)
        with pytest.raises(DeliveryError, match="Finish it first"):
            insert(method, "dictated")
        gnome.tap("2")
        gnome.tap("space")
        window.wait_for("â")
        insert(method, "dictated")
        window.wait_for("âdictated")
    method.close()


@pytest.mark.parametrize("ends", [Inserter.end, Inserter.kill])
def test_the_users_engine_is_in_force_after_our_end(gnome: Gnome, ends) -> None:
    with gnome.text_window() as window:
        set_engine(gnome, INTERNATIONAL)
        ends(Inserter(gnome, "dictated "))
        wait_until(lambda: in_force(gnome) == INTERNATIONAL, WAIT, "the engine")
        window.wait_for("dictated ")
        compose(gnome)
        window.wait_for("dictated â")


def test_a_kill_at_any_moment_leaves_the_users_engine(gnome: Gnome) -> None:
    with gnome.text_window():
        set_engine(gnome, INTERNATIONAL)
        for number in range(8):
            inserter = Inserter(gnome, "x", pause=0)
            time.sleep(0.007 * number)
            inserter.kill()
            wait_until(lambda: in_force(gnome) == INTERNATIONAL, WAIT, "the engine")
            time.sleep(0.3)  # nothing late may change it
            assert in_force(gnome) == INTERNATIONAL


def test_an_engine_that_the_user_chooses_between_texts_is_the_one_that_stays(
    gnome: Gnome, method: IBusMethod
) -> None:
    with gnome.text_window() as window:
        inserter = Inserter(gnome, "one ")
        set_engine(gnome, INTERNATIONAL)
        inserter.kill()
        wait_until(lambda: in_force(gnome) == INTERNATIONAL, WAIT, "the engine")
        window.wait_for("one ")


def test_without_an_engine_there_is_none_afterwards(gnome: Gnome, environ) -> None:
    with gnome.text_window() as window:
        inserter = Inserter(gnome, "one ")
        os.kill(inserter.survivor(), signal.SIGKILL)
        inserter.kill()
        wait_until(lambda: in_force(gnome) == "", WAIT, "no engine")
        method = IBusMethod(threading.Event(), PATIENT)
        for text in ("two ", "three "):
            insert(method, text)
            wait_until(lambda: in_force(gnome) == "", WAIT, "no engine")
        window.wait_for("one two three ")
        method.close()


@pytest.mark.parametrize("ends", [Inserter.end, Inserter.kill])
def test_two_processes_of_ours_do_not_disturb_each_other(
    gnome: Gnome, method: IBusMethod, ends
) -> None:
    with gnome.text_window() as window:
        set_engine(gnome, INTERNATIONAL)
        insert(method, "daemon ")
        other = Inserter(gnome, "doctor ")
        insert(method, "daemon ")
        ends(other)
        insert(method, "daemon ")
        window.wait_for("daemon doctor daemon daemon ")
        wait_until(lambda: in_force(gnome) == INTERNATIONAL, WAIT, "the engine")
        time.sleep(0.3)
        assert in_force(gnome) == INTERNATIONAL


async def test_the_desktop_is_not_asked_for_permission_where_ibus_serves(
    gnome: Gnome, environ
) -> None:
    gnome.start_portals()
    with gnome.text_window() as window:
        async with delivering() as output:
            output.prepare()
            assert (await output.deliver("dictated")).method == "ibus"
            window.wait_for("dictated")
            assert dict(output.explain())["ibus"] == ""
    assert "CreateSession" not in gnome.processes.tail("portal", 1_000_000)
    gnome.stop_portals()


def test_doctor_tries_it_and_leaves_the_users_engine(gnome: Gnome) -> None:
    with gnome.text_window() as window:
        set_engine(gnome, INTERNATIONAL)
        said = gnome.run(
            sys.executable, "-P", "-m", "tray_dictate", "doctor", "--json", "--no-input",
            check=False, timeout=120,
        )  # fmt: skip
        found = {one["name"]: one for one in json.loads(said)["checks"]}
        assert found["text: ibus"]["words"] == "in use"
        assert found["IBus engine"]["state"] == "ok"
        wait_until(lambda: in_force(gnome) == INTERNATIONAL, WAIT, "the engine")
        assert window.text() == ""
