"""What is logged, as a program of its own does it: the libraries' debug lines may hold a key."""

from __future__ import annotations

import logging
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.system import logs as log

ROOT = Path(__file__).parents[2]
SAY = """
import logging
import websockets.client
from tray_dictate.system import logs as log
log.{start}
for name in ("websockets.client", "openai", "httpx", "azure.identity", "keyring.backend"):
    for say in (logging.getLogger(name).debug, logging.getLogger(name).info):
        say("> Authorization: Bearer sk-secret")
logging.getLogger("azure.identity").warning("pages of what comes next")
for level in ("debug", "info", "warning", "error"):
    getattr(logging.getLogger("tray_dictate.app.daemon"), level)("%s of ours", level)
    getattr(logging.getLogger("websockets"), level)("%s of theirs", level)
"""


FAIL = """

theirs = logging.getLogger("asyncio")
try:
    1 / 0
except ZeroDivisionError:
    theirs.exception("Exception in callback")
try:
    tray_dictate.cli.main.main(["--config"])
except SystemExit:
    theirs.exception("Task exception was never retrieved")
"""


@pytest.fixture
def said(tmp_path):
    def run(start: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", SAY.format(start=start)], capture_output=True, text=True,
            check=True, env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert "secret" not in done.stderr
        assert "pages" not in done.stderr
        return done.stderr

    return run


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_daemon_logs_from_its_level_on_and_no_detail_of_a_library(said, level, tmp_path):
    lines = said(f"start({level!r})")
    levels = ["debug", "info", "warning", "error"]
    for other in levels:
        assert (f"{other} of ours" in lines) is (levels.index(other) >= levels.index(level))
    assert "debug of theirs" not in lines
    assert "info of theirs" not in lines
    assert "error of theirs" in lines
    (path,) = tmp_path.rglob("*.log")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == lines


def test_a_command_that_tells_itself_logs_only_what_nobody_has_foreseen(said):
    lines = said("start_for_command()")
    assert "error of ours" in lines
    assert "warning of ours" not in lines
    assert "info of theirs" not in lines


@given(
    st.lists(st.text() | st.sampled_from(["\n2026-01-01 00:00:00,000 ERROR forged", "\r", "\x9b"]))
)
def test_no_name_can_forge_a_line_or_command_the_terminal(parts):
    said = "".join(parts)
    try:
        fail(said)
    except ValueError as error:
        failed = type(error), error, error.__traceback__
    record = logging.LogRecord("x", logging.ERROR, "", 0, "window %s", (said,), failed)
    first, *others = log._Format(log._FORMAT).format(record).split("\n")
    assert first.endswith(f"ERROR x: window {_shown(said)}")
    assert all(line.startswith("    ") for line in others)
    assert all(line.isprintable() for line in [first, *others])


def fail(said: str) -> None:
    raise ValueError(said)


def _shown(said: str) -> str:
    line = said.split("\n", maxsplit=1)[0]
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in line
    )


def test_a_librarys_own_failure_is_no_traceback_and_ours_is_one(said):
    lines = said("start('info')\nimport tray_dictate.cli.main\n" + FAIL)
    assert "a library failed in a callback: ZeroDivisionError" in lines
    assert "division by zero" not in lines
    assert "SystemExit: 2" in lines


def test_a_log_that_was_begun_anew_is_still_its_owners_alone(tmp_path):
    program = "import os; os.umask(0o022); from tray_dictate.system import logs as log\n"
    program += "log._LONGEST = 1000\n"
    program += "log.start('info'); import logging\n"
    program += "for _ in range(100): logging.getLogger('tray_dictate').info('x' * 50)"
    subprocess.run(
        [sys.executable, "-c", program], check=True, stderr=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    logs = list(tmp_path.rglob("*.log*"))
    assert len(logs) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in logs} == {0o600}
