"""What a model repeats on and on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.repetitions import collapse_repetitions

PHRASE = "Thank you very much. "
LOOPS = [
    ("a phrase", (PHRASE * 28).strip(), None, PHRASE.strip()),
    ("in whatever case and with whatever marks", "Go on, go on. Go on! go on; GO ON go on.", None, "Go on."),
    ("a syllable", "da " * 199 + "da", None, "da"),
    ("a syllable written together", "da" * 200, None, "da"),
    ("one letter", "o " * 99 + "o", None, "o"),
    ("with a beginning", "I see. " + PHRASE * 9, None, "I see. " + PHRASE),
    ("whose last one has no end", PHRASE * 9 + "Thank you ve", None, "Thank you very much"),
    ("that the sentence goes on after", "He said go on, go on, go on, go on, go on, go on, and left.", None, "He said go on, and left."),
    ("after a word that ends like it", "I sat. " + "The cat sat. " * 8, None, "I sat. The cat sat. "),
    ("two of them", PHRASE * 7 + "So. " + "Bye for now. " * 7, None, PHRASE + "So. Bye for now. "),
    ("in Chinese", "谢谢观看。" * 8, None, "谢谢观看。"),
    ("a syllable in Chinese", "啊" * 50, None, "啊"),
    ("three times, faster than anybody speaks", "let us go " * 3, 0.3, "let us go "),
    ("of two words around a short one", "la la la dum " * 8, None, "la la la dum la la la dum "),
]  # fmt: skip
SAID = [
    ("no, four times", "No, no, no, no!", None),
    ("laughter", "ha ha ha ha ha ha ha ha", None),
    ("laughter in Chinese", "哈哈哈哈哈哈", None),
    ("a song", "La la la la la la la la.", 3.0),
    ("six zeros", "It is 0 0 0 0 0 0.", None),
    ("a number", "1 000 000 000 000", None),
    ("very", "a very, very, very, very good idea", None),
    ("a phrase five times", "Go on. Go on. Go on. Go on. Go on.", None),
    ("a long vowel", "Nooooooooooooooo!", None),
    ("digits in groups", "12 12 12 12 12 12 12", None),
    ("three times in a second", "bye bye bye", 1.0),
    ("dots", "...... ------", None),
    ("nothing", "", 0.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds", "want"), [r[1:] for r in LOOPS], ids=[r[0] for r in LOOPS]
)
def test_a_loop_is_there_once_and_that_is_told(text, seconds, want):
    kept, note = collapse_repetitions(text, seconds)
    assert kept == want
    assert "times in a row" in note


@pytest.mark.parametrize(("text", "seconds"), [r[1:] for r in SAID], ids=[r[0] for r in SAID])
def test_what_people_repeat_stays(text, seconds):
    assert collapse_repetitions(text, seconds) == (text, "")


@given(
    st.lists(st.sampled_from(["no ", "go on, ", "0", "a", "é", "哈", "! ", "the cat sat. "])).map(
        "".join
    )
)
def test_what_is_no_loop_is_not_touched_and_what_is_becomes_shorter(text):
    kept, note = collapse_repetitions(text)
    assert (kept == text) == (not note)
    assert len(kept) <= len(text)
    assert collapse_repetitions(text, 3600) == (kept, note)
