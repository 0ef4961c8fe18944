"""The first letter of a segment, after what stands before it."""

import pytest

from tray_dictate.core.text.capitals import Spelling, casing
from tray_dictate.core.text.caret import UNKNOWN

ENGLISH = Spelling.of(["Kubernetes", "Project Zephyr"], ["en"])
GERMAN = Spelling.of([], ["de"])
BOTH = Spelling.of([], ["de", "en"])
ANY = Spelling.of([], [])
CASED = [
    ("any word goes on small after a comma", ENGLISH, "refund,", "Offer a replacement", "offer a replacement"),
    ("after a semicolon", ENGLISH, "a refund;", "Replacement parts", "replacement parts"),
    ("after a colon", ENGLISH, "Note:", "Bring paper", "bring paper"),
    ("after no mark", ENGLISH, "this function", "Parses", "parses"),
    ("with its own comma behind", ENGLISH, "well", "Unfortunately, no", "unfortunately, no"),
    ("a word of one letter", ENGLISH, "I want", "A refund", "a refund"),
    ("a contraction", ENGLISH, "well,", "It's late", "it's late"),
    ("another contraction", ENGLISH, "well,", "Everyone's late", "everyone's late"),
    ("a verb before a name", ENGLISH, "and", "Ask Margaret", "ask Margaret"),
    ("a verb before I", ENGLISH, "and", "Hopefully I can", "hopefully I can"),
    ("I", ENGLISH, "well,", "I think", "I think"),
    ("I'm", ENGLISH, "well,", "I'm late", "I'm late"),
    ("a first name", ENGLISH, "I met", "Margaret there", "Margaret there"),
    ("a name's own thing", ENGLISH, "that is", "Margaret's car", "Margaret's car"),
    ("an unknown name's own thing", ENGLISH, "that is", "Siobhan's car", "Siobhan's car"),
    ("an unknown full name", ENGLISH, "I met", "Siobhan Kavanagh", "Siobhan Kavanagh"),
    ("a name that was in the text before", ENGLISH, "I met Siobhan, and", "Siobhan said", "Siobhan said"),
    ("a hyphenated name", ENGLISH, "from", "Anne-Marie", "Anne-Marie"),
    ("a city", ENGLISH, "I live in", "London now", "London now"),
    ("a day", ENGLISH, "on", "Monday", "Monday"),
    ("a month", ENGLISH, "in", "January", "January"),
    ("a month that is a word, too", ENGLISH, "on", "May 5", "May 5"),
    ("a word that is a month, too", ENGLISH, "well,", "May I", "may I"),
    ("a language", ENGLISH, "in", "French", "French"),
    ("a title", ENGLISH, "I saw", "Mrs. Jones", "Mrs. Jones"),
    ("an acronym", ENGLISH, "the", "NASA report", "NASA report"),
    ("an acronym's plural", ENGLISH, "the", "APIs", "APIs"),
    ("a letter by itself", ENGLISH, "plan", "B is", "B is"),
    ("inner capitals", ENGLISH, "on", "GitHub", "GitHub"),
    ("a term of the user's", ENGLISH, "on", "Zephyr itself", "Zephyr itself"),
    ("an address", ENGLISH, "at", "Example.com", "Example.com"),
    ("a number", ENGLISH, "so", "5 Apples", "5 Apples"),
    ("a German noun where German is spoken", GERMAN, "das", "Angebot", "Angebot"),
    ("a small German word", GERMAN, "ich kam,", "Und ging", "und ging"),
    ("German among other languages is told by its words", BOTH, "ich sah das", "Angebot von dir", "Angebot von dir"),
    ("and English, too", BOTH, "I want a", "Replacement for it", "replacement for it"),
    ("where any language may be spoken, English is told by its words", ANY, "this is the", "Offer", "offer"),
    ("and where nothing tells, a word stays as it is", ANY, "das", "Haus", "Haus"),
    ("a full stop ends a sentence", ENGLISH, "Done.", "offer it", "Offer it"),
    ("one of an abbreviation does not", ENGLISH, "fruit, e.g.", "Apples", "apples"),
    ("a new line begins one", ENGLISH, "well,\n", "offer it", "Offer it"),
    ("an item of a list begins one", ENGLISH, "Note:\n - ", "bring paper", "Bring paper"),
    ("after something unknown it stays", ENGLISH, UNKNOWN, "Offer it", "Offer it"),
    ("and behind its blank", ENGLISH, f"{UNKNOWN} ", "Offer it", "Offer it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spelling", "before", "segment", "want"), [r[1:] for r in CASED], ids=[r[0] for r in CASED]
)
def test_the_first_letter(spelling, before, segment, want):
    assert casing(before, segment, spelling) == want
