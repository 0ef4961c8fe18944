"""The offline engine never touches the network; watched from inside and from outside."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.speech import write_wav

TRANSCRIBE = """
import asyncio, socket, sys
from pathlib import Path

seen = []
def watch(event, args):
    unix = event == "socket.__new__" and args[1] == socket.AF_UNIX  # the loop's own wake-up pair
    if event.startswith("socket.") and not unix:
        seen.append(event)
sys.addaudithook(watch)

from tray_dictate.audio import files
from tray_dictate.core.segments import Completed
from tray_dictate.engine.offline.engine import OfflineEngine

async def main():
    engine = OfflineEngine()
    async with engine.session() as session:
        await session.send(files.read(Path(sys.argv[1]), engine.rate))
        await session.finish()
        print([event.text async for event in session.events() if isinstance(event, Completed)])
    await engine.close()
asyncio.run(main())
if "call" in sys.argv:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
print(seen)
"""
STRACE = ["strace", "-f", "-qq", "-e", "trace=network"]


@pytest.fixture(scope="module")
def sentence(tmp_path_factory):
    return write_wav(tmp_path_factory.mktemp("sound") / "sentence.wav", "Good morning.")


def watched(sentence, *more):
    command = [*STRACE, sys.executable, "-c", TRANSCRIBE, str(sentence), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


@pytest.fixture(scope="module")
def silent(sentence):
    return watched(sentence)


@pytest.fixture(scope="module")
def calling(sentence):
    return watched(sentence, "call")


def test_python_opens_no_socket(silent):
    assert silent.stdout == "['Good morning.']\n[]\n"


def test_the_library_does_not_report_its_use(sentence, tmp_path):
    """onnxruntime would, and prepares it at once: a number for the machine, and a database."""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", TRANSCRIBE, str(sentence)]
    unset = {n: v for n, v in os.environ.items() if n != "ORT_DISABLE_TELEMETRY"}
    subprocess.run(command, env={**unset, **home}, timeout=60, check=True, capture_output=True)
    assert list(tmp_path.rglob("*onnxruntime*")) == []


def test_a_socket_that_python_opens_would_have_been_seen(calling):
    assert "socket.connect" in calling.stdout


def test_no_library_opens_a_socket(silent):
    assert "Good morning." in silent.stdout
    assert "AF_INET" not in silent.stderr
    assert "AF_UNIX" in silent.stderr  # the loop's wake-up pair: strace did look


def test_a_socket_that_a_library_opens_would_have_been_seen(calling):
    assert "AF_INET" in calling.stderr
