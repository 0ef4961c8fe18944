"""Misspelt terms, and the words that only look like one."""

# ruff: noqa: RUF001 - the real characters

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from tray_dictate.core.text.misspellings import corrector
from tray_dictate.system import ordinary_words

ORDINARY = ordinary_words.english()
TERMS = [
    "Wojciech", "Kowalczyk", "Anneliese", "Hanna", "Mary Ann", "Kubernetes", "Nginx", "Postgres",
    "kubectl", "Marc", "Stephan", "Müller", "GPT-4o", "C++", "O'Brien", "Visual Studio", "LDAP",
    "Grafana", "北京大学", "Szymanski", "Traefik", "Ingvild", "Bjarne", "Freya", "Leocadia", "Malika",
]  # fmt: skip

CORRECTED = [
    ("a letter is missing", "I met Wojcieh at noon.", "I met Wojciech at noon."),
    ("a letter is wrong", "The Kubermetes cluster is down", "The Kubernetes cluster is down"),
    ("two words for one", "ask Anna liese about it", "ask Anneliese about it"),
    ("three words for one", "run kube net ess here", "run Kubernetes here"),
    ("a hyphen between them", "run Post-gress here", "run Postgres here"),
    ("two letters and the first one", "the Cubernetes pod", "the Kubernetes pod"),
    ("a name that sounds the same", "Hannah is here", "Hanna is here"),
    ("the end is missing, which is hardly heard", "the Grafan page", "the Grafana page"),
    ("other letters with the same sound", "Mr Kovalchick and Mrs Shamansky", "Mr Kowalczyk and Mrs Szymanski"),
    ("other vowels", "the trific proxy", "the Traefik proxy"),
    ("few consonants, but a long word", "ask Liakadia", "ask Leocadia"),
    ("another first vowel", "by Engvild", "by Ingvild"),
    ("an accent is missing", "Herr Muller and Mueller", "Herr Müller and Müller"),
    ("an apostrophe is missing", "call O'Brian or Obryen", "call O'Brien or O'Brien"),
    ("its punctuation stays", "(Wojcech), “Wojcech”!", "(Wojciech), “Wojciech”!"),
    ("a possessive stays", "Wojcech's and Kubernetis’s", "Wojciech's and Kubernetes’s"),
    ("blanks stay", "a\u00a0Wojcech  is", "a\u00a0Wojciech  is"),
    ("several of them", "Wojcech uses Grafanna", "Wojciech uses Grafana"),
    ("a sentence may begin with it", "Kubecti runs", "kubectl runs"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "want"), [r[1:] for r in CORRECTED], ids=[r[0] for r in CORRECTED]
)
def test_what_is_nearly_a_term_becomes_that_term(text, want):
    assert corrector(TERMS, ORDINARY, ["en"])(text) == want


KEPT = [
    ("an ordinary word", "the hand of Hanna, mark my words, Marc"),
    ("an ordinary word that sounds like it", "a mark, the graph"),
    ("an ordinary word and a short one", "a hand a day"),
    ("a word beside a term", "a Kubernetes in Nginx a Postgres is"),
    ("ordinary words that together are like a term", "Mary and I, Mary an hour ago, post grass"),
    ("a well-known name", "Anna, Mark, Stephen and Stefanie"),
    ("a term with an ending", "Wojciecha, Postgresql, Grafanas"),
    ("the beginning of a term", "Anneli, Visual"),
    ("a little word before what is like the rest of a term", "by Joern, for yacc"),
    ("the term itself", "kubectl, Kubernetes, Visual Studio"),
    ("another version of it", "GPT-4 and GPT-4a"),
    ("a term in other letters of the user's language", "Wojciecu2 and wojcech_x"),
    ("the consonants of a short term", "call malloc here"),
    ("an abbreviation", "the LDAPS port, LDP"),
    ("an address", "wojcech@example.org wojcech.com /home/wojcech @wojcech ftp://wojcech"),
    ("words in two sentences", "Kuber. Netes"),
    ("words with a comma between", "Anne, liese"),
    ("a contraction", "Hann't, we've"),
    ("Chinese", "我在北京大写wojcech学习"),
    ("too short", "Han, Mar"),
    ("nothing", ""),
]  # fmt: skip


@pytest.mark.parametrize("text", [r[1] for r in KEPT], ids=[r[0] for r in KEPT])
def test_what_may_be_right_stays(text):
    assert corrector(TERMS, ORDINARY, ["en"])(text) == text


LANGUAGES = [
    ("English", ["en-GB"], "Ask Wojcech.", "Ask Wojciech."),
    ("German", ["de"], "Ich frage Wojcech danach.", "Ich frage Wojcech danach."),
    ("any, and it reads English", [], "Please give Wojcech another chance.", "Please give Wojciech another chance."),
    ("any, and it reads German", [], "Bitte frage doch Wojcech danach.", "Bitte frage doch Wojcech danach."),
    ("any, and there is too little to tell", [], "Wojcech.", "Wojcech."),
    ("English among others", ["de", "en"], "Die Kanne von Wojcech steht dort.", "Die Kanne von Wojcech steht dort."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("languages", "text", "want"), [r[1:] for r in LANGUAGES], ids=[r[0] for r in LANGUAGES]
)
def test_only_english_is_corrected(languages, text, want):
    assert corrector(TERMS, ORDINARY, languages)(text) == want


def test_a_term_that_is_right_is_no_part_of_another():
    assert corrector(["Anneliese", "Liese"], ORDINARY, ["en"])("Anna Liese") == "Anna Liese"


def test_without_terms_nothing_changes():
    assert corrector([], ORDINARY, ["en"])("Wojcech") == "Wojcech"


def letters(text: str) -> str:
    return re.sub(r"\W", "", text.lower())


@given(st.text(), st.lists(st.sampled_from(TERMS), min_size=1))
def test_text_without_near_terms_stays_as_it_is_to_the_byte(text, terms):
    words = re.findall(r"\w+", text)
    joined = [letters("".join(words[at : at + n])) for at in range(len(words)) for n in (1, 2, 3)]
    assume(not any(fuzz.ratio(each, letters(term)) >= 60 for each in joined for term in terms))
    assert corrector(terms, ORDINARY, ["en"])(text) == text


SPOKEN = st.sampled_from([
    *"a the in he Wojcech Kubernets Kubernetes Anna leese Grafanna hand post gress mark of".split(),
    "O'Brian", "北京", "don't",
])  # fmt: skip
BETWEEN = st.sampled_from([" ", ", ", ". ", "-", "\n", "  ", "/", "! "])


@given(st.lists(st.tuples(SPOKEN, BETWEEN)))
def test_ordinary_words_punctuation_and_spaces_outside_terms_stay(spoken):
    text = "".join(word + between for word, between in spoken)
    corrected = corrector(TERMS, ORDINARY, ["en"])(text)
    marks = re.compile(r"[^\w'\s-]")
    assert marks.findall(corrected) == marks.findall(text)
    for word in ("the", "hand", "mark", "of", "don't", "he", "in"):
        assert corrected.split().count(word) == text.split().count(word)


@given(st.lists(st.sampled_from(sorted(ORDINARY)[::7]), min_size=1, max_size=12))
def test_ordinary_words_never_become_a_term(words):
    text = " ".join(words)
    corrected = corrector(TERMS, ORDINARY, ["en"])(text)
    assert corrected == text
