"""What the daemon puts into the history and the numbers, whatever becomes of a dictation."""

from __future__ import annotations

import asyncio

import pytest

from tests.daemon_rig import Rig, recorded, spoken
from tests.fakes import FakeOutput
from tests.waiting import until
from tray_dictate.app.daemon import Limits
from tray_dictate.core.dictation import Cancel, Status
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.history.statistics import Stats


@pytest.fixture
async def rig(rig_with, tmp_path, monkeypatch) -> Rig:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    return await rig_with('engine.languages=["en"]')


async def numbers(rig: Rig):
    await rig.history.close()
    stats = Stats(rig.history.folder / "stats.sqlite")
    found = stats.summaries()
    stats.close()
    return found


async def test_a_dictation_is_there_with_its_engine_its_times_and_its_length(rig, tmp_path):
    await spoken(rig, "Hello there.")
    [entry] = await recorded(rig)
    assert (entry.text, entry.raw, entry.state) == ("Hello there.", "Hello there.", "delivered")
    assert (entry.engine, entry.language, entry.audio) == ("offline", "en", "")
    times = entry.timings
    assert None not in (times.heard_ms, times.engine_ms, times.text_ms)
    [summary] = await numbers(rig)
    assert (summary.engine, summary.takes, summary.words) == ("offline", 1, 2)
    assert summary.text.p50 == times.text_ms


async def test_one_that_became_no_text_is_there_as_failed_with_its_recording(rig, tmp_path):
    rig.engine.breaks = "The server is away."
    await spoken(rig, "lost words")
    [entry] = await recorded(rig)
    assert (entry.text, entry.raw, entry.state) == ("", "", "failed")
    [wav] = tmp_path.rglob("*.wav")
    assert entry.audio == str(wav)
    [summary] = await numbers(rig)
    assert (summary.failed, summary.words) == (1, 0)


async def test_one_that_lost_its_second_half_is_there_as_partly_with_its_recording(rig):
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "One.")
    rig.engine.breaks = "The server is away."
    await rig.say("two.")
    rig.release()
    [entry] = await recorded(rig)
    assert (entry.text, entry.state) == ("One.", "partly")
    assert entry.audio.endswith(".wav")


async def test_one_that_the_end_of_the_daemon_cuts_off_is_there_as_failed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    rig = Rig(limits=Limits(farewell=0.1))
    await rig.daemon.start()
    rig.engine.may_finish.clear()
    rig.press()
    await rig.say("last words")
    await asyncio.sleep(0.02)
    await rig.daemon.stop()
    [entry] = await recorded(rig)
    assert entry.state == "failed"
    assert entry.audio
    await rig.history.close()


async def test_text_that_still_waits_for_its_window_at_the_end_is_not_lost():
    rig = Rig(limits=Limits(farewell=0.1))
    await rig.daemon.start()
    rig.output.may_deliver.clear()
    rig.press()
    await rig.say("One.")
    await rig.say("Two.")
    rig.release()
    await asyncio.sleep(0.1)
    await rig.daemon.stop()
    [entry] = await recorded(rig)
    assert entry.raw == "One. Two."
    assert entry.state == "kept"
    await rig.history.close()


async def test_a_shortcut_that_begins_with_the_hotkey_leaves_no_trace(rig, tmp_path):
    rig.press()
    await rig.say("silence")
    rig.press("c")
    rig.release("c")
    rig.release()
    await rig.idle()
    rig.press()
    await rig.capture()
    rig.daemon.post(Cancel())
    await rig.idle()
    assert await rig.history.last(9) == []
    assert await numbers(rig) == []


async def test_silence_leaves_no_trace(rig, tmp_path):
    await spoken(rig, "(silence)")
    assert await rig.history.last(9) == []
    assert await numbers(rig) == []


async def test_what_became_of_a_dictation_is_in_the_history(rig):
    rig.output.refuses = "the window is gone."
    await spoken(rig, "One.")
    rig.output.refuses = ""
    rig.press()
    await rig.say("Two.")
    await until(lambda: rig.output.text)
    rig.press("escape")
    rig.release()
    await rig.idle()
    await until(lambda: rig.tray.shown[-1] is not Status.RECORDING)
    await asyncio.sleep(0.05)
    entries = await rig.history.last(5)
    assert [(entry.text, entry.state) for entry in entries] == [
        ("Two.", "dropped"),
        ("One.", "kept"),
    ]


class Waiting(FakeOutput):
    """An output whose texts wait until `may_deliver`, or until they are dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped = False

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        self.dropped = False
        await self.may_deliver.wait()
        if self.dropped:
            raise DeliveryError("Dictation ended before the text was inserted.")
        return await super().deliver(text, target, onward=onward)

    def drop(self) -> None:
        self.dropped = True
        self.may_deliver.set()


async def test_a_text_that_waits_is_dropped_with_its_dictation_and_with_no_other(rig):
    rig.parts.output = rig.output = output = Waiting()
    rig.daemon.delivery.apply_components()
    output.may_deliver.clear()
    rig.press()
    await rig.say("One.")
    rig.release()
    await until(lambda: rig.daemon.delivery.inserts and rig.tray.shown[-1] is Status.TRANSCRIBING)
    rig.press()
    await until(lambda: len(rig.microphone.captures) == 2)
    await rig.say("Two.")
    rig.daemon.post(Cancel())
    await until(lambda: rig.tray.shown[-1] is Status.TRANSCRIBING)
    assert not output.dropped, "it is the text of the dictation before"
    rig.release()
    output.may_deliver.set()
    await rig.idle()
    assert output.text == "One."
    output.may_deliver.clear()
    rig.press()
    await rig.say("Three.")
    await until(lambda: rig.daemon.delivery.inserts)
    await asyncio.sleep(0.05)
    rig.daemon.post(Cancel())
    await until(lambda: output.dropped)
    rig.release()
    await rig.idle()
    await asyncio.sleep(0.1)  # a press at once would be a bounce
    await spoken(rig, "Four.")
    assert output.text == "One. Four."
    assert output.kept == "", "nothing was left on the clipboard"


async def test_a_paste_that_nobody_confirmed_is_told_of_once(rig):
    rig.output.confirms = False
    await spoken(rig, "One.", "Two.")
    assert rig.output.text == "One. Two."
    assert len(rig.tray.said) == 1
    assert "tray-dictate redo" in rig.tray.said[0]
    (entry,) = await rig.history.last()
    assert entry.state == "unconfirmed"
