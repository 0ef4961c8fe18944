from __future__ import annotations

import pytest

from tray_dictate.core.text.filters import drop_noise_words

TABLE = [
    ("a word that noise becomes, too short to be said", "You", 0.2, ""),
    ("the same in its subtitle's spelling", "Thank you for watching!", 0.2, ""),
    ("the same word said in the time it takes", "You", 0.5, "You"),
    ("a short word that noise does not become", "Yes.", 0.2, "Yes."),
    ("more words than the known one", "You win.", 0.25, "You win."),
    ("notes of music are no words, however long", "♪♪♪", 4.0, ""),
    ("lone punctuation is no word", "...", 2.0, ""),
    ("nothing stays nothing", "", 1.0, ""),
]


@pytest.mark.parametrize(
    ("text", "voiced", "left"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_text(text, voiced, left):
    assert drop_noise_words(text, voiced) == left
