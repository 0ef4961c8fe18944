"""PortAudio is started anew only while nothing of ours uses it."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.core.errors import CaptureError


class Library:
    """Stands in for sounddevice: a stream plays until it is let go."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.let_go = threading.Event()
        self.calls: list[str] = []
        self.fails = ""

    class PortAudioError(Exception):
        pass

    @contextmanager
    def RawOutputStream(self, **_options: object):  # noqa: N802 - sounddevice's name
        yield self

    def write(self, _samples: bytes) -> None:
        self.started.set()
        assert self.let_go.wait(5)

    def _terminate(self) -> None:
        self.calls.append("terminate")

    def _initialize(self) -> None:
        if self.fails:
            raise self.PortAudioError(self.fails)
        self.calls.append("initialize")

    def query_devices(self) -> list[dict[str, object]]:
        raise self.PortAudioError("PortAudio not initialized [PaErrorCode -10000]")

    class default:  # noqa: N801 - sounddevice's name
        device = (-1, -1)


def test_a_rescan_neither_cuts_off_a_cue_nor_waits_for_it() -> None:
    library = Library()
    portaudio = PortAudio(lambda: library)
    try:
        cue = portaudio.play(b"", 16_000)
        assert library.started.wait(5)
        portaudio.rescan()
        assert library.calls == []
        library.let_go.set()
        cue.result(5)
        portaudio.rescan()
        assert library.calls == ["terminate", "initialize"]
    finally:
        portaudio.close()


def test_a_cue_waits_for_a_rescan() -> None:
    class Busy(Library):
        def _initialize(self) -> None:
            cue = portaudio.play(b"", 16_000)
            assert not library.started.wait(0.1)
            assert not cue.done()

    library = Busy()
    library.let_go.set()
    portaudio = PortAudio(lambda: library)
    try:
        portaudio.rescan()
        assert library.started.wait(5)
    finally:
        portaudio.close()


def test_a_sound_system_that_fails_is_told_with_a_remedy() -> None:
    library = Library()
    library.fails = "Error initializing PortAudio: Unanticipated host error [PaErrorCode -9999]"
    portaudio = PortAudio(lambda: library)
    try:
        for work in (portaudio.rescan, portaudio.inputs):
            with pytest.raises(CaptureError, match=r"sound system fails: .* See that a sound"):
                work()
        library.fails = ""
        portaudio.rescan()
        assert library.calls[-1] == "initialize"
    finally:
        portaudio.close()
