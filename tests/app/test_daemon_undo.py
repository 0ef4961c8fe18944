"""Undo, redo and copy of the last dictation."""

from __future__ import annotations

import pytest

from tests.daemon_rig import spoken
from tests.waiting import until
from tray_dictate.core.errors import DeliveryError
from tray_dictate.hotkey.switchable import CommandsHotkey


async def test_the_last_dictation_is_inserted_again_where_the_focus_is_now(rig):
    await spoken(rig, "One.")
    rig.output.windows["mail"] = ""
    rig.output.focus = "mail"
    await rig.daemon.delivery.redo()
    assert rig.output.windows == {"editor": "One.", "mail": "One."}


async def test_the_last_dictation_is_taken_back(rig):
    await spoken(rig, "One.")
    await spoken(rig, "Two.")
    assert rig.output.text == "One. Two."
    await rig.daemon.delivery.undo()
    assert rig.output.text == "One."
    with pytest.raises(DeliveryError):
        await rig.daemon.delivery.undo()


async def test_nothing_is_taken_back_once_the_user_has_typed(rig):
    await spoken(rig, "One.")
    rig.press("a")
    with pytest.raises(DeliveryError, match="typed"):
        await rig.daemon.delivery.undo()
    assert rig.output.text == "One."


async def test_a_click_may_move_the_caret_so_nothing_is_taken_back_after_it(rig):
    await spoken(rig, "One.")
    rig.press("pointer")
    with pytest.raises(DeliveryError, match="clicked"):
        await rig.daemon.delivery.undo()


async def test_a_click_while_speaking_neither_ends_nor_spoils_the_dictation(rig):
    rig.press()
    rig.press("pointer")
    await rig.say("One.")
    rig.release()
    await rig.idle()
    assert rig.output.text == " One. ", "words may stand where the click was"


async def test_what_could_not_be_inserted_can_be_inserted_and_copied_later(rig):
    rig.output.refuses = "the window is gone."
    await spoken(rig, "One.")
    rig.output.refuses, rig.output.kept = "", ""
    await rig.daemon.delivery.copy()
    assert rig.output.kept == "One."
    await rig.daemon.delivery.redo()
    assert rig.output.text == "One."


async def test_before_the_first_dictation_there_is_nothing_to_insert_copy_or_take_back(rig):
    for action in (rig.daemon.delivery.redo, rig.daemon.delivery.copy, rig.daemon.delivery.undo):
        with pytest.raises(DeliveryError):
            await action()


async def test_a_shortcut_takes_the_last_dictation_back_though_its_keys_were_pressed(rig_with):
    rig = await rig_with("hotkey.undo=ctrl+alt+z", "hotkey.redo=f12", "hotkey.copy_last=f10")
    await spoken(rig, "One.")
    for key in ("ctrl_l", "alt_l", "z"):
        rig.press(key)
    await until(lambda: rig.output.text == "")
    for key in ("z", "alt_l", "ctrl_l"):
        rig.release(key)
    rig.press("f12")
    await until(lambda: rig.output.text == "One.")
    rig.press("f10")
    await until(lambda: rig.output.kept == "One.")


async def test_what_is_inserted_again_runs_none_either(rig_with):
    rig = await rig_with("text.commands=['en']", "engine.name=openai")
    await spoken(rig, "touch it new line and go.")
    rig.output.application = "xterm"
    await rig.daemon.delivery.redo()
    assert rig.output.text == "touch it\nAnd go. Touch it And go."


async def test_the_last_dictation_outlives_the_program(rig, rig_with):
    await spoken(rig, "One.")
    later = await rig_with()
    later.daemon.delivery.recall((await rig.history.last())[0].text)
    await later.daemon.delivery.redo()
    assert later.output.text == "One."


async def test_where_nobody_sees_what_is_typed_nothing_is_taken_back(rig):
    await spoken(rig, "One.")
    rig.parts.hotkey = CommandsHotkey()
    with pytest.raises(DeliveryError, match="Use your program's own undo"):
        await rig.daemon.delivery.undo()
    assert rig.output.text == "One."


async def test_undo_brings_first_what_was_said_before_the_rewrite(rig):
    await spoken(rig, "One.")
    rig.rewriter.shouts = True
    await spoken(rig, "Two.")
    assert rig.output.text == "One. TWO."
    await rig.daemon.delivery.undo()
    assert rig.output.text == "One. Two."
    await rig.daemon.delivery.undo()
    assert rig.output.text == "One."
