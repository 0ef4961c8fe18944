"""The whole shell on fakes: keys in, words out."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.daemon_rig import Rig, recorded, spoken
from tests.fakes import (
    FakeEngine,
    FakeMicrophone,
    FakeObserver,
)
from tests.waiting import until
from tray_dictate.app.daemon import Limits
from tray_dictate.app.take import Take
from tray_dictate.core.chord import Edge
from tray_dictate.core.dictation import Enable, Status, Toggle
from tray_dictate.core.errors import DeliveryError
from tray_dictate.hotkey.switchable import CommandsHotkey


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
    assert "The model is broken. The recording is kept" in rig.tray.said[0]
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


async def test_stopping_in_mid_take_delivers_it(rig):
    rig.press()
    await rig.say("last words")
    await asyncio.sleep(0.02)
    await rig.daemon.stop()
    assert rig.output.text == "last words"


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
    assert told.startswith(
        "tray_dictate ended before everything that you said was transcribed. The"
    )
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


async def test_the_trays_menu_inserts_and_copies_the_last_dictation(rig):
    await spoken(rig, "One.")
    rig.daemon.last.ask_from_menu("redo")
    await until(lambda: rig.output.text == "One. One.")
    rig.daemon.last.ask_from_menu("copy")
    await until(lambda: rig.output.kept == "One.")


async def test_what_the_menu_cannot_do_is_told(rig):
    rig.daemon.last.ask_from_menu("copy")
    await until(lambda: rig.tray.said == ["Nothing has been dictated yet."])


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


async def test_a_text_is_rewritten_and_what_was_said_is_in_the_history(rig):
    rig.rewriter.shouts = True
    await spoken(rig, "One.")
    assert rig.output.text == "ONE."
    (entry,) = await rig.history.last()
    assert (entry.text, entry.raw, entry.state) == ("ONE.", "One.", "delivered")


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


async def test_of_a_flood_the_beginning_is_kept_wherever_it_is_kept(rig_with):
    rig = await rig_with()
    await spoken(rig, "scratch that hello " * 50_000 + ".")
    assert len(rig.output.kept) == 100_000
    assert rig.output.text == ""
    await until(lambda: rig.tray.said)
    assert "it has 950001 characters, more than text.longest allows" in rig.tray.said[0]
    [entry] = await recorded(rig)
    assert (len(entry.raw), len(entry.text), entry.state) == (100_000, 100_000, "kept")


async def test_a_loop_is_inserted_once_and_told(rig_with):
    rig = await rig_with()
    await spoken(rig, ("call me back " * 9).strip() + ".")
    assert rig.output.text == "call me back."
    await until(lambda: rig.tray.said)
    assert "9 times in a row" in rig.tray.said[0]
    [entry] = await recorded(rig)
    assert entry.raw.count("call me back") == 9


COMMAND = "touch it new line and go."


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


async def test_what_is_inserted_again_runs_none_either(rig_with):
    rig = await rig_with("text.commands=['en']", "engine.name=openai")
    await spoken(rig, COMMAND)
    rig.output.application = "xterm"
    await rig.daemon.delivery.redo()
    assert rig.output.text == "touch it\nAnd go. Touch it And go."


async def test_a_text_that_nobody_can_have_said_is_kept(rig_with):
    rig = await rig_with("text.longest=5")
    await spoken(rig, "Much too long.")
    assert rig.output.text == ""
    assert rig.output.kept == "Much too long."
    assert rig.tray.said == [
        "Could not insert the text: it has 14 characters, more than text.longest allows. "
        "The text is on the clipboard."
    ]


async def test_the_last_dictation_outlives_the_program(rig, rig_with):
    await spoken(rig, "One.")
    later = await rig_with()
    later.daemon.delivery.recall((await rig.history.last())[0].text)
    await later.daemon.delivery.redo()
    assert later.output.text == "One."


async def test_a_paste_that_nobody_confirmed_is_told_of_once(rig):
    rig.output.confirms = False
    await spoken(rig, "One.", "Two.")
    assert rig.output.text == "One. Two."
    assert len(rig.tray.said) == 1
    assert "tray-dictate redo" in rig.tray.said[0]
    (entry,) = await rig.history.last()
    assert entry.state == "unconfirmed"


async def test_where_the_clipboard_is_the_way_all_of_a_dictation_comes_to_be_there(rig):
    rig.output.copies = True
    await spoken(rig, "One.", "Two.")
    assert rig.output.kept == "One. Two."
    assert rig.tray.said == []
    with pytest.raises(DeliveryError):
        await rig.daemon.delivery.undo()


async def test_a_rewrite_presses_no_enter(rig):
    rig.rewriter.answer = "rm -rf x\n"
    await spoken(rig, "One.")
    assert rig.output.text == "rm -rf x"


async def test_where_nobody_sees_what_is_typed_nothing_is_taken_back(rig):
    await spoken(rig, "One.")
    rig.daemon._parts.hotkey = CommandsHotkey()
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
