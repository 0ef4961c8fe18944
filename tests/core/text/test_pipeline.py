"""The text pipeline as a whole."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.filters import HallucinationFilter
from tray_dictate.core.text.normalize import clean, without_comma
from tray_dictate.core.text.pipeline import Insert, Scratch, TextPipeline, TextRules

PLAIN = TextRules()
EVERYTHING = TextRules(
    replacements={"tray dictate": "tray_dictate", "sign off": "Bye,\nAnn"},
    patterns={r"(\d+) percent": r"\1 %"},
    words=["Kubernetes", "GitHub"],
    commands=["en", "de"],
    fillers=["en", "de"],
    prompt="A letter about software.",
)
POLISHED = [
    ("by default words stay as they are", PLAIN, " Um, hello comma\nkubernetes. ", [Insert("Um, hello comma kubernetes.")]),
    ("an engine's new line is a blank", PLAIN, "rm\n", [Insert("rm")]),
    ("a film's credits are not inserted", PLAIN, "Thanks for watching!", []),
    ("the prompt echoed is not inserted", EVERYTHING, "a letter about software", []),
    ("nothing is not inserted", PLAIN, " \x00", []),
    ("everything at once", EVERYTHING, "Uh, tray dictate on git hub, comma, 5 percent full stop. new line so", [Insert("tray_dictate on GitHub, 5 %.\nSo")]),
    ("a term over a command's place is two words", EVERYTHING, "git comma hub", [Insert("git, hub")]),
    ("a letter", EVERYTHING, "Dear John comma new paragraph thank you period", [Insert("Dear John,\n\nThank you.")]),
    ("in German", EVERYTHING, "Er sagt Doppelpunkt Anführungszeichen auf ja Anführungszeichen zu Ausrufezeichen", [Insert("Er sagt: „ja“!")]),
    ("a command alone", EVERYTHING, "New paragraph.", [Insert("\n\n")]),
    ("a closing quote begins a segment", EVERYTHING, "close quote he said", [Insert('" he said')]),
    ("scratch that takes back what was inserted", EVERYTHING, "Scratch that.", [Scratch()]),
    ("what was said before it in the same segment goes first", EVERYTHING, "No good. Scratch that. Yes.", [Insert("Yes.")]),
    ("a second one takes back the segment before", EVERYTHING, "No. Scratch that. Scratch that. Yes.", [Scratch(), Insert("Yes.")]),
    ("a mark goes like a word", EVERYTHING, "comma. Scratch that.", []),
    ("a replacement may break the line", EVERYTHING, "sign off", [Insert("Bye,\nAnn")]),
    ("unless new lines are spaces", replace(EVERYTHING, newline="space"), "sign off", [Insert("Bye, Ann")]),
    ("a new line as a space", replace(EVERYTHING, newline="space"), "a new line be", [Insert("a new line be")]),
    ("a spoken one, too", replace(EVERYTHING, newline="space"), "see new line be", [Insert("see Be")]),
    ("and alone it is nothing", replace(EVERYTHING, newline="space"), "new line", []),
    ("Shift+Enter is the output's affair", replace(EVERYTHING, newline="shift+enter"), "new line", [Insert("\n")]),
    ("blanks of a replacement spoil no capital", TextRules(replacements={"ann": " and ann "}, commands=["en"]), "so period ann", [Insert("so. And ann")]),
    ("a comma at the end waits for more", PLAIN, "I want a refund,", [Insert("I want a refund", ",")]),
    ("one that was spoken does not", EVERYTHING, "Hello Margaret comma", [Insert("Hello Margaret,")]),
    ("a pattern that leaves nothing", TextRules(patterns={".": ""}), "abc", []),
    ("a pattern cannot bring an escape in", TextRules(patterns={"b": "\x1b[31m\u202e"}), "abc", [Insert("ac")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "raw", "want"), [r[1:] for r in POLISHED], ids=[r[0] for r in POLISHED]
)
def test_segments_are_polished(rules, raw, want):
    assert TextPipeline(rules).polish(raw).said == want


AFTER = [
    ("a word goes on", "Hello.", "how are you", " How are you"),
    ("a new line stands close", "Hello.", "\nHow", "\nHow"),
    ("a closing quote stands close", 'He said "go', '" and', '" and'),
    ("a comma stands close", "Hello", ", you", ", you"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "text", "want"), [r[1:] for r in AFTER], ids=[r[0] for r in AFTER]
)
def test_an_insertion_joins_what_was_inserted_before(before, text, want):
    assert Insert(text).after(before) == want


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (TextRules(patterns={"(": ""}), r"the regular expression '\(' is wrong"),
        (TextRules(replacements={"": "a"}), "a phrase to replace is empty"),
        (TextRules(words=["?"]), "the term '\\?' has no letter"),
    ],
    ids=["a wrong expression", "an empty phrase", "a term without letters"],
)
def test_a_wrong_rule_is_named(rules, reason):
    with pytest.raises(ValueError, match=reason):
        TextPipeline(rules)


def test_what_is_longer_than_the_longest_is_refused():
    pipeline = TextPipeline(TextRules(longest=5))
    assert not pipeline.refuses("a" * 5)
    assert pipeline.refuses("a" * 6)


def test_of_what_is_far_too_long_the_beginning_is_kept_and_nothing_is_done():
    polished = TextPipeline(EVERYTHING).polish("scratch that. " * 90_000)
    assert polished.said == []
    assert polished.refused.startswith("it has 1260000 characters, more than text.longest")
    assert "The first 100000 are kept." in polished.refused
    assert polished.heard == ("scratch that. " * 90_000)[:100_000].strip()


def test_a_segment_takes_back_only_a_few():
    flood = "".join(f"scratch that. {number} scratch that. " for number in range(50))
    assert TextPipeline(EVERYTHING).polish(flood + "Scratch that. " * 5).said.count(Scratch()) <= 10


def test_a_loop_is_inserted_once_and_the_user_is_told():
    polished = TextPipeline(PLAIN).polish("Call me back. " * 9, 12.0)
    assert polished.said == [Insert("Call me back.")]
    assert "9 times in a row" in polished.note
    assert polished.heard == ("Call me back. " * 9).strip()


DECOMPOSED = [
    ("a term", {"words": ["Café"]}, "a cafe\u0301", "a Café"),
    ("a term of the user's", {"words": ["Cafe\u0301"]}, "a café", "a Café"),
    ("a phrase", {"replacements": {"the cafe\u0301": "Joe's"}}, "the café", "Joe's"),
    ("what stands for it", {"replacements": {"joes": "the cafe\u0301"}}, "joes", "the café"),
    ("a pattern", {"patterns": {"[e\u0301]": "e"}}, "café cafe\u0301", "cafe cafe"),
    ("a command", {"commands": ["de"]}, "so na\u0308chster Absatz da", "so\n\nDa"),
    ("a filler", {"fillers": ["de"]}, "so a\u0308hm ja", "so ja"),
    ("Hangul in letters", {"replacements": {"한글": "Hangul"}}, "\u1112\u1161\u11ab\u1100\u1173\u11af", "Hangul"),
    ("a letter that has no form of its own", {"replacements": {"\u0958": "q"}}, "\u0915\u093c", "q"),
    ("forms of ideographs stay", {}, "\ufa19 e\u0301", "\ufa19 é"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "raw", "want"), [r[1:] for r in DECOMPOSED], ids=[r[0] for r in DECOMPOSED])  # fmt: skip
def test_composed_and_decomposed_letters_are_the_same(rules, raw, want):
    assert TextPipeline(TextRules(**rules)).polish(raw).said == [Insert(want)]


ANY = st.text(st.characters(codec=None))


@given(ANY)
def test_where_nothing_is_configured_no_word_is_lost(raw):
    text, owed = without_comma(clean(raw))
    want = [] if not text or HallucinationFilter("sure")(clean(raw)) else [Insert(text, owed)]
    assert TextPipeline(PLAIN).polish(raw).said == want


SPEECH = st.lists(
    st.sampled_from(["new line", "comma", "open quote", "close quote", "scratch that.", "um,", "hello", "git hub", "\x1b[0m", "dash", "hyphen", "neue Zeile", "literal", ". ", "5 percent"])
    | ANY
).map(" ".join)  # fmt: skip
PIPELINE = TextPipeline(EVERYTHING)


@given(SPEECH)
def test_whatever_is_said_only_text_is_inserted(raw):
    said = PIPELINE.polish(raw).said
    assert sum(isinstance(one, Insert) for one in said) <= 1
    for one in said:
        assert isinstance(one, Scratch) or (one.text and one.text == clean(one.text, lines=True))


@given(SPEECH)
def test_a_segment_depends_on_no_other(raw):
    first = PIPELINE.polish(raw)
    PIPELINE.polish("open quote new")
    assert PIPELINE.polish(raw) == first
