"""Which window the text goes into, and how it goes on from what stands there."""

from __future__ import annotations

import asyncio

from tests.daemon_rig import spoken
from tests.waiting import until


async def test_the_next_take_goes_on_after_the_last_with_a_space(rig):
    for words in ("One.", "Two."):
        await spoken(rig, words)
    assert rig.output.text == "One. Two."


async def test_after_the_user_typed_the_next_take_begins_afresh(rig):
    await spoken(rig, "One.")
    rig.press("enter")
    rig.release("enter")
    await spoken(rig, "Two.")
    assert rig.output.text == "One.Two."


async def test_another_window_begins_afresh(rig):
    await spoken(rig, "One.")
    rig.output.focus = "browser"
    await spoken(rig, "Two.")
    assert rig.output.windows["browser"] == "Two."


async def test_text_follows_the_focus_unless_it_is_told_otherwise(rig):
    rig.output.windows["mail"] = ""
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "One.")
    rig.output.focus = "mail"
    await rig.say("Two.")
    rig.release()
    await rig.idle()
    assert rig.output.windows == {"editor": "One.", "mail": "Two."}


async def test_text_is_held_until_its_window_has_the_focus_again(rig_with):
    rig = await rig_with("output.focus=hold")
    rig.output.windows["mail"] = ""
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "One.")
    rig.output.focus = "mail"
    await rig.say("Two.")
    rig.release()
    await asyncio.sleep(0.3)
    assert rig.output.windows == {"editor": "One.", "mail": ""}
    rig.output.focus = "editor"
    await rig.idle()
    assert rig.output.windows == {"editor": "One. Two.", "mail": ""}


async def test_held_text_is_kept_when_its_window_stays_away(rig_with):
    rig = await rig_with("output.focus=hold", "output.hold_seconds=1")
    rig.output.windows["mail"] = ""
    rig.press()
    await rig.capture()
    rig.output.focus = "mail"
    await rig.say("One.")
    rig.release()
    await rig.idle()
    assert rig.output.windows == {"editor": "", "mail": ""}
    assert rig.output.kept == "One."
    assert "has not had the focus for 1 s" in rig.tray.said[0]


async def test_held_text_is_kept_when_its_window_is_closed(rig_with):
    rig = await rig_with("output.focus=hold")
    rig.press()
    await rig.capture()
    rig.output.windows = {"mail": ""}
    rig.output.focus = "mail"
    await rig.say("One.")
    rig.release()
    await rig.idle()
    assert rig.output.windows == {"mail": ""}
    assert rig.output.kept == "One."
    assert "is gone" in rig.tray.said[0]


async def test_escape_while_text_is_held_drops_it(rig_with):
    rig = await rig_with("output.focus=hold")
    rig.output.windows["mail"] = ""
    rig.press()
    await rig.capture()
    rig.output.focus = "mail"
    await rig.say("One.")
    await asyncio.sleep(0.2)
    rig.press("escape")
    rig.release()
    rig.output.focus = "editor"
    await rig.idle()
    assert rig.output.windows == {"editor": "", "mail": ""}
    assert rig.output.kept == ""
    assert rig.tray.said == []


async def test_the_focus_returns_to_the_window_of_the_key_down(rig_with):
    rig = await rig_with("output.focus=return")
    rig.output.windows["mail"] = ""
    rig.press()
    await rig.capture()
    rig.output.focus = "mail"
    await rig.say("One.")
    rig.release()
    await rig.idle()
    assert rig.output.windows == {"editor": "One.", "mail": ""}
    assert rig.output.focus == "editor"


async def test_a_window_that_does_not_take_the_focus_back_leaves_the_text_on_the_clipboard(
    rig_with,
):
    rig = await rig_with("output.focus=return")
    rig.output.windows["mail"] = ""
    rig.output.stubborn = {"editor"}
    rig.press()
    await rig.capture()
    rig.output.focus = "mail"
    await rig.say("One.")
    rig.release()
    await rig.idle()
    assert rig.output.windows == {"editor": "", "mail": ""}
    assert rig.output.kept == "One."
