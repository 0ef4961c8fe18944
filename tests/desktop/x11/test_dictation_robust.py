"""What may happen to a machine in use: it sleeps, its disk fills, its clock jumps."""

from __future__ import annotations

import resource
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.rigs.daemon import Daemon, arguments
from tests.rigs.dictation import LONG, SENTENCE, hold, landed, settled, spoken
from tests.rigs.logind import Logind
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

SECOND = LONG[2]
HOMES = ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")


@pytest.fixture
def window(desktop):
    return desktop.text_window("tk")


def test_a_take_is_delivered_before_the_machine_sleeps_and_the_next_one_works(
    desktop, window, wavs, tmp_path
):
    with Logind(tmp_path) as logind, desktop.daemon(env=logind.env) as daemon:
        logind.wait_for("locked tray_dictate")
        desktop.keydown("Control_R")
        daemon.wait_log("first sample")
        desktop.play_whole(spoken(wavs, SENTENCE))
        logind.tell("sleep")
        logind.wait_for("unlocked")
        landed(window, SENTENCE)
        desktop.keyup("Control_R")
        logind.tell("awake")
        logind.wait_for("locked tray_dictate", 2)
        hold(desktop, spoken(wavs, SECOND), "Control_R")
        settled(daemon, 2)
        landed(window, f"{SENTENCE} {SECOND}")
        assert "WARNING" not in daemon.log()


def test_where_nobody_tells_of_sleep_the_log_says_so_and_nothing_else_happens(
    desktop, window, wavs, tmp_path
):
    nowhere = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/nobody"}
    with desktop.daemon(env=nowhere) as daemon:
        daemon.wait_log("suspend cannot be detected")
        hold(desktop, spoken(wavs, SENTENCE), "Control_R")
        settled(daemon)
        landed(window, SENTENCE)
        assert daemon.log().count("suspend cannot be detected") == 1
        assert "WARNING" not in daemon.log()


def test_a_disk_that_fills_up_costs_the_history_and_no_word(desktop, window, wavs):
    before = len(desktop.notifications())
    with desktop.daemon() as daemon:
        daemon.wait_log("the engine is loaded")
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        two_takes_told_once(desktop, window, wavs, before)
    # and it ends cleanly, which the `with` asserts


def test_in_a_home_that_cannot_be_written_dictation_works(desktop, window, wavs):
    before = len(desktop.notifications())
    nowhere = dict.fromkeys(HOMES, "/proc/nobody/writes/here")
    with desktop.daemon(env=nowhere) as daemon:
        two_takes_told_once(desktop, window, wavs, before)
        assert "Traceback" not in daemon.log()


def two_takes_told_once(desktop, window, wavs, before: int) -> None:
    """Say two sentences; what is not kept is told after the first one, at the latest."""
    hold(desktop, spoken(wavs, SENTENCE), "Control_R")
    landed(window, SENTENCE)
    wait_until(
        lambda: "dictations are not saved to disk" in desktop.notifications()[before:],
        20,
        "the message",
    )
    wait_until(
        lambda: "statistics are not saved to disk" in desktop.notifications()[before:],
        20,
        "the other",
    )
    told = desktop.notifications()
    hold(desktop, spoken(wavs, SECOND), "Control_R")
    landed(window, f"{SENTENCE} {SECOND}")
    assert desktop.notifications() == told


def test_a_clock_that_jumps_changes_nothing(desktop, window, wavs):
    daemon = Daemon(desktop.processes, desktop.env, arguments((), {}), "tests.rigs.jumping_clock")
    with daemon:
        daemon.wait_log("ready: ", 60)
        for number, said in enumerate((SENTENCE, SECOND), 1):
            hold(desktop, spoken(wavs, said), "Control_R")
            settled(daemon, number)
        landed(window, f"{SENTENCE} {SECOND}")
        assert "WARNING" not in daemon.log()


def test_without_its_x_server_it_ends_with_an_error_and_keeps_what_was_said(wavs):
    with Desktop(sound=True) as desktop:
        daemon = desktop.daemon()
        desktop.text_window("tk")
        desktop.keydown("Control_R")
        daemon.wait_log("first sample")
        desktop.play_whole(spoken(wavs, SENTENCE))
        for name, process in desktop.processes._mine:
            if name == "Xvfb":
                process.send_signal(signal.SIGKILL)
        assert daemon.process.wait(30) == 1
        assert "The X server is gone" in daemon.log()
        assert "Traceback" not in daemon.log()
        data = Path(desktop.env["XDG_DATA_HOME"], "tray_dictate")
        with closing(sqlite3.connect(data / "history.sqlite")) as history:
            kept = " ".join(str(row) for row in history.execute("SELECT * FROM entry"))
        assert "invoice" in kept or list(data.glob("kept/*.wav"))
