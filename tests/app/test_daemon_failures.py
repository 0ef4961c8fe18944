"""What fails costs no word: it is delivered, kept and reported once."""

from __future__ import annotations

import asyncio

import pytest

from tests.daemon_rig import Rig, recorded, spoken
from tests.fakes import FakeMicrophone
from tests.waiting import until
from tray_dictate.app.daemon import Limits
from tray_dictate.core.dictation import Status
from tray_dictate.core.errors import DeliveryError


async def test_a_microphone_that_refuses_is_told_and_nothing_hangs():
    rig = Rig(microphone=FakeMicrophone("The microphone would not open: device busy."))
    await rig.daemon.start()
    rig.press()
    await until(lambda: rig.tray.shown[-1] is Status.ERROR)
    assert rig.tray.said == ["The microphone would not open: device busy."]
    rig.release()
    await rig.stop()


async def test_what_was_said_before_the_microphone_went_away_lands(rig):
    rig.press()
    await rig.say("half a sen")
    rig.microphone.captures[0].break_off("The microphone has gone away.")
    await until(lambda: rig.tray.shown[-1] is Status.ERROR)
    assert rig.output.text == "half a sen"
    assert rig.tray.said == ["The microphone has gone away."]
    rig.release()


async def test_an_engine_that_fails_keeps_the_recording(rig, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    rig.engine.breaks = "The model is broken."
    rig.press()
    await rig.say("one.")
    await asyncio.sleep(0.02)
    await rig.say("two")
    rig.release()
    await until(lambda: rig.tray.shown[-1] is Status.ERROR)
    assert len(rig.tray.said) == 1
    assert "The model is broken. The recording is saved" in rig.tray.said[0]
    kept = list(tmp_path.rglob("*.wav"))
    assert len(kept) == 1
    assert kept[0].read_bytes().endswith("one.two".encode("utf-16-le"))
    assert kept[0].stat().st_mode & 0o077 == 0


async def test_text_that_cannot_be_inserted_is_kept_whole_and_told_once(rig):
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "One.")
    rig.output.refuses = "the window is gone."
    await rig.say("Two.")
    await until(lambda: rig.output.kept == "Two.")
    rig.output.refuses = ""
    await rig.say("Three.")
    rig.release()
    await rig.idle()
    assert rig.output.text == "One."
    assert rig.output.kept == "Two. Three."
    assert rig.tray.said == [
        "Could not insert the text: the window is gone. The text is on the clipboard."
    ]


async def test_stopping_keeps_the_recording_of_a_take_that_cannot_be_finished(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    rig = Rig(limits=Limits(farewell=0.2))
    await rig.daemon.start()
    rig.engine.may_finish.clear()  # the server is away
    rig.press()
    await rig.say("last words")
    await asyncio.sleep(0.02)
    await rig.stop()
    [kept] = tmp_path.rglob("*.wav")
    assert kept.read_bytes().endswith("last words".encode("utf-16-le"))
    [told] = rig.tray.said
    assert told.startswith("tray_dictate quit before everything that you said was transcribed. The")
    assert "`tray-dictate history retry`" in told


async def test_no_word_is_in_the_log(rig, caplog):
    caplog.set_level("DEBUG")
    rig.press()
    await rig.say("confidential xylophone.")
    await until(lambda: rig.output.text)
    rig.output.refuses = "no."
    await rig.say("secret marzipan.")
    rig.release()
    await rig.idle()
    assert rig.output.kept == "secret marzipan."
    assert "xylophone" not in caplog.text
    assert "marzipan" not in caplog.text


async def test_of_a_flood_the_beginning_is_kept_wherever_it_is_kept(rig_with):
    rig = await rig_with()
    await spoken(rig, "scratch that hello " * 50_000 + ".")
    assert len(rig.output.kept) == 100_000
    assert rig.output.text == ""
    await until(lambda: rig.tray.said)
    assert "it has 950001 characters, more than text.longest allows" in rig.tray.said[0]
    [entry] = await recorded(rig)
    assert (len(entry.raw), len(entry.text), entry.state) == (100_000, 100_000, "kept")


async def test_a_text_that_nobody_can_have_said_is_kept(rig_with):
    rig = await rig_with("text.longest=5")
    await spoken(rig, "Much too long.")
    assert rig.output.text == ""
    assert rig.output.kept == "Much too long."
    assert rig.tray.said == [
        "Could not insert the text: it has 14 characters, more than text.longest allows. "
        "The text is on the clipboard."
    ]


async def test_where_the_clipboard_is_the_way_all_of_a_dictation_comes_to_be_there(rig):
    rig.output.copies = True
    await spoken(rig, "One.", "Two.")
    assert rig.output.kept == "One. Two."
    assert rig.tray.said == []
    with pytest.raises(DeliveryError):
        await rig.daemon.delivery.undo()
