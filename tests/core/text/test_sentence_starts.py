"""Sentences that the offline model begins in lower case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.sentence_starts import capitalize_sentences

TEXTS = [
    ("Open the window. the menu is there.", "Open the window. The menu is there."),
    ("It works. so do we. and you?", "It works. So do we. And you?"),
    ("I don't. the others do.", "I don't. The others do."),
    ("He said (to me). it is late.", "He said (to me). it is late."),
    ("\"Yes. it is.\"", "\"Yes. It is.\""),
    ("well-known.  ça va", "well-known.  Ça va"),
    ("Es ist groß. ärgerlich.", "Es ist groß. Ärgerlich."),
    ("e.g. this, i.e. that, at 5 a.m. and later", "e.g. this, i.e. that, at 5 a.m. and later"),
    ("The 3. item, in 1990. it was", "The 3. item, in 1990. it was"),
    ("apples, pears, etc. and nuts vs. plums", "apples, pears, etc. and nuts vs. plums"),
    ("J. r. r. Tolkien, Mr. and Mrs. de Vries", "J. r. r. Tolkien, Mr. and Mrs. de Vries"),
    ("Buy it. iPhones are there. example.com is, x_y is.", "Buy it. iPhones are there. example.com is, x_y is."),
    ("Bring usw. mit, ca. zehn, Nr. eins", "Bring usw. mit, ca. zehn, Nr. eins"),
    ("Wait... what? yes! no: go.on", "Wait... what? yes! no: go.on"),
    ("Ends here. 3 more", "Ends here. 3 more"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "want"), TEXTS)
def test_a_sentence_begins_with_a_capital_if_it_is_one_for_certain(text, want):
    assert capitalize_sentences(text) == want


@given(st.lists(st.sampled_from(["the", "e.g.", "menu.", " ", "Window.", "3.", "ß.", "ŉa"])))
def test_only_the_case_of_letters_changes(parts):
    text = " ".join(parts)
    done = capitalize_sentences(text)

    assert done.lower() == text.lower()
    assert capitalize_sentences(done) == done
