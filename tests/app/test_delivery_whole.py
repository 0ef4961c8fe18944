"""Nothing is lost, doubled or put where it does not belong, whatever comes together."""

from __future__ import annotations

import asyncio

import pytest

from tests.daemon_rig import Rig, recorded, spoken
from tests.waiting import until
from tray_dictate.app.daemon import Limits
from tray_dictate.core.errors import DeliveryError


async def test_text_is_held_over_the_pauses_of_its_own_dictation(rig_with) -> None:
    rig = await rig_with("output.focus=hold")
    rig.output.windows["mail"] = ""
    rig.press()
    await rig.capture()
    rig.output.focus = "mail"
    await rig.say("One.")
    await rig.say("Two.")
    rig.release()
    await asyncio.sleep(0.4)
    rig.output.focus = "editor"
    await rig.idle()
    assert rig.output.windows == {"editor": "One. Two.", "mail": ""}
    assert rig.output.kept == ""


async def test_the_cancel_key_is_no_typing_so_that_what_stands_there_can_be_undone(
    rig_with,
) -> None:
    rig = await rig_with()
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "One.")
    rig.press("escape")
    rig.release("escape")
    rig.release()
    await rig.idle()
    await rig.daemon.delivery.undo()
    assert rig.output.text == ""


async def test_undo_of_a_rewrite_and_scratch_that_do_not_end_delivery(rig_with) -> None:
    rig = await rig_with('text.commands=["en"]')
    rig.rewriter.shouts = True
    await spoken(rig, "One.")
    await rig.daemon.delivery.undo()
    assert rig.output.text == "One."
    rig.rewriter.shouts = False
    await spoken(rig, "Scratch that.")
    await spoken(rig, "Two.")
    assert rig.output.text == "Two."


async def test_undo_of_a_rewrite_brings_no_more_than_it_takes(rig_with) -> None:
    rig = await rig_with()
    rig.rewriter.shouts = True
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "ONE.")
    await asyncio.sleep(0.4)  # sooner it would be a shortcut that begins with the hotkey
    rig.press("x")
    rig.release("x")
    await rig.say("Two.")
    rig.release()
    await rig.idle()
    assert rig.output.text == "ONE. TWO. ", "Ctrl+X may have moved the caret before a word"
    await rig.daemon.delivery.undo()
    assert rig.output.text == "ONE. Two. "


async def test_what_redo_put_on_the_clipboard_is_not_taken_back_from_the_window(rig_with) -> None:
    rig = await rig_with()
    await spoken(rig, "One.")
    rig.press("x")
    rig.release("x")
    rig.output.copies = True
    await rig.daemon.delivery.redo()
    with pytest.raises(DeliveryError):
        await rig.daemon.delivery.undo()
    assert rig.output.text == "One."


async def test_new_lines_at_the_ends_of_a_segment_survive_a_rewrite(rig_with) -> None:
    rig = await rig_with('text.commands=["en"]')
    rig.rewriter.shouts = True
    await spoken(rig, "Hello. New line.", "You.")
    assert rig.output.text == "HELLO.\nYOU."


async def test_scratch_that_takes_back_what_is_only_on_the_clipboard(rig_with) -> None:
    rig = await rig_with('text.commands=["en"]')
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "One.")
    rig.output.refuses = "The window is gone."
    await rig.say("Two.")
    await rig.say("Three.")
    await until(lambda: rig.output.kept == "Two. Three.")
    await rig.say("Scratch that.")
    await until(lambda: rig.output.kept == "Two.")
    rig.release()
    await rig.idle()
    assert rig.output.text == "One."


async def test_lines_that_are_keys_of_their_own_are_on_the_clipboard_together(rig_with) -> None:
    rig = await rig_with('text.commands=["en"]', "text.newline=shift+enter")
    rig.output.copies = True
    await spoken(rig, "One new line two.")
    assert rig.output.kept == "One\nTwo."
    assert rig.output.text == ""


async def test_an_unconfirmed_text_is_on_the_clipboard_too(rig_with) -> None:
    rig = await rig_with()
    rig.output.confirms = False
    await spoken(rig, "One.")
    assert rig.output.text == rig.output.kept == "One."


async def test_a_failure_that_nobody_foresaw_keeps_the_text_and_ends_nothing(rig_with) -> None:
    rig = await rig_with()
    target = rig.output.target

    async def broken() -> None:
        raise RuntimeError("nobody foresaw it")

    rig.output.target = broken
    await spoken(rig, "One.")
    assert rig.output.kept == "One."
    rig.output.target = target
    await spoken(rig, "Two.")
    assert rig.output.text == "Two."


async def test_at_the_end_what_waits_behind_an_older_dictation_is_in_the_history() -> None:
    rig = Rig(limits=Limits(farewell=0.1))
    await rig.daemon.start()
    rig.output.may_deliver.clear()
    await spoken_but_not_inserted(rig, "One.")
    await spoken_but_not_inserted(rig, "Two.")
    await rig.daemon.stop()
    found = await recorded(rig)
    assert sorted((entry.raw, entry.state) for entry in found) == [
        ("One.", "kept"), ("Two.", "kept")
    ]  # fmt: skip
    await rig.history.close()


async def spoken_but_not_inserted(rig: Rig, words: str) -> None:
    rig.press()
    await rig.say(words)
    rig.release()
    await asyncio.sleep(0.2)
