"""What of a dictation is heard and told, by the whole shell on fakes."""

from __future__ import annotations

import asyncio

import pytest

from tests.daemon_rig import Rig
from tests.waiting import until
from tray_dictate.core.dictation import Cancel, Start, Status
from tray_dictate.core.ports import Urgency


@pytest.fixture
async def rig():
    rig = Rig("audio.tail_ms=300")
    await rig.daemon.start()
    yield rig
    await rig.stop()


async def test_the_stop_cue_waits_for_the_end_of_the_tail(rig):
    rig.press()
    await rig.say("hello there")
    await until(lambda: rig.cues.played == ["start"])
    capture = await rig.capture()
    rig.release()
    while not capture.stopped:
        assert rig.cues.played == ["start"]
        await asyncio.sleep(0.005)
    await until(lambda: rig.cues.played == ["start", "stop"])


async def test_sound_comes_in_large_chunks_while_one_speaks_and_at_once_from_the_release_on(rig):
    rig.press()
    capture = await rig.capture()
    await rig.say("hello there")
    await until(lambda: capture.paces == [0.128])
    await rig.say("(silence)")
    await until(lambda: capture.paces == [0.128, 0.032])
    rig.release()
    await until(lambda: capture.paces == [0.128, 0.032, 0])
    assert not capture.stopped, "the tail is still to come"
    await rig.say("and goodbye")
    await rig.idle()
    assert capture.paces == [0.128, 0.032, 0]


async def test_escape_is_heard(rig):
    rig.press()
    await rig.say("never mind")
    await until(lambda: rig.cues.played == ["start"])
    rig.press("escape")
    await until(lambda: rig.cues.played == ["start", "cancel"])
    rig.release()
    await rig.idle()
    assert rig.cues.played == ["start", "cancel"]


async def test_a_take_that_fails_is_heard_and_told_urgently(rig):
    rig.engine.breaks = "The server is away."
    rig.press()
    await rig.say("lost words")
    await until(lambda: rig.cues.played == ["start"])
    rig.release()
    await rig.idle()
    assert rig.cues.played == ["start", "stop", "error"]
    assert rig.tray.told == [("take", Urgency.CRITICAL)]


async def test_text_that_no_window_takes_is_told_as_such_without_the_text(rig):
    rig.output.refuses = "No window takes text."
    rig.press()
    await rig.say("the secret words")
    await asyncio.sleep(0.02)
    rig.release()
    await until(lambda: rig.tray.told)
    assert rig.tray.told == [("delivery", Urgency.CRITICAL)]
    assert "secret" not in rig.tray.said[0]


async def test_an_open_microphone_is_shown_once_where_it_stays_open_and_not_for_a_tail(rig):
    shown: list[tuple[Status, bool]] = []
    rig.daemon.publisher.status_changed.subscribe(
        lambda status, _detail, listening: shown.append((status, listening))
    )
    microphone = rig.microphone

    def become(is_open: bool) -> None:
        microphone.is_open = is_open
        microphone.open_changed.emit()

    rig.daemon.post(Start())
    become(True)
    await until(lambda: rig.daemon.status is Status.OPENING)
    rig.daemon.post(Cancel())
    become(False)
    assert [listening for _, listening in shown] == [False, False], "neither twice nor marked"
    become(True)
    await until(lambda: shown[-1] == (Status.IDLE, True))
    rig.daemon.post(Start())
    assert shown[-1] == (Status.OPENING, False), "the status says it"
    rig.daemon.post(Cancel())
    await until(lambda: shown[-1] == (Status.IDLE, True))
    become(False)
    assert shown[-1] == (Status.IDLE, False)
