"""What of the last dictation stands where, and when it can be taken back."""

from __future__ import annotations

import pytest

from tray_dictate.app.insertion_log import InsertionLog
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Target
from tray_dictate.core.text.caret import UNKNOWN, Around

EDITOR, MAIL = Target("editor"), Target("mail")


def inserted(*pieces: str, target: Target | None = EDITOR) -> InsertionLog:
    last = InsertionLog()
    for piece in pieces:
        last.started(1, piece, piece)
        last.inserted(piece, target)
    return last


def test_all_pieces_of_a_dictation_are_taken_back_together():
    assert inserted("One.", " Two.").removable(EDITOR) == len("One. Two.")


def test_the_text_of_a_dictation_is_what_was_said_also_where_it_was_not_inserted():
    last = InsertionLog()
    last.started(1, "One.", "One.")
    last.started(1, "Two.", "Two.")
    assert last.text == "One. Two."
    with pytest.raises(DeliveryError, match="nothing to undo"):
        last.removable(EDITOR)


def test_what_is_forgotten_leaves_no_word_and_the_next_goes_on_with_a_blank():
    last = inserted("One.", " Two")
    last.forget()
    assert last.text == last.unwritten == ""
    assert last.caret.around("editor").before == "o"
    with pytest.raises(DeliveryError, match="nothing to undo"):
        last.removable(EDITOR)
    last.started(1, "Three.", "Three.")
    assert last.text == "Three."


def test_a_new_dictation_takes_the_place_of_the_one_before():
    last = inserted("One.")
    last.started(2, "Two.", "Two.")
    last.inserted(" Two.", EDITOR)
    assert (last.text, last.removable(EDITOR)) == ("Two.", len(" Two."))


def test_what_the_user_has_typed_behind_is_not_erased():
    last = inserted("One.")
    last.typed("x")
    with pytest.raises(DeliveryError, match="you have typed since"):
        last.removable(EDITOR)


@pytest.mark.parametrize("now", [MAIL, None], ids=["in another window", "without a focus"])
def test_nothing_is_erased(now):
    with pytest.raises(DeliveryError, match="another window"):
        inserted("One.").removable(now)


def test_only_the_part_in_the_last_window_is_taken_back():
    last = inserted("One.")
    last.inserted("Two.", MAIL)
    assert last.removable(MAIL) == len("Two.")


def test_after_typing_only_what_was_inserted_since_is_taken_back():
    last = inserted("One.")
    last.typed("x")
    last.inserted(" Two.", EDITOR)
    assert last.removable(EDITOR) == len(" Two.")


def test_it_is_taken_back_once():
    last = inserted("One.")
    last.erased(len("One."))
    with pytest.raises(DeliveryError, match="nothing to undo"):
        last.removable(EDITOR)
    assert last.text == "One.", "it can be inserted again"


@pytest.mark.parametrize("text", ["e\u0301", "\U0001f680", "a\u200db"])
def test_characters_that_windows_erase_in_different_ways_are_left_alone(text):
    with pytest.raises(DeliveryError, match="different ways"):
        inserted(text).removable(EDITOR)


def test_a_click_on_our_own_menu_hides_nothing():
    last = inserted("One.")
    for at in (10.0, 12.0):  # on the icon, on the entry
        last.clicked(at)
        last.own_menu_clicked(at + 0.1)
    assert last.removable(EDITOR) == len("One.")
    assert last.caret.around("editor").before == "One."


def test_a_click_into_the_text_is_not_forgotten_by_those_on_the_menu_after_it():
    last = inserted("One.")
    last.clicked(9.5)
    last.clicked(10.0)
    for at in (10.05, 10.1, 10.2):  # a host may say several times that the menu is open
        last.own_menu_clicked(at)
    with pytest.raises(DeliveryError, match="you have clicked since"):
        last.removable(EDITOR)
    assert last.caret.around("editor") == Around(UNKNOWN, UNKNOWN)


def test_a_click_long_before_the_menu_was_not_on_it():
    last = inserted("One.")
    last.clicked(10.0)
    last.own_menu_clicked(11.5)
    with pytest.raises(DeliveryError, match="you have clicked since"):
        last.removable(EDITOR)


def test_a_key_among_the_clicks_is_not_excused():
    last = inserted("One.")
    last.clicked(10.0)
    last.typed("x")
    last.own_menu_clicked(10.1)
    last.clicked(11.0)
    last.own_menu_clicked(11.1)
    with pytest.raises(DeliveryError, match="you have typed since"):
        last.removable(EDITOR)


def test_what_is_inserted_after_a_click_stands_before_the_caret():
    last = inserted("One.")
    last.clicked(10.0)
    last.inserted("Two.", EDITOR)
    last.own_menu_clicked(10.1)
    assert last.removable(EDITOR) == len("Two.")


def test_what_was_taken_back_in_part_can_be_taken_back_further():
    last = inserted("One.", " Two.")
    last.erased(6)
    assert (last.removable(EDITOR), last.caret.before) == (3, "One")


def test_the_caret_is_where_it_was_left_in_its_window_alone():
    last = inserted("One.")
    assert [last.is_before_caret(target) for target in (EDITOR, MAIL, None)] == [True, False, False]


def test_where_no_windows_are_told_apart_the_next_text_goes_on():
    last = inserted("One.", target=None)
    assert last.is_before_caret(None)
    assert last.caret.around("").before == "One."
