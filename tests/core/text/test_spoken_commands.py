"""Spoken commands in what an engine wrote, and how their marks stand."""

# ruff: noqa: RUF001 - the real characters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.spoken_commands import (
    LANGUAGES,
    Command,
    Commands,
    Role,
    append,
    follow,
)

COMMA, LINE = Command(Role.MARK, ","), Command(Role.LINE, "\n")
SCRATCH = Command(Role.SCRATCH)
SPLIT = [
    ("a mark between words", "Hello comma you", ["Hello", COMMA, "you"]),
    ("the engine's own marks beside it go", "Hello. Comma, you.", ["Hello", COMMA, "you."]),
    ("a comma before a new line goes, a full stop stays", "One, new line. Two. New line", ["One", LINE, "Two.", LINE]),
    ("a comma before an opening quote stays", "said, open quote, go", ["said,", Command(Role.OPEN, '"'), "go"]),
    ("what follows a closing quote stays", "go, close quote.", ["go", Command(Role.CLOSE, '"'), "."]),
    ("a comma before a closing quote goes, a full stop stays", "go, close quote. No. Close quote", ["go", Command(Role.CLOSE, '"'), ". No.", Command(Role.CLOSE, '"')]),
    ("alone", "New line.", [LINE]),
    ("one after the other", "new line comma", [LINE, COMMA]),
    ("after an article it is a word", "put the comma here", ["put the comma here"]),
    ("a capital article, too", "A period of rest", ["A period of rest"]),
    ("literal makes it a word", "literal comma and comma", ["comma and", COMMA]),
    ("literal after other words", "a comma is a literal comma here", ["a comma is a comma here"]),
    ("literal before another word is a word", "a literal translation", ["a literal translation"]),
    ("scratch that at the end", "so. Scratch that.", ["so", SCRATCH]),
    ("scratch that before a pause", "Scratch that, so", [SCRATCH, "so"]),
    ("scratch that in a sentence is words", "I scratch that itch", ["I scratch that itch"]),
    ("in the middle of a word there is none", "the commander semicolons", ["the commander semicolons"]),
    ("nothing is nothing", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "want"), [r[1:] for r in SPLIT], ids=[r[0] for r in SPLIT])
def test_commands_are_found(text, want):
    assert Commands(["en"]).split(text) == want


def test_without_a_language_there_are_none():
    assert Commands([]).split("Hello comma you") == ["Hello comma you"]


def test_each_language_has_its_own():
    assert Commands(["de"]).split("comma Komma") == ["comma", COMMA]
    assert Commands(["en", "de"]).split("a comma Komma") == ["a comma", COMMA]
    assert Commands(["de"]).split("wörtlich Komma, neue Zeile.") == ["Komma", LINE]


SHOWN = [
    ("a mark stands close", "a ", None, COMMA, "a,"),
    ("a dash stands apart", "a", None, Command(Role.DASH, "–"), "a –"),
    ("a dash at the start has no blank", "", None, Command(Role.DASH, "–"), "–"),
    ("an opening bracket stands apart", "a", None, Command(Role.OPEN, "("), "a ("),
    ("one in another does not", "a (", Role.OPEN, Command(Role.OPEN, "["), "a (["),
    ("one on a new line does not", "a\n", Role.LINE, Command(Role.OPEN, "("), "a\n("),
    ("scratching leaves nothing", "a", None, SCRATCH, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("out", "last", "command", "want"), [r[1:] for r in SHOWN], ids=[r[0] for r in SHOWN]
)
def test_marks_stand_where_they_belong(out, last, command, want):
    assert append(out, last, command) == want


FOLLOWED = [
    ("first words are as they are", "", None, "and so", "and so"),
    ("words after a hyphen have no blank", "well-", Role.HYPHEN, "known", "well-known"),
    ("words after an opening quote keep their capital", 'a "', Role.OPEN, "The", 'a "The'),
    ("words after a closing quote have a blank", '"', Role.CLOSE, "he", '" he'),
    ("but a mark has none", 'a"', Role.CLOSE, ", he", 'a", he'),
    ("words after a full stop have a capital", "a.", Role.MARK, "so", "a. So"),
    ("words after a comma have none", "a,", Role.MARK, "And so", "a, and so"),
    ("words after a new line have a capital", "a\n", Role.LINE, "so", "a\nSo"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("out", "last", "text", "want"), [r[1:] for r in FOLLOWED], ids=[r[0] for r in FOLLOWED]
)
def test_words_follow_a_mark(out, last, text, want):
    assert follow(out, last, text) == want


WORDS = st.sampled_from(
    [
        "comma",
        "the",
        "literal",
        "new",
        "line",
        "scratch",
        "that",
        "Hello.",
        "so,",
        "commas",
        "quote",
    ]
)


@given(st.lists(WORDS).map(" ".join))
def test_every_word_is_text_or_command(text):
    pieces = Commands(["en"]).split(text)
    phrases = {command: phrase for phrase, command in reversed(LANGUAGES["en"].phrases.items())}
    said = " ".join(phrases[p] if isinstance(p, Command) else p for p in pieces)
    strip = str.maketrans("", "", ".,")
    again = [word for word in said.translate(strip).split() if word != "literal"]
    assert again == [word for word in text.translate(strip).split() if word != "literal"]
