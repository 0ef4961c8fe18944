"""The process is replaced where only its own library hangs, and never under a dictation."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.daemon_rig import Rig
from tests.waiting import until
from tray_dictate.app.sound_recovery import SoundRecovery
from tray_dictate.audio.portaudio import HANGS, PortAudio
from tray_dictate.core.errors import CaptureError

WORKS, HANGS_TOO = ("true",), ("false",)


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    let_go = threading.Event()
    yield let_go
    let_go.set()


@pytest.fixture
async def portaudio(let_go) -> AsyncIterator[PortAudio]:
    """A library that will hang in its next call."""
    portaudio = PortAudio(lambda: let_go.wait(60), patience=0.3)
    yield portaudio
    let_go.set()
    portaudio.close()


async def hang(portaudio: PortAudio) -> None:
    with pytest.raises(CaptureError, match="does not answer"):
        await portaudio.call(portaudio.library)


def recovery(portaudio: PortAudio, rig: Rig, command, apart: float = 0) -> list[float]:
    """Return the times when the process was to be replaced."""
    due: list[float] = []
    recovery = SoundRecovery(portaudio, rig.daemon, rig.notices, command, apart=apart)
    recovery.due.subscribe(lambda: due.append(time.monotonic()))
    return due


async def test_an_idle_daemon_is_replaced_and_says_so(portaudio, rig):
    due = recovery(portaudio, rig, WORKS)
    await hang(portaudio)
    await until(lambda: due)
    assert any("starts again" in said for said in rig.tray.said)
    assert HANGS not in rig.tray.said


async def test_a_dictation_is_delivered_first(portaudio, rig):
    due = recovery(portaudio, rig, WORKS)
    rig.press()
    await rig.say("hello there")
    await hang(portaudio)
    await asyncio.sleep(0.5)
    assert not due
    rig.release()
    await until(lambda: due)
    assert rig.output.text.strip().lower().startswith("hello there")


async def test_a_daemon_is_not_replaced_where_another_process_hangs_too(
    portaudio, rig, let_go, caplog
):
    caplog.set_level("INFO")
    due = recovery(portaudio, rig, HANGS_TOO)
    await hang(portaudio)
    await until(lambda: HANGS in rig.tray.said)
    let_go.set()  # the sound server goes on
    await until(lambda: "answers again" in caplog.text)
    assert not due


async def test_a_daemon_that_was_just_replaced_waits_before_the_next_time(portaudio, rig):
    began = time.monotonic()
    due = recovery(portaudio, rig, WORKS, apart=2)
    await hang(portaudio)
    await until(lambda: due)
    assert HANGS in rig.tray.said
    assert due[0] >= began + 2


async def test_what_cannot_be_started_is_no_proof(portaudio, rig):
    due = recovery(portaudio, rig, ("/nowhere/python",))
    await hang(portaudio)
    await until(lambda: HANGS in rig.tray.said)
    assert not due
