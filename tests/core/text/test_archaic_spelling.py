"""Old spellings of the offline model."""

import pytest

from tray_dictate.core.text.archaic_spelling import modernize_spelling

SPELLED = [
    ("To-day, to-morrow and to-night.", "Today, tomorrow and tonight."),
    ("to-morrow's shopping-list", "tomorrow's shopping list"),
    ("five per cent. Per cent", "five percent. Percent"),
    ("in the dining-room", "in the dining room"),
    ("Good-bye", "Goodbye"),
    ("by the end of the week-end", "by the end of the weekend"),
    ("the mailing-lists", "the mailing lists"),
    ("a well-known up-to-date third-party in-house to-do", "a well-known up-to-date third-party in-house to-do"),
    ("to-day-to-day and day-to-day", "to-day-to-day and day-to-day"),
    ("a check-list, a two-room flat", "a check-list, a two-room flat"),
    ("per centimetre", "per centimetre"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "want"), SPELLED)
def test_old_spellings_are_those_of_today(text, want):
    assert modernize_spelling(text) == want
