"""A suspend in the middle of a dictation."""

from __future__ import annotations

import asyncio

from tests.daemon_rig import spoken
from tests.waiting import until


async def test_before_a_sleep_a_take_is_finished_and_the_next_one_works(rig):
    rig.press()
    await rig.say("good night")
    await rig.daemon.settle(3)
    assert rig.output.text == "good night"
    rig.hotkey.physical = frozenset()  # it was let go while the machine slept
    rig.daemon.look_at_keys()
    await asyncio.sleep(0.05)  # no bounce
    await spoken(rig, "good morning")
    assert rig.output.text == "good night good morning"


async def test_a_take_that_is_not_finished_before_a_sleep_goes_on_after_it(rig):
    rig.engine.may_finish.clear()
    rig.press()
    await rig.say("good night")
    await rig.daemon.settle(0.1)
    assert rig.output.text == ""
    rig.engine.may_finish.set()
    await until(lambda: rig.output.text == "good night")
