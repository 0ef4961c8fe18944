"""What is known of the caret from insertions, keys and clicks."""

from __future__ import annotations

import pytest

from tray_dictate.core.text.caret import LETTER, UNKNOWN, Around, Caret, shortened

NEW = Caret()
DICTATED = NEW.inserted("One.", Around(), "editor")
SHIFT, CTRL, ALT = frozenset({"shift_l"}), frozenset({"ctrl_l"}), frozenset({"alt_l"})
ANYWHERE = Around(UNKNOWN, UNKNOWN)


def after(caret: Caret, *keys: str) -> Caret:
    """Press keys, such as "x" or "ctrl+a"."""
    names = {"shift": SHIFT, "ctrl": CTRL, "alt": ALT}
    for key in keys:
        *held, name = key.split("+") if len(key) > 1 else [key]
        caret = caret.typed(name, frozenset().union(*(names[one] for one in held)))
    return caret


ROWS = [
    ("a window that has just come up", NEW, Around()),
    ("what was inserted", DICTATED, Around("One.")),
    ("a letter behind it", after(DICTATED, "o"), Around(f"One.{LETTER}")),
    ("a capital letter", after(DICTATED, "shift+o"), Around(f"One.{LETTER}")),
    ("a digit", after(DICTATED, "7"), Around(f"One.{LETTER}")),
    ("another mark than the key's own", after(DICTATED, "shift+7"), Around(f"One.{UNKNOWN}")),
    ("a mark", after(NEW, "h", ","), Around(f"{LETTER},")),
    ("a blank", after(DICTATED, "space"), Around("One. ")),
    ("a tab, maybe to another field", after(DICTATED, "tab"), Around(f"One.{UNKNOWN} ")),
    ("a new line", after(DICTATED, "enter"), Around("One.\n")),
    ("a new line that sends", after(DICTATED, "ctrl+enter"), Around("One.\n")),
    ("the last character taken back", after(DICTATED, "backspace"), Around("One")),
    ("a whole word taken back", after(DICTATED, "ctrl+backspace"), ANYWHERE),
    ("one more than there was", after(NEW, "x", *["backspace"] * 2), Around(UNKNOWN, "")),
    ("all selected", after(DICTATED, "ctrl+a"), Around("", UNKNOWN)),
    ("all deleted", after(DICTATED, "ctrl+a", "delete"), Around("", UNKNOWN)),
    ("the line's beginning", after(DICTATED, "home"), Around("\n", UNKNOWN)),
    ("the line's end", after(DICTATED, "end"), Around(UNKNOWN, "")),
    ("an arrow", after(DICTATED, "left"), ANYWHERE),
    ("a word behind an arrow", after(DICTATED, "left", "x"), Around(LETTER, UNKNOWN)),
    ("a shortcut", after(DICTATED, "ctrl+v"), ANYWHERE),
    ("copied", after(DICTATED, "ctrl+c"), Around("One.")),
    ("Escape", after(DICTATED, "escape"), Around("One.")),
    ("another window by a key", after(DICTATED, "alt+tab"), ANYWHERE),
    ("a click", DICTATED.clicked(), ANYWHERE),
    ("a word behind a click", after(DICTATED.clicked(), "x"), Around(LETTER, UNKNOWN)),
    ("inserted behind a click", DICTATED.clicked().inserted(" Two. ", ANYWHERE, "editor"), Around(f"{UNKNOWN} Two. ", UNKNOWN)),
    ("inserted in another window meanwhile", DICTATED.inserted("Two.", Around(), "mail"), Around(UNKNOWN, "")),
    ("taken back", DICTATED.erased(4), Around("")),
    ("taken back in part", DICTATED.erased(1), Around("One")),
    ("nothing taken back", DICTATED.erased(0), Around("One.")),
    ("forgotten", DICTATED.forgotten(), Around(".")),
]  # fmt: skip


@pytest.mark.parametrize(("caret", "want"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_what_stands_around_the_caret(caret, want):
    assert caret.around("editor") == want


TERMINAL = [
    ("a click moves no caret there", DICTATED.clicked(), Around(".")),
    ("nor does another window", DICTATED.inserted("Two.", Around(), "mail"), Around(".")),
    ("a fresh prompt", after(DICTATED, "enter"), Around("One.\n")),
    ("of one that was left with a fresh prompt", after(DICTATED, "enter").clicked(), Around("\n")),
    ("nothing is known", NEW.clicked(), Around()),
    ("a command out of the history", after(DICTATED, "up"), ANYWHERE),
]


@pytest.mark.parametrize(("caret", "want"), [r[1:] for r in TERMINAL], ids=[r[0] for r in TERMINAL])
def test_a_terminal_has_one_place_to_type_at(caret, want):
    assert caret.around("editor", terminal=True) == want


def test_keys_since_the_last_insertion_may_have_gone_to_a_window_that_came_up():
    assert after(DICTATED, "x").around("mail") == Around(UNKNOWN, "")
    assert DICTATED.around("mail") == Around(), "without any it is empty, most likely"


def test_where_keys_are_not_seen_anything_may_have_been_typed():
    assert NEW.around("editor", watched=False) == Around(UNKNOWN, "")
    assert NEW.around("shell", terminal=True, watched=False) == Around("", UNKNOWN)
    assert DICTATED.around("editor", terminal=True, watched=False) == Around("One.", UNKNOWN)
    assert DICTATED.around("editor", watched=False) == Around("One.")


def test_it_is_where_it_was_left_until_the_user_does_something():
    assert DICTATED.is_at("editor")
    assert not DICTATED.is_at("mail")
    assert not NEW.is_at("")
    assert not after(DICTATED, "x").is_at("editor")
    assert not DICTATED.clicked().is_at("editor")


def test_not_one_letter_of_what_is_typed_is_kept():
    caret = after(NEW, *"secret")
    assert caret.before == LETTER * 6


def test_no_more_is_kept_than_is_needed():
    caret = NEW.inserted("word " * 1000, Around(), "editor")
    for window in range(200):
        caret = caret.inserted("word", Around(), str(window))
    assert len(caret.places) == 50
    assert len(DICTATED.inserted("word " * 1000, Around(), "editor").before or "") == 200
    assert set(caret.places.values()) == {"d"}


def test_another_cell_of_a_table_is_empty_or_will_be_replaced():
    for caret in (DICTATED.clicked(), after(DICTATED, "right")):
        assert caret.around("editor", cells=True) == Around()
    assert after(DICTATED, "right", "x").around("editor", cells=True) == Around(LETTER)


def test_a_cell_is_still_edited_when_another_window_had_the_focus():
    away = DICTATED.typed("tab", frozenset({"alt_l"}))
    elsewhere = DICTATED.inserted("Two.", Around(), "other")
    last = (DICTATED.before or "")[-1]
    for caret in (away, elsewhere):
        assert caret.around("editor", cells=True) == Around(last)
        assert caret.clicked().around("editor", cells=True) == Around()


def test_of_a_fields_text_only_what_is_beside_the_caret_is_kept() -> None:
    field = Around("a" * 500, "behind it", selected="b" * 5000)
    assert shortened(field) == Around("a" * 100, "behi", selected="b" * 1000)


def test_a_line_begins_where_the_report_of_a_field_begins() -> None:
    assert shortened(Around("is", "")) == Around("\nis", "")
