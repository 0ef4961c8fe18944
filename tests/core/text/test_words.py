"""What a whole word is."""

# ruff: noqa: RUF001 - the real characters

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.replacements import AnyOf, Phrase, is_word, phrase, whole

FOUND = [
    ("a word among others", "github", "on github here", ["github"]),
    ("in any case", "github", "GitHub GITHUB", ["GitHub", "GITHUB"]),
    ("beside punctuation", "github", "(github), “github”!", ["github", "github"]),
    ("before a possessive s", "github", "github's", ["github"]),
    ("after a French elision", "api", "l'api d’api", ["api", "api"]),
    ("not after another apostrophe", "clock", "o'clock rock'n'clock", []),
    ("not within a word", "git", "digit gitter legit git2 git_a", []),
    ("not before a contraction", "don", "don't don’t", []),
    ("not within a name with dots", "github", "github.com a@github.de www.github", []),
    ("before a full stop", "github", "github. So", ["github"]),
    ("in a compound with hyphens", "github", "GitHub-Konto", ["GitHub"]),
    ("not before a combining mark", "cafe", "cafe\u0301", []),
    ("not before an Indic vowel", "कम", "कमी कम", ["कम"]),
    ("not before a Persian non-joiner", "می", "می\u200cروم", []),
    ("a Chinese word among others", "今天", "我今天去", ["今天"]),
    ("a Latin word between Chinese ones", "github", "我用github写", ["github"]),
    ("a Thai word among others", "ครับ", "สวัสดีครับ", ["ครับ"]),
    ("a phrase over blanks, a hyphen, a comma", "tray dictate", "tray  dictate tray-dictate tray, dictate", ["tray  dictate", "tray-dictate", "tray, dictate"]),
    ("but not over a full stop", "tray dictate", "tray. Dictate", []),
    ("a hyphen in the phrase is a blank, too", "e-mail", "e mail", ["e mail"]),
    ("a symbol needs no boundary", "(c)", "a(c)b", ["(c)"]),
    ("special characters are themselves", "a.b*", "a.b* aXb", ["a.b*"]),
    ("a hyphen alone is itself", "-", "a - b", ["-"]),
    ("a dotted capital I is found", "İstanbul", "istanbul", ["istanbul"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "text", "want"), [r[1:] for r in FOUND], ids=[r[0] for r in FOUND]
)
def test_whole_words_are_found(words, text, want):
    assert [m[0] for m, _ in AnyOf([phrase(words)]).find(text)] == want
    assert [m[0] for m in re.finditer(whole(phrase(words)), text, re.IGNORECASE)] == want


def test_it_says_which_phrase_was_found_and_the_earlier_one_wins():
    found = AnyOf([phrase("new line"), phrase("(c)"), phrase("今天"), phrase("new"), phrase("Zoo")])
    heard = [(m[0], which) for m, which in found.find("new (c) zoo 今天 new line")]
    assert heard == [("new", 3), ("(c)", 1), ("zoo", 4), ("今天", 2), ("new line", 0)]


def test_an_expression_of_its_own_has_its_examples_boundaries():
    assert [m[0] for m, _ in AnyOf([Phrase("ab+", "ab")]).find("abb abbc xab")] == ["abb"]


def test_of_no_phrases_none_is_found():
    assert not AnyOf([])
    assert not list(AnyOf([]).find("anything"))
    assert AnyOf([phrase("a")])


def test_marks_and_joiners_are_part_of_words():
    assert all(map(is_word, "aß1_م\u0301\u200dी"))
    assert not any(map(is_word, " .-'(，"))


@given(
    st.lists(st.sampled_from(["git", "gits", "digit", "it", "gi", "t", "git2"])),
    st.sampled_from([" ", ", ", ". ", "\n"]),
)
def test_of_any_words_just_the_same_ones_are_found(words, between):
    found = [m[0] for m, _ in AnyOf([phrase("git")]).find(between.join(words))]
    assert found == ["git"] * words.count("git")


def test_a_symbol_at_the_end_goes_before_the_same_letters_without_it():
    found = AnyOf([phrase("c"), phrase("c++")])
    assert [m[0] for m, _ in found.find("c++ c")] == ["c++", "c"]


def test_a_thousand_phrases_share_their_boundaries():
    found = AnyOf([phrase(f"term{n}") for n in range(1000)])
    (match, which), *rest = found.find("a term567 here")
    assert (match[0], which, rest) == ("term567", 567, [])
    assert len(found._pattern.pattern) < 1000 * 20 + 20_000  # else it takes minutes to compile
