"""The blanks, capitals and commas of a dictation, and how they are taken back."""

from __future__ import annotations

import pytest

from tests.daemon_rig import Rig, spoken
from tray_dictate.core.ports import Target
from tray_dictate.core.segments import Spoken
from tray_dictate.core.text.caret import Around
from tray_dictate.hotkey.switchable import CommandsHotkey


class Reader:
    """Reads what the test says stands there."""

    def __init__(self, around: Around | None) -> None:
        self.stands, self.asked = around, list[Target | None]()
        self.looks = 0

    def look(self) -> None:
        self.looks += 1

    async def around(self, target: Target | None) -> Around | None:
        self.asked.append(target)
        return self.stands

    async def selected(self, target: Target | None) -> str:
        return self.stands.selected if self.stands else ""

    async def close(self) -> None: ...


def reading(rig: Rig, before: str, after: str = "") -> Reader:
    """Have the rig's daemon read this beside the caret."""
    reader = Reader(Around(before, after))
    rig.parts.caret = reader
    rig.parts.config_changed.emit(rig.parts.config)
    return reader


def tap(rig: Rig, *keys: str) -> None:
    for key in keys:
        rig.press(key)
    for key in reversed(keys):
        rig.release(key)


async def test_what_stands_there_decides(rig_with) -> None:
    rig = await rig_with()
    reader = reading(rig, "I think", "so")
    await spoken(rig, "That is good.")
    assert rig.output.text == " that is good "
    assert (reader.looks, reader.asked) == (1, [Target("editor")])


async def test_where_the_caret_was_left_nobody_is_asked(rig_with) -> None:
    rig = await rig_with()
    reader = reading(rig, "")
    await spoken(rig, "One.")
    await spoken(rig, "Two.")
    assert rig.output.text == "One. Two."
    assert len(reader.asked) == 1
    tap(rig, "x")
    await spoken(rig, "Three.")
    assert len(reader.asked) == 2


async def test_the_output_learns_whether_a_text_goes_on_from_the_one_before(rig_with) -> None:
    rig = await rig_with()
    await segments(rig, "One.", "Two.")
    tap(rig, "x")
    await segments(rig, "Three.", "Four.")
    assert rig.output.onward == [False, True, False, True]
    rig.parts.hotkey = CommandsHotkey()  # no key of the user's is seen
    rig.parts.hotkey.start(rig)
    await segments(rig, "Five.", "Six.")
    assert rig.output.onward[4:] == [False, False]


async def test_our_own_text_that_the_program_has_selected_is_not_replaced(rig_with) -> None:
    rig = await rig_with()
    reader = reading(rig, "")
    await spoken(rig, "One.")
    reader.stands = Around("\n", selected="One.")
    await spoken(rig, "Two.")
    assert rig.output.text == "One.<right> Two."
    reader.stands = Around("\nOne. Tw", selected="something else")  # as a completion is
    await spoken(rig, "Three.")
    assert rig.output.text == "One.<right> Two. Three."


async def test_where_no_key_is_seen_it_is_asked_before_each_dictation(rig_with) -> None:
    rig = await rig_with()
    rig.parts.hotkey = CommandsHotkey()
    rig.parts.hotkey.start(rig)
    reader = reading(rig, "")
    await segments(rig, "One.", "Two.")
    assert len(reader.asked) == 1, "its own text stands before the rest of it"
    await segments(rig, "Three.")
    assert len(reader.asked) == 2


async def test_a_cell_of_a_table_gets_no_blanks(rig_with) -> None:
    rig = await rig_with()
    reading(rig, "").stands = Around(cells=True)
    tap(rig, "pointer")
    await spoken(rig, "42.")
    tap(rig, "pointer")
    await spoken(rig, "43.")
    assert rig.output.text == "42.43."


async def test_undo_takes_the_blanks_with_it(rig_with) -> None:
    rig = await rig_with()
    rig.output.windows["editor"] = "I think"
    reading(rig, "I think", "so")
    await spoken(rig, "That is good.")
    await rig.daemon.delivery.undo()
    assert rig.output.text == "I think"
    await spoken(rig, "You know.")
    assert rig.output.text == "I think you know "


async def test_undo_of_a_rewrite_brings_the_blanks_back(rig_with) -> None:
    rig = await rig_with()
    rig.output.windows["editor"] = "I think"
    rig.rewriter.shouts = True
    reading(rig, "I think", "so")
    await spoken(rig, "That is good.")
    assert rig.output.text == "I think THAT IS GOOD "
    await rig.daemon.delivery.undo()
    assert rig.output.text == "I think That is good. "
    await rig.daemon.delivery.undo()
    assert rig.output.text == "I think"


async def test_a_repetition_goes_on_from_what_stands_there(rig_with) -> None:
    rig = await rig_with()
    await spoken(rig, "One.")
    tap(rig, "x")
    await rig.daemon.delivery.redo()
    assert rig.output.text == "One. one."
    await rig.daemon.delivery.undo()
    assert rig.output.text == "One."


async def test_a_comma_waits_for_what_follows(rig_with) -> None:
    rig = await rig_with()
    await spoken(rig, "I want a refund, please.")
    await segments(rig, "Send it,", "Offer a replacement.")
    assert rig.output.text == "I want a refund, please. Send it, offer a replacement."
    await rig.daemon.delivery.copy()
    assert rig.output.kept == "Send it, offer a replacement."


async def test_no_dictation_ends_in_a_comma_and_the_next_begins_a_sentence(rig_with) -> None:
    rig = await rig_with()
    await spoken(rig, "I want a refund,")
    assert rig.output.text == "I want a refund"
    await spoken(rig, "Offer a replacement.")
    assert rig.output.text == "I want a refund. Offer a replacement."
    await rig.daemon.delivery.undo()
    assert rig.output.text == "I want a refund"


async def test_a_conjunction_goes_on_with_the_sentence(rig_with) -> None:
    rig = await rig_with()
    await spoken(rig, "I want a refund,")
    await spoken(rig, "And a replacement.")
    assert rig.output.text == "I want a refund, and a replacement."


async def test_what_the_user_has_typed_since_gets_no_mark(rig_with) -> None:
    rig = await rig_with()
    await spoken(rig, "I want a refund,")
    tap(rig, "x")
    await spoken(rig, "Offer it.")
    assert rig.output.text == "I want a refund offer it."


async def test_a_comma_that_nothing_follows_is_on_no_clipboard(rig_with) -> None:
    rig = await rig_with()
    rig.output.refuses = "no."
    await segments(rig, "Send it,", "Or keep it,")
    assert rig.output.kept == "Send it, or keep it"


@pytest.mark.parametrize(
    ("space", "first", "second"),
    [
        ("smart", " One. ", " One.  Two. "),
        ("before", " One.", " One. Two."),
        ("after", "One. ", "One. Two. "),
        ("never", "One.", "One.Two."),
    ],
)
async def test_where_nothing_is_known_the_setting_decides(rig_with, space, first, second) -> None:
    rig = await rig_with(f"text.space={space}")
    tap(rig, "pointer")
    await spoken(rig, "One.")
    assert rig.output.text == first
    tap(rig, "pointer")
    await spoken(rig, "Two.")
    assert rig.output.text == second


async def test_without_blanks_around_it_a_dictation_has_its_own(rig_with) -> None:
    rig = await rig_with("text.space=never")
    await segments(rig, "One two.", "Three.")
    assert rig.output.text == "One two. Three."
    await spoken(rig, "Four.")
    assert rig.output.text == "One two. Three.Four."


async def segments(rig: Rig, *texts: str) -> None:
    """Say one text after the other in one dictation, each a segment."""
    rig.press()
    await rig.capture()
    for text in texts:
        rig.daemon._live[max(rig.daemon._live)].segment(Spoken(text))
    rig.release()
    await rig.idle()
