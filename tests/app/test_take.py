"""A take with the offline engine: what is spoken while its model is loaded."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.engine.fakes import FakeModels
from tests.engine.file_library import Model
from tests.engine.spoken_words import said
from tests.fakes import FakeCapture, FakeMicrophone, FakeObserver
from tests.servers.realtime.words import word
from tests.waiting import until
from tray_dictate.app.take import Take
from tray_dictate.engine.offline.engine import OfflineEngine

SECONDS = 4


class Recording(FakeCapture):
    """A capture of words, as fast as they are taken."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        for number in range(round(SECONDS / 0.06)):
            self._chunks.put_nowait(word(number, rate))


class Recorder(FakeMicrophone):
    def capture(self, rate: int) -> Recording:
        return Recording(rate)


@pytest.mark.parametrize("streams", [False, True])
async def test_what_is_spoken_while_the_model_is_loaded_is_recorded_and_transcribed(streams):
    loaded = threading.Event()
    models = Model().models() if streams else FakeModels()
    engine = OfflineEngine(lambda: (loaded.wait(20), models)[1])
    loop, observer = asyncio.get_running_loop(), FakeObserver()
    take = Take(1, Recorder(), engine, 0.1, loop.time(), observer)
    run = asyncio.create_task(take.run())
    await until(lambda: take.record.seconds == pytest.approx(SECONDS, abs=0.1))
    take.finish()
    await until(lambda: observer.is_recorded)
    assert observer.texts == []
    loaded.set()
    await run

    [text] = observer.texts
    assert text == (" ".join(said(67)) if streams else "43 tokens")  # a token for each 0.1 s
    assert take.trouble == ""
    await engine.close()
