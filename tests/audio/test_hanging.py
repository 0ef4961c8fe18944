"""A sound library that hangs neither keeps a recording from its end, nor the program."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.audio.microphone_rig import LOUD, Rig, collect, highpass
from tests.rigs.environment import private_environment
from tests.waiting import until
from tray_dictate.audio.microphone import Limits
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.core.errors import CaptureError

RATE = 16000
SOON = Limits(stalled=0.2, first_sample=0.2)


class Stream:
    """A stream of the library below."""

    def __init__(self, library: Library, callback, finished_callback, **_options) -> None:
        self._library = library
        self.callback, self.finished = callback, finished_callback

    def start(self) -> None:
        self._library.streams.append(self)

    def abort(self) -> None:
        self._library.enter("abort")

    def close(self) -> None:
        self._library.closed += 1


class Library:
    """Stands in for sounddevice; a call into it may hang, until the test lets it go."""

    class PortAudioError(Exception):
        pass

    class default:  # noqa: N801 - sounddevice's name
        device = (0, 0)

    def __init__(self) -> None:
        self.hanging = ""  # the name of the call
        self.let_go = threading.Event()
        self.streams: list[Stream] = []
        self.closed = 0

    def enter(self, name: str) -> None:
        if name == self.hanging:
            assert self.let_go.wait(60)

    def query_devices(self):
        self.enter("list")
        return [{"name": "Built-in", "max_input_channels": 1}]

    def RawInputStream(self, **options):  # noqa: N802 - sounddevice's name
        self.enter("open")
        return Stream(self, **options)

    def _terminate(self) -> None:
        self.enter("terminate")

    def _initialize(self) -> None:
        pass


class NoServer:
    def ask(self) -> None:
        """Nobody answers."""


class Status:
    input_overflow = False


@pytest.fixture
def library() -> Iterator[Library]:
    library = Library()
    yield library
    library.let_go.set()


@pytest.fixture
def portaudio(library) -> Iterator[PortAudio]:
    portaudio = PortAudio(lambda: library, patience=0.5)
    portaudio.server = NoServer()  # type: ignore[assignment] - it is of that shape
    yield portaudio
    library.let_go.set()
    portaudio.close()


def say(stream: Stream, chunks: int = 1) -> None:
    for _ in range(chunks):
        stream.callback(LOUD, 320, None, Status)


async def test_a_take_whose_device_cannot_be_closed_ends_with_what_was_said(library, portaudio):
    rig = Rig(portaudio, SOON)
    library.hanging = "abort"
    heard = b""
    with pytest.raises(CaptureError, match="does not answer"):
        async with rig.microphone.capture(RATE).open() as chunks:
            say(library.streams[0], 10)
            async for chunk in chunks:
                heard += chunk
    assert heard == highpass(LOUD * 10)
    assert portaudio.hangs


async def test_a_recording_is_complete_although_its_device_cannot_be_closed(library, portaudio):
    rig = Rig(portaudio)
    library.hanging = "abort"
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        say(library.streams[0], 10)
        capture.stop()
        assert await collect(chunks) == highpass(LOUD * 10)
    assert not rig.microphone.is_open
    assert rig.said == []


@pytest.mark.parametrize("call", ["open", "list"])
async def test_a_device_that_does_not_open_is_told(library, portaudio, call):
    rig = Rig(portaudio)
    library.hanging = call
    with pytest.raises(CaptureError, match="does not answer"):
        async with rig.microphone.capture(RATE).open():
            raise AssertionError("it is open")
    with pytest.raises(CaptureError, match="does not answer"):  # at once, behind the first
        await portaudio.call(portaudio.inputs)


async def test_a_device_that_opens_too_late_is_closed_and_all_is_well_again(library, portaudio):
    rig = Rig(portaudio)
    library.hanging = "open"
    with suppress(CaptureError):
        async with rig.microphone.capture(RATE).open():
            raise AssertionError("it is open")
    library.let_go.set()
    await until(lambda: not portaudio.hangs)
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        assert library.closed == 1  # the late one, before the next was opened
        say(library.streams[1])
        capture.stop()
        assert await collect(chunks) == highpass(LOUD)
    assert library.closed == 2


async def test_that_it_hangs_is_told_though_nobody_waits_any_more(library, portaudio):
    hung = asyncio.Event()
    portaudio.hung.subscribe(hung.set)
    library.hanging = "open"
    rig = Rig(portaudio)

    async def press() -> None:
        async with rig.microphone.capture(RATE).open():
            raise AssertionError("it is open")

    pressed = asyncio.create_task(press())
    await asyncio.sleep(0.1)
    pressed.cancel()
    async with asyncio.timeout(20):
        await hung.wait()


async def test_a_warm_stream_that_has_died_unheard_is_noticed_though_nobody_dictates(
    library, portaudio
):
    hung = asyncio.Event()
    portaudio.hung.subscribe(hung.set)
    rig = Rig(portaudio, Limits(slow_retry=0.2), warm="always")
    await rig.microphone.warm_up(RATE)
    library.hanging = "abort"
    async with asyncio.timeout(20):
        await hung.wait()


async def test_a_warm_stream_that_sends_stays_as_it_is(library, portaudio):
    rig = Rig(portaudio, Limits(slow_retry=0.2), warm="always")
    await rig.microphone.warm_up(RATE)
    say(library.streams[0])
    await asyncio.sleep(0.5)
    assert len(library.streams) == 1
    await rig.microphone.close()


async def test_a_restart_of_the_library_that_hangs_is_told(library, portaudio):
    library.hanging = "terminate"
    with pytest.raises(CaptureError, match="does not answer"):
        await portaudio.call(portaudio.rescan)


async def test_a_call_has_its_time_although_it_waited_for_another(portaudio):
    await asyncio.gather(*[portaudio.call(lambda: time.sleep(0.3)) for _ in range(4)])


def test_a_list_of_microphones_that_hangs_is_told(library, portaudio):
    library.hanging = "list"
    with pytest.raises(CaptureError, match="does not answer"):
        portaudio.wait(portaudio.inputs)


@pytest.mark.parametrize("used", ["call", "play"])
def test_the_program_ends_although_a_call_hangs(tmp_path, used):
    work = {
        "call": "portaudio.wait(lambda: time.sleep(600))",
        "play": "portaudio.play(b'', 16000); time.sleep(0.2)",
    }
    code = (
        "import time\n"
        "from tray_dictate.audio.portaudio import PortAudio\n"
        "portaudio = PortAudio(lambda: time.sleep(600), patience=0.1)\n"
        "try:\n"
        f"    {work[used]}\n"
        "except Exception as reason:\n"
        "    print(reason)\n"
        "portaudio.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=private_environment(tmp_path),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
