"""What the text rules, spoken commands and the rewrite make of a dictation."""

from __future__ import annotations

import pytest

from tests.daemon_rig import recorded, spoken
from tests.waiting import until

COMMAND = "touch it new line and go."


async def test_a_text_is_rewritten_and_what_was_said_is_in_the_history(rig):
    rig.rewriter.shouts = True
    await spoken(rig, "One.")
    assert rig.output.text == "ONE."
    (entry,) = await rig.history.last()
    assert (entry.text, entry.raw, entry.state) == ("ONE.", "One.", "delivered")


async def test_words_are_replaced_and_commands_obeyed(rig_with):
    rig = await rig_with(
        'text.replacements={"tray dictate" = "tray_dictate"}', 'text.commands=["en"]'
    )
    await spoken(rig, "I use tray dictate new line daily.")
    assert rig.output.text == "I use tray_dictate\nDaily."


async def test_scratch_that_takes_back_the_last_segment(rig_with):
    rig = await rig_with('text.commands=["en"]')
    rig.press()
    await rig.say("One.")
    await rig.say("Two.")
    await until(lambda: rig.output.text == "One. Two.")
    await rig.say("Scratch that.")
    await until(lambda: rig.output.text == "One.")
    await rig.say("Three.")
    rig.release()
    await rig.idle()
    assert rig.output.text == "One. Three."
    await rig.daemon.delivery.redo()
    assert rig.output.text == "One. Three. One. Three."


async def test_a_new_line_may_be_shift_enter_and_an_enter_may_end_it(rig_with):
    rig = await rig_with('text.commands=["en"]', "text.newline=shift+enter", "text.submit=true")
    await spoken(rig, "One new line two.")
    await until(lambda: rig.output.text == "One<shift+enter>Two.<enter>")


async def test_a_loop_is_inserted_once_and_told(rig_with):
    rig = await rig_with()
    await spoken(rig, ("call me back " * 9).strip() + ".")
    assert rig.output.text == "call me back."
    await until(lambda: rig.tray.said)
    assert "9 times in a row" in rig.tray.said[0]
    [entry] = await recorded(rig)
    assert entry.raw.count("call me back") == 9


@pytest.mark.parametrize(
    ("application", "settings", "want"),
    [
        ("XTerm", ["engine.name=openai"], "touch it And go."),
        ("org.kde.konsole", ["engine.name=openai", "text.newline=shift+enter"], "touch it And go."),
        ("XTerm", ["rewrite.profiles=[{application='x', endpoint='http://127.0.0.1:1'}]"],
         "touch it And go."),
        ("XTerm", ["engine.name=openai", "text.newline_in_terminals=true"], "touch it\nAnd go."),
        ("XTerm", [], "touch it\nAnd go."),
        ("firefox", ["engine.name=openai"], "touch it\nAnd go."),
        ("", ["engine.name=openai"], "touch it\nAnd go."),
    ],
)  # fmt: skip
async def test_what_a_server_writes_runs_no_command(rig_with, application, settings, want):
    rig = await rig_with("text.commands=['en']", *settings)
    rig.output.application = application
    await spoken(rig, COMMAND)
    assert rig.output.text == want
    assert any("text.newline_in_terminals" in said for said in rig.tray.said) == ("\n" not in want)


async def test_nor_is_enter_pressed_there_at_the_end(rig_with):
    rig = await rig_with("text.submit=true", "engine.name=openai")
    rig.output.application = "foot"
    await spoken(rig, "rm all.")
    await until(lambda: rig.tray.said)
    assert rig.output.text == "rm all."
    assert "Enter was not pressed: in a terminal a new line would run" in rig.tray.said[0]


async def test_a_rewrite_presses_no_enter(rig):
    rig.rewriter.answer = "rm -rf x\n"
    await spoken(rig, "One.")
    assert rig.output.text == "rm -rf x"
