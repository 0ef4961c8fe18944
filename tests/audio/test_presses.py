"""Takes that are cancelled at any moment leave nothing open, as the sound server sees it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.daemon import ROOT
from tests.rigs.environment import private_environment
from tests.rigs.processes import Processes
from tests.rigs.sound import Sound

pytestmark = pytest.mark.desktop  # it mostly waits


@pytest.fixture(scope="module")
def env() -> Iterator[dict[str, str]]:
    """The environment of a sound server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="rig-", dir="/tmp"))
    env = private_environment(folder)
    processes = Processes(folder / "log", env)
    try:
        Sound(processes, folder, env, 48000).start()
        yield env
    finally:
        processes.end_all()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def presses(env: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Both kinds of device at once: they mostly wait."""
    command = [sys.executable, "-m", "tests.audio.presses"]
    running = {
        kind: subprocess.Popen(
            [*command, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**env, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1"},
        )
        for kind, words in (("quick", []), ("slow", ["--slow"]))
    }  # fmt: skip
    try:
        yield running
    finally:
        for process in running.values():
            process.kill()
            process.wait()


@pytest.mark.parametrize("device", ["quick", "slow"])
def test_takes_cancelled_at_any_moment_leave_no_stream_no_thread_and_no_file(
    presses: dict[str, subprocess.Popen[str]], device: str
) -> None:
    said, _ = presses[device].communicate(timeout=100)
    assert presses[device].returncode == os.EX_OK
    found = json.loads(said)
    assert found["presses"] == 50
    assert found["before"]["streams"] == found["after"]["streams"] == 0
    assert found["after"]["threads"] <= found["before"]["threads"]
    assert found["after"]["files"] <= found["before"]["files"]
