"""Holding the hotkey: what is recorded, and when a dictation ends."""

from __future__ import annotations

import asyncio
import time

from tests.daemon_rig import Rig, spoken
from tests.fakes import FakeEngine, FakeMicrophone, FakeObserver
from tests.waiting import until
from tray_dictate.app.daemon import Limits
from tray_dictate.app.take import Take
from tray_dictate.core.dictation import Status
from tray_dictate.core.keys.chord import Edge


async def test_hold_speak_release(rig):
    rig.press()
    await rig.say("hello there")
    await until(lambda: Status.RECORDING in rig.tray.shown)
    rig.release()
    await rig.idle()
    assert rig.output.text == "hello there"
    assert rig.tray.shown == [
        Status.IDLE, Status.OPENING, Status.RECORDING, Status.TRANSCRIBING, Status.IDLE,
    ]  # fmt: skip
    assert rig.cues.played == ["start", "stop"]


async def test_a_segment_lands_while_the_key_is_held(rig):
    rig.press()
    await rig.say("First sentence.")
    await until(lambda: rig.output.text == "First sentence.")
    await rig.say("and then")
    rig.release()
    await rig.idle()
    assert rig.output.text == "First sentence. And then"


async def test_no_cue_and_no_recording_status_before_the_first_samples(rig):
    rig.press()
    await rig.capture()
    await asyncio.sleep(0.02)
    assert rig.cues.played == []
    assert rig.tray.shown[-1] is Status.OPENING
    rig.release()


async def test_a_quick_second_hold_neither_loses_nor_overtakes(rig):
    rig.engine.may_finish.clear()
    rig.press()
    await rig.say("one")
    rig.release()
    await asyncio.sleep(0.04)
    rig.press()
    await until(lambda: len(rig.microphone.captures) == 2)
    await rig.say("two.")
    rig.release()
    await asyncio.sleep(0.1)
    assert rig.output.text == ""
    rig.engine.may_finish.set()
    await rig.idle()
    assert rig.output.text == "one two."


async def test_a_contact_that_bounces_ends_nothing_however_late_it_is_read(rig):
    """The edges' own times count, and a press may wait to be read when its release is."""
    rig.press()
    await rig.say("one")
    rig.hotkey.prompt = False
    for _ in range(3):
        let_go = time.monotonic()
        rig.daemon.edge(Edge("ctrl_r", False, let_go))
        await until(lambda: rig.hotkey.behind)
        await asyncio.sleep(0.1)
        rig.daemon.edge(Edge("ctrl_r", True, let_go + 0.02))
        rig.hotkey.read()
    await rig.say("two")
    rig.release()
    await until(lambda: rig.hotkey.behind)
    assert Status.TRANSCRIBING not in rig.tray.shown, "nobody knows yet whether it is up"
    rig.hotkey.read()
    await rig.idle()
    assert len(rig.microphone.captures) == 1
    assert rig.output.text == "one two"


async def test_a_second_hold_that_is_read_late_is_a_second_one(rig):
    rig.press()
    await rig.say("one.")
    rig.hotkey.prompt = False
    let_go = time.monotonic()
    rig.daemon.edge(Edge("ctrl_r", False, let_go))
    await until(lambda: rig.hotkey.behind)
    await asyncio.sleep(0.1)
    rig.daemon.edge(Edge("ctrl_r", True, let_go + 0.06))
    rig.hotkey.read()
    await until(lambda: len(rig.microphone.captures) == 2)
    await rig.say("two")
    rig.hotkey.prompt = True
    rig.release()
    await rig.idle()
    assert rig.output.text == "one. Two"


async def test_a_keyboard_that_does_not_answer_ends_a_take_all_the_same():
    rig = Rig(limits=Limits(patience=0.2))
    await rig.daemon.start()
    rig.hotkey.prompt = False
    await spoken(rig, "one")
    assert rig.output.text == "one"
    await rig.stop()


async def test_escape_drops_the_take(rig):
    rig.press()
    await rig.say("one")
    await asyncio.sleep(0.02)
    assert rig.hotkey.claimed == {"escape"}, "no window sees it while it is ours"
    rig.press("escape")
    rig.release("escape")
    rig.release()
    await rig.idle()
    assert rig.hotkey.claimed == frozenset()
    await asyncio.sleep(0.05)
    assert rig.output.text == ""
    assert rig.engine.open_sessions == 0
    assert not rig.microphone.captures[0].opened
    assert rig.tray.said == []


async def test_a_shortcut_with_the_hotkeys_modifier_is_dropped_silently(rig):
    rig.press()
    await rig.say("one")
    rig.press("c")
    rig.release("c")
    rig.release()
    await asyncio.sleep(0.1)
    assert rig.output.text == ""
    assert rig.tray.said == []
    assert "stop" not in rig.cues.played


async def test_what_is_said_before_the_engine_is_ready_waits():
    rig = Rig()
    rig.engine.ready.clear()
    starting = asyncio.create_task(rig.daemon.start())
    await asyncio.sleep(0)
    rig.press()
    await rig.say("early words")
    rig.release()
    await asyncio.sleep(0.15)
    assert rig.output.text == ""
    rig.engine.ready.set()
    await starting
    await rig.idle()
    assert rig.output.text == "early words"
    await rig.stop()


async def test_the_tail_is_recorded_while_somebody_speaks(rig):
    rig.press()
    await rig.say("one")
    rig.release()
    await asyncio.sleep(0.04)  # the release is certain after the grace; the tail is 50 ms
    await rig.say("two")
    await rig.idle()
    assert rig.output.text == "one two"


async def test_the_tail_ends_at_the_first_silence():
    observer, loop = FakeObserver(), asyncio.get_running_loop()
    microphone = FakeMicrophone()
    take = Take(1, microphone, FakeEngine(), 1000, loop.time(), observer)
    recorded = asyncio.create_task(take.run())
    await until(lambda: microphone.captures and microphone.captures[0].opened)
    [capture] = microphone.captures
    capture.speak("one")
    take.finish()
    while not capture.stopped:
        await asyncio.sleep(0.02)
        capture.speak("(silence)")
    await recorded
    assert observer.texts == ["one"]
    assert observer.is_heard
    assert observer.is_recorded


async def test_a_lost_release_is_found_by_asking_the_keyboard():
    async with Rig(limits=Limits(verify_after=0.05)) as rig:
        rig.press()
        await rig.say("one")
        rig.hotkey.physical = frozenset({"ctrl_r"})
        await asyncio.sleep(0.15)
        assert rig.tray.shown[-1] is Status.RECORDING  # held for real: no timer ends it
        rig.hotkey.physical = frozenset()
        await rig.idle()
        assert rig.output.text == "one"


async def test_a_keyboard_that_cannot_tell_never_ends_a_hold():
    async with Rig(limits=Limits(verify_after=0.02)) as rig:
        rig.hotkey.physical = None
        rig.press()
        await rig.say("one")
        await asyncio.sleep(0.1)
        assert rig.tray.shown[-1] is Status.RECORDING
        rig.release()
        await rig.idle()


async def test_the_limit_delivers_and_is_told():
    rig = Rig("hotkey.limit_minutes=0.001")
    await rig.daemon.start()
    rig.press()
    await rig.say("one")
    await rig.idle()
    assert rig.output.text == "one"
    assert "hotkey.limit_minutes" in rig.tray.said[0]
    rig.release()
    await rig.stop()


async def test_toggle_mode():
    rig = Rig("hotkey.mode=toggle", "hotkey.keys=f9")
    await rig.daemon.start()
    rig.press("f9")
    rig.release("f9")
    await rig.say("one")
    await asyncio.sleep(0.1)
    assert rig.output.text == ""
    rig.press("f9")
    rig.release("f9")
    await rig.idle()
    assert rig.output.text == "one"
    await rig.stop()


async def test_stopping_in_mid_take_delivers_it(rig):
    rig.press()
    await rig.say("last words")
    await asyncio.sleep(0.02)
    await rig.daemon.stop()
    assert rig.output.text == "last words"
