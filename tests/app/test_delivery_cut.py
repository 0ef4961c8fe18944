"""What a window got only a part of: the rest is kept, and the user is told how much is where."""

from __future__ import annotations

import asyncio

import pytest

from tests.daemon_rig import Rig, spoken
from tests.waiting import until
from tray_dictate.core.errors import DeliveryError


@pytest.fixture
async def held(rig_with) -> Rig:
    """A daemon that holds text for its window, with a second window."""
    rig = await rig_with("output.focus=hold", "output.hold_seconds=1")
    rig.output.windows["mail"] = ""
    return rig


async def test_the_rest_is_on_the_clipboard_and_told_of_once(held) -> None:
    held.output.leaves = [(4, "mail")]
    await spoken(held, "One two three.")
    assert held.output.windows == {"editor": "One ", "mail": ""}
    assert held.output.kept == "two three."
    [said] = held.tray.said
    assert "Only the first 4 of 14 characters are in the window" in said
    assert said.endswith("The rest is on the clipboard.")


async def test_the_segments_after_it_are_added_to_the_rest(held) -> None:
    held.output.leaves = [(4, "mail")]
    held.press()
    await held.say("One two.")
    await held.say("Three.")
    held.release()
    await held.idle()
    assert held.output.windows == {"editor": "One ", "mail": ""}
    assert held.output.kept == "two. Three."


async def test_what_is_in_the_window_can_be_taken_back_and_the_whole_be_inserted_again(
    held,
) -> None:
    held.output.leaves = [(4, "mail")]
    await spoken(held, "One two three.")
    held.output.focus = "editor"
    await held.daemon.delivery.undo()
    assert held.output.text == ""
    await held.daemon.delivery.redo()
    assert held.output.text == "One two three."


async def test_a_repetition_that_is_cut_short_keeps_the_rest(held) -> None:
    await spoken(held, "One two.")
    held.output.leaves = [(3, "mail")]
    with pytest.raises(DeliveryError, match="first 3 of 9"):
        await held.daemon.delivery.redo()
    assert held.output.windows == {"editor": "One two. On", "mail": ""}
    assert held.output.kept == "e two."


async def test_what_was_taken_back_only_in_part_can_be_taken_back_further(held) -> None:
    await spoken(held, "One two.")
    held.output.leaves = [(3, "mail")]
    with pytest.raises(DeliveryError, match="Removed only 3 of 8 characters"):
        await held.daemon.delivery.undo()
    assert held.output.windows == {"editor": "One t", "mail": ""}
    held.output.focus = "editor"
    await held.daemon.delivery.undo()
    assert held.output.text == ""


async def test_enter_is_pressed_in_no_other_window(rig_with) -> None:
    rig = await rig_with("text.submit=true")
    rig.output.windows["mail"] = ""
    rig.press()
    await rig.say("One.")
    await until(lambda: rig.output.text == "One.")
    rig.output.focus = "mail"
    rig.release()
    await until(lambda: rig.tray.said)
    assert rig.output.windows == {"editor": "One.", "mail": ""}
    assert rig.tray.said == ["Enter was not pressed: Another window has the focus now."]


async def test_the_trays_own_clicks_hide_nothing(rig_with) -> None:
    rig = await rig_with()
    await spoken(rig, "One.")
    for _ in ("the icon", "the entry"):
        rig.press("pointer")
        rig.daemon.own_click()
    await spoken(rig, "Two.")
    assert rig.output.text == "One. Two."
    rig.press("pointer")
    rig.daemon.own_click()
    rig.daemon.last.ask_from_menu("undo")
    await until(lambda: rig.output.text == "One.")


async def test_the_history_says_that_it_was_partly_inserted(held) -> None:
    held.output.leaves = [(4, "mail")]
    await spoken(held, "One two three.")
    await asyncio.sleep(0.05)
    assert [(entry.text, entry.state) for entry in await held.history.last(5)] == [
        ("One two three.", "partly")
    ]


@pytest.mark.parametrize("done", [0, 4])
async def test_what_another_window_has_got_in_the_same_instant_is_in_its_own_too_and_told(
    held, done
) -> None:
    held.output.leaves, held.output.astray = [(done, "mail")], 3
    speaking = asyncio.create_task(spoken(held, "One two three."))
    await until(lambda: held.output.focus == "mail")
    held.output.focus = "editor"
    await speaking
    whole = "One two three."
    assert held.output.windows == {"editor": whole, "mail": whole[done : done + 3]}
    [said] = held.tray.said
    assert said.startswith("3 characters went into another window")
