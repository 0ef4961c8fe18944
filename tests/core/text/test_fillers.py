"""Sounds of thinking."""

# ruff: noqa: RUF001 - the real characters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.filters import FILLERS, Fillers

WITHOUT = [
    ("both commas go", "en", "I, um, think", "I think"),
    ("one comma goes", "en", "I um, think", "I think"),
    ("dashes go", "en", "I – um – think", "I think"),
    ("without commas, too", "en", "I uh think", "I think"),
    ("the sentence keeps its capital", "en", "Um, so it is.", "So it is."),
    ("a later sentence, too", "en", "Right. Uh, so.", "Right. So."),
    ("after a closing quote, too", "en", 'He said "no." Uh, so.', 'He said "no." So.'),
    ("a small one at the beginning gives no capital", "en", "um, iPhones", "iPhones"),
    ("several go together", "en", "Um, uh, erm I think", "I think"),
    ("a sentence of its own goes", "en", "Right. Um. So.", "Right. So."),
    ("with its dots", "en", "Um... I think", "I think"),
    ("the end of a sentence stays", "en", "I think, um. Next", "I think. Next"),
    ("at the end, too", "en", "I think um.", "I think."),
    ("nothing else was said", "en", "Um.", ""),
    ("uh-huh and uh-oh are words", "en", "Uh-huh, uh-oh", "Uh-huh, uh-oh"),
    ("a filler behind a hyphen is part of a word", "en", "a ho-hum, mm-uh one", "a ho-hum, mm-uh one"),
    ("a capital in mid-sentence gives none", "en", "I Uh think", "I think"),
    ("the ER is a hospital's", "en", "in the ER now", "in the ER now"),
    ("a part of a word stays", "en", "umbrella term er2", "umbrella term er2"),
    ("a stutter stays", "en", "I I think", "I I think"),
    ("in German um and er are words", "de", "Er geht, ähm, um die Ecke", "Er geht um die Ecke"),
    ("with English beside it, too", "en de", "Er geht uh um die Ecke", "Er geht um die Ecke"),
    ("in French", "fr", "Euh, je pense, euh, oui", "Je pense oui"),
    ("without a language nothing goes", "", "Um, äh", "Um, äh"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("languages", "text", "want"), [r[1:] for r in WITHOUT], ids=[r[0] for r in WITHOUT]
)
def test_fillers_are_left_out(languages, text, want):
    assert Fillers(languages.split()).without(text) == want


WORDS = st.lists(st.sampled_from(["I", "think", "umbrella", "Er", "um", "uh", "So", "it's"]))


@given(WORDS, st.sampled_from([" ", ", ", ". ", "... "]))
def test_every_other_word_stays(words, between):
    left = Fillers(["en"]).without(between.join(words))
    kept = [w.lower() for w in words if w.lower() not in FILLERS["en"]]
    assert [w.strip(".,").lower() for w in left.split()] == kept
