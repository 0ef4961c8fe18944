"""Decides the case of a segment's first letter: engines capitalize every segment.

In mid-sentence the first word is written in lower case, unless it has its capital by itself: a
name, an acronym, "I". German capitalizes every noun, so that only words that are certainly no nouns
are written in lower case there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tray_dictate.core.text.caret import UNKNOWN
from tray_dictate.core.text.proper_names import NAMES

_SENTENCE_END = re.compile(r"[.!?…。！？।؟۔][\"'”’“»)\]]*$")  # noqa: RUF001
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|vs|cf|z\.\s?B|d\.\s?h|bzw)\.$", re.IGNORECASE)
_QUOTED = re.compile(r"(?:^|[\s(\[])[\"'“„«‚‘「『]$")  # noqa: RUF001 - a sentence or a word may follow
_FIRST_WORD = re.compile(r"[\"'(\[¿¡«“‘„‚]*([^\W\d_][^\s]*)")  # noqa: RUF001
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[^\w@/\\]*")  # noqa: RUF001
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001
_BODY = re.compile(r"[^\W\d_]")
_ENGLISH = frozenset(
    "a about after all also although an and are as at be because been before but by can could did "
    "do does for from had has have he her here him his how if in into is it its my no not of on or "
    "our out over she should so some than that the their them then there these they this those "
    "through to too under up was we were what when where which while who why with would you your"
    .split()
)  # fmt: skip
_GERMAN = frozenset(
    "aber als auch auf aus bei da damit dann das dass dem den denn der des deshalb die doch durch "
    "ein eine einem einen einer er es etwas ich im ist ja jetzt kein keine mit nach nicht noch nur "
    "ob oder sehr sich sind sondern und uns unser von vor war was weil wenn wie wir wo zu zum zur "
    "über für".split()
)
_CONTRACTED = frozenset(
    "he she it that this there here what who where when how why let one everyone everybody someone "
    "somebody nobody everything something nothing".split()
)  # "let's" is no name's "'s"
_TITLES = frozenset("mr mrs ms dr prof st sir lord lady saint mount lake fort".split())
_MONTHS = frozenset(("may", "march"))  # words, too, unless a day follows
_NOUNS_HAVE_CAPITALS = frozenset(("de", "lb"))


@dataclass(frozen=True, slots=True)
class Spelling:
    """Which words keep their capital."""

    names: frozenset[str] = NAMES
    lowers: bool = False  # the language is known to capitalize names only

    @classmethod
    def of(cls, terms: Iterable[str], languages: Sequence[str]) -> Spelling:
        """Return the rules for the user's own `terms` and languages."""
        own = {word.lower() for term in terms for word in term.split() if word[:1].isupper()}
        german = any(name.lower()[:2] in _NOUNS_HAVE_CAPITALS for name in languages)
        return cls(NAMES | own, lowers=bool(languages) and not german)


ANY_LANGUAGE = Spelling()


def casing(before: str, segment: str, spelling: Spelling = ANY_LANGUAGE) -> str:
    """Return `segment` with its first letter in the case that fits after `before`."""
    word = _FIRST_WORD.match(segment)
    if not word or before.rstrip(" ").endswith(UNKNOWN) or _QUOTED.search(before):
        return segment
    at = word.start(1)
    if begins(before):
        plain = _PLAIN_WORD.fullmatch(word[1]) and word[1] == word[1].lower()  # iPhone, x_y, a.io
        upper = segment[at].upper()
        return segment[:at] + upper + segment[at + 1 :] if plain and len(upper) == 1 else segment
    if _is_ordinary(before, segment[at:], spelling):
        return segment[:at] + segment[at].lower() + segment[at + 1 :]
    return segment


def begins(before: str) -> bool:
    """Whether the text after `before` begins a sentence, a paragraph or an item of a list."""
    line = before.rpartition("\n")[2]
    if "\n" in before and not _BODY.search(line):
        return True
    before = before.rstrip()
    return bool(_SENTENCE_END.search(before)) and not _ABBREVIATED.search(before)


def _is_ordinary(before: str, segment: str, spelling: Spelling) -> bool:
    """Whether the first word of `segment` is capitalized only because it is the first."""
    found = _LETTERS.match(segment)
    if not found or not _PLAIN_WORD.fullmatch(segment.split(maxsplit=1)[0]):
        return False
    word, rest = found[0], segment[found.end() :]
    small = word.lower()
    if word != word.capitalize() or small == "i" or small[:2] in ("i'", "i’"):  # noqa: RUF001
        return False
    if small in _ENGLISH or small in _GERMAN:
        return True
    return _lowers(before, segment, spelling) and not _is_name(before, word, rest, spelling.names)


def _is_name(before: str, word: str, rest: str, names: frozenset[str]) -> bool:
    small = re.split("['’-]", word.lower())[0]  # noqa: RUF001
    if len(word) == 1 or word.lower() in names or small in names or small in _TITLES:
        return True
    if re.search(rf"[\w,;] {re.escape(word)}\b", before):  # so it was in mid-sentence
        return True
    if re.search("['’]s$", word.lower()) and small not in _CONTRACTED:  # noqa: RUF001
        return True
    if small in _MONTHS and re.match(r" \d", rest):
        return True
    following = re.match(r"[ -](\w+)", rest)  # "Siobhan Kavanagh", but "Ask Margaret"
    other = following[1] if following else ""
    capital = len(other) > 1 and other.isalpha() and other == other.capitalize()
    return capital and other.lower() not in names


def _lowers(before: str, segment: str, spelling: Spelling) -> bool:
    """Whether this language writes every word in lower case that is no name."""
    if spelling.lowers:
        return True
    words = {word.lower() for word in _LETTERS.findall(f"{before[-80:]} {segment}")}
    return len(words & _ENGLISH - _GERMAN) > len(words & _GERMAN - _ENGLISH)
