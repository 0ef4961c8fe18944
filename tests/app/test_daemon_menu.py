"""What the tray's menu asks of the daemon."""

from __future__ import annotations

import asyncio

from tests.daemon_rig import spoken
from tests.waiting import until
from tray_dictate.core.dictation import Enable, Status, Toggle


async def test_the_tray_starts_and_the_hotkey_stops(rig):
    rig.daemon.post(Toggle())
    await rig.say("one")
    rig.press()
    rig.release()
    await rig.idle()
    assert rig.output.text == "one"


async def test_off_ignores_the_hotkey(rig):
    rig.daemon.post(Enable(on=False))
    rig.press()
    rig.release()
    await asyncio.sleep(0.05)
    assert rig.tray.shown[-1] is Status.OFF
    assert rig.microphone.captures == []


async def test_the_trays_menu_inserts_and_copies_the_last_dictation(rig):
    await spoken(rig, "One.")
    rig.daemon.last.ask_from_menu("redo")
    await until(lambda: rig.output.text == "One. One.")
    rig.daemon.last.ask_from_menu("copy")
    await until(lambda: rig.output.kept == "One.")


async def test_what_the_menu_cannot_do_is_told(rig):
    rig.daemon.last.ask_from_menu("copy")
    await until(lambda: rig.tray.said == ["Nothing has been dictated yet."])
