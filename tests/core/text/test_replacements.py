"""Replacements, terms and patterns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tray_dictate.core.text.replacements import LONGEST_MATCHED, patterner, replacer, speller

REPLACED = [
    ("a phrase becomes an identifier", {"tray dictate": "tray_dictate"}, "I use tray dictate.", "I use tray_dictate."),
    ("an identifier stays small at the beginning", {"tray dictate": "tray_dictate"}, "Tray dictate runs", "tray_dictate runs"),
    ("a name has its own capitals", {"github": "GitHub"}, "Github, GITHUB and github", "GitHub, GitHub and GitHub"),
    ("ordinary words take the capital that was heard", {"gonna": "going to"}, "Gonna go, gonna run", "Going to go, going to run"),
    ("ordinary words heard in capitals stay so", {"gonna": "going to"}, "I AM GONNA GO", "I AM GOING TO GO"),
    ("one capital letter is no shouting", {"x": "by way"}, "X", "By way"),
    ("a phrase across a hyphen or a comma", {"tray dictate": "td_"}, "tray-dictate tray, dictate", "td_ td_"),
    ("the longest phrase wins", {"new": "old", "new york": "NYC"}, "new york is new", "NYC is old"),
    ("what was put is not replaced again", {"a": "b", "b": "a"}, "a b", "b a"),
    ("nothing may stand for a phrase", {"you know": ""}, "so, you know, yes", "so, , yes"),
    ("a new line may stand for a phrase", {"sign off": "Bye\n"}, "sign off", "Bye\n"),
    ("a backslash is itself", {"a": "\\1"}, "a", "\\1"),
    ("without any nothing changes", {}, "as it is", "as it is"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "text", "want"), [r[1:] for r in REPLACED], ids=[r[0] for r in REPLACED]
)
def test_phrases_are_replaced(table, text, want):
    assert replacer(table)(text) == want


WORDS = st.lists(st.text("gitGIT2_áम\u093eß", min_size=1, max_size=5), max_size=8)


@given(WORDS, st.sampled_from([" ", ", ", "-", "! ", "/"]))
def test_replacements_never_touch_parts_of_words(words, between):
    text = between.join(words)
    want = [("#" if word.lower() == "git" else word) for word in words]
    assert replacer({"git": "#"})(text) == between.join(want)


def test_an_empty_phrase_is_refused():
    with pytest.raises(ValueError, match="a phrase to replace is empty"):
        replacer({" ": "x"})


SPELLED = [
    ("the case is enforced", "Kubernetes", "kubernetes, KUBERNETES", "Kubernetes, Kubernetes"),
    ("also at the beginning of a sentence", "kubectl", "Kubectl runs", "kubectl runs"),
    ("what was heard in two words is one", "Postgres", "post gres and post-gres", "Postgres and Postgres"),
    ("a comma is no part of a term", "Nowhere", "now, here", "now, here"),
    ("what was heard in one word is two", "Visual Studio", "visualstudio", "Visual Studio"),
    ("a hyphen may be missing", "GPT-4o", "gpt4o, gpt 4o, GPT-4O", "GPT-4o, GPT-4o, GPT-4o"),
    ("a dot may be missing", "Node.js", "node js, nodejs, node.js", "Node.js, Node.js, Node.js"),
    ("a short term may be spelled out", "API", "an a p i, an A-P-I, an api", "an API, an API, an API"),
    ("but is not found in pieces of words", "Nord", "no rd", "no rd"),
    ("symbols of a term must be there", "C++", "c c++ C", "c C++ C"),
    ("a term that begins with a dot needs it", ".NET", "net .net", "net .NET"),
    ("a possessive stays", "GitHub", "git hub's", "GitHub's"),
    ("a part of a word is left alone", "Post", "posters compost", "posters compost"),
    ("a Chinese term is itself", "东京", "在东京", "在东京"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("term", "text", "want"), [r[1:] for r in SPELLED], ids=[r[0] for r in SPELLED]
)
def test_terms_are_spelled(term, text, want):
    assert speller([term])(text) == want


def test_the_longest_term_wins():
    assert (
        speller(["GitHub", "GitHub Actions"])("github actions on github")
        == "GitHub Actions on GitHub"
    )


@settings(max_examples=examples(40))  # an expression is compiled in 20 ms
@given(st.text("abcde XY-", min_size=1, max_size=12).filter(str.strip))
def test_a_term_needs_letters_and_its_spelling_is_final(term):
    if not any(map(str.isalnum, term)):
        with pytest.raises(ValueError, match="has no letter"):
            speller([term])
    else:
        spell = speller([term])
        assert spell(spell(f"so {term} is")) == spell(f"so {term} is")


def test_patterns_are_applied_in_their_order():
    rewrite = patterner({r"(\d+) percent": r"\1 %", "%": "per cent"})
    assert rewrite("5 percent") == "5 per cent"


@pytest.mark.parametrize(
    ("pattern", "value"), [("(", "x"), ("a", r"\1"), ("a", r"\g<name>")],
    ids=["an open group", "a group that is not there", "a name that is not there"],
)  # fmt: skip
def test_a_wrong_pattern_is_named(pattern, value):
    with pytest.raises(ValueError, match=r"the regular expression '.*' is wrong"):
        patterner({pattern: value})


def test_a_pattern_sees_no_long_text():
    rewrite = patterner({"a": "b"})
    assert rewrite("a" * LONGEST_MATCHED) == "b" * LONGEST_MATCHED
    assert rewrite("a" * (LONGEST_MATCHED + 1)) == "a" * (LONGEST_MATCHED + 1)
