"""Corrects what an engine wrote for one of the user's terms, if it is nearly that term.

An engine that does not know a name writes what it heard: "Voychek" or "Kowal check". One to three
words are compared with each term. Words that are right must stay, so:

- Only English is corrected, as there is a list of its ordinary words. Where the language is not
  known, the text must read like English.
- An ordinary word or a well-known name alone is never a term, and several of them only if they are
  almost the same. Neither is a term with an ending: "Wojciechs".
- No word disappears in a term that is found as well without it: "my Kubernets". The most common
  words, such as "the", never do.
- What has a digit, stands in an address or is in capitals is no misspelling.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from tray_dictate.core.text.likeness import Form, Forms, bare, plain
from tray_dictate.core.text.normalize import NO_SPACES, compose
from tray_dictate.core.text.proper_names import NAMES
from tray_dictate.core.text.replacements import LETTER, Rewrite

_LIKE_TOGETHER = 85.0  # percent, for several words
_ALMOST = 90.0  # percent of the letters, where all of these are ordinary, or the end is missing
_LONG = 8  # letters that these have at least
_WORTH = 5.0  # percent: what each of several words must add
_SHORTEST = 4  # letters of a term and of a misspelling; shorter words count as ordinary
_TOGETHER = 3  # words
_ENGLISH, _TELLING = 0.6, 2  # of the longer words, and so many of them, are ordinary in English

_WORD = re.compile(
    rf"(?<!{LETTER})(?<!{LETTER}['’.:@/\\&])(?<![@/\\#$~])"  # noqa: RUF001 - of no address or path
    rf"({LETTER}+(?:['’]{LETTER}+)*?)(?:['’][sS])?"  # noqa: RUF001
    rf"(?!['’]?{LETTER})(?![.:@/\\&]{LETTER}|[/\\])"  # noqa: RUF001
)
_GAP = re.compile(r"\s+|[-\u2010\u2011]")
_UNSPACED = re.compile(f"[{NO_SPACES}]")
_CODE = re.compile(r"[\d_]")
_LITTLE = frozenset(
    "a about after all also am an and any are as at be been but by can did do does for from get "
    "got had has have he her here him his how i if in into is it its just like me more my no not "
    "now of off on one or our out over she so some than that the their them then there they this "
    "to too two up us very was we were what when who why will with you your".split()
)
_CONTRACTED = re.compile(r"['’](?:t|re|ve|ll|d|m)$")  # noqa: RUF001


def corrector(terms: Sequence[str], ordinary: Container[str], languages: Sequence[str]) -> Rewrite:
    """Return a function that writes each of the `terms` in place of what is nearly that term.

    `ordinary` has the ordinary words of English in small letters, those of four letters or more.
    `languages` are those that the user speaks; empty: any.
    """
    english = [code.partition("-")[0].lower() == "en" for code in languages]
    if not terms or (english and not any(english)):
        return lambda text: text
    return _Corrector(terms, ordinary, certain=bool(english) and all(english))


@dataclass(frozen=True, slots=True)
class _Word:
    """A word that may be a misspelling, or part of one; `end` is without an 's."""

    start: int
    end: int
    letters: str
    ordinary: bool  # in English; or too short to tell
    name: bool  # well known
    little: bool  # too common to be part of a term


@dataclass(frozen=True, slots=True)
class _Found:
    """Some words, and the term that they are like; without one if they are a term already."""

    words: Sequence[_Word]
    likeness: float  # percent
    term: str = ""


class _Corrector:
    """Writes terms in place of their misspellings."""

    def __init__(self, terms: Sequence[str], ordinary: Container[str], *, certain: bool) -> None:
        """`certain`: every text is English."""
        self._ordinary, self._certain = ordinary, certain
        self._exact = {plain(term) for term in terms}
        self._terms = {
            Form.of(letters): compose(term).strip()
            for term in terms
            if len(letters := bare(term)) >= _SHORTEST
            and not _CODE.search(letters)
            and not _UNSPACED.search(letters)
        }
        self._forms = Forms(list(self._terms))

    def __call__(self, text: str) -> str:
        words = [_word(match, self._ordinary) for match in _WORD.finditer(text)]
        chosen = self._chosen(text, words)
        if not self._certain and not _reads_english(words, chosen):
            return text
        result, at = "", 0
        for found in chosen:
            result += text[at : found.words[0].start] + found.term
            at = found.words[-1].end
        return result + text[at:]

    def _chosen(self, text: str, words: Sequence[_Word | None]) -> list[_Found]:
        """Return the misspellings in their order; of those that overlap, what is most like a term.

        A term that is right comes first of all.
        """
        taken: set[int] = set()
        chosen: list[_Found] = []
        for found in sorted(
            self._found(text, words), key=lambda found: (-found.likeness, len(found.words))
        ):
            starts = {word.start for word in found.words}
            if not taken & starts:
                taken |= starts
                chosen += [found] if found.term else []
        return sorted(chosen, key=lambda found: found.words[0].start)

    def _found(self, text: str, words: Sequence[_Word | None]) -> Iterator[_Found]:
        for first in range(len(words)):
            joined: list[_Word] = []
            for word in words[first : first + _TOGETHER]:
                if word is None:
                    break
                if joined and not _GAP.fullmatch(text[joined[-1].end : word.start]):
                    break
                joined.append(word)
                if plain(text[joined[0].start : word.end]) in self._exact:
                    yield _Found(tuple(joined), float("inf"))
                elif found := self._like(tuple(joined)):
                    yield found

    def _like(self, words: Sequence[_Word]) -> _Found | None:
        """Return the term that the words are most like; None if they are like no term."""
        letters = _joined(words)
        together = len(words) > 1
        if len(letters) < _SHORTEST or (words[0].ordinary and not together):
            return None
        if together and any(word.little for word in words):
            return None
        heard = Form.of(letters)
        near = [
            _Found(words, likeness, self._terms[term])
            for term, likeness in self._forms.like(heard)
            if not _is_right(words, heard, term) and _needs_all(words, term, likeness)
        ]
        return max(near, key=lambda found: found.likeness, default=None)


def _word(match: re.Match[str], ordinary: Container[str]) -> _Word | None:
    """Return the word; None if it is no ordinary writing: a code, an abbreviation, Chinese."""
    word = match[1]
    if _CODE.search(word) or _UNSPACED.search(word) or (len(word) > 1 and word.isupper()):
        return None
    small, letters = word.lower(), bare(word)
    return _Word(
        match.start(1),
        match.end(1),
        letters,
        ordinary=len(letters) < _SHORTEST or small in ordinary or bool(_CONTRACTED.search(small)),
        name=small in NAMES,
        little=small in _LITTLE,
    )


def _reads_english(words: Sequence[_Word | None], misspelt: Sequence[_Found]) -> bool:
    """Whether most of the longer words that are right are English."""
    wrong = {word.start for found in misspelt for word in found.words}
    longer = [
        word.ordinary for word in words
        if word and len(word.letters) >= _SHORTEST and word.start not in wrong and not word.name
    ]  # fmt: skip
    return sum(longer) >= max(_TELLING, _ENGLISH * len(longer))


def _is_right(words: Sequence[_Word], heard: Form, term: Form) -> bool:
    """Whether these words were most likely meant as they are, although they are like the term."""
    almost = fuzz.ratio(heard.letters, term.letters) >= _ALMOST
    if heard.continues(term) or (term.continues(heard) and not almost):
        return True
    if not all(word.ordinary or word.name for word in words):
        return False
    if len(words) == 1:  # a name
        return heard.sound != term.sound
    long = min(len(heard.letters), len(term.letters)) >= _LONG
    return not long or not almost


def _needs_all(words: Sequence[_Word], term: Form, likeness: float) -> bool:
    """Whether the term is less well found without any of the words."""
    if len(words) == 1:
        return True
    if likeness < _LIKE_TOGETHER:
        return False
    rests = ((*words[:at], *words[at + 1 :]) for at in range(len(words)))
    return all(Form.of(_joined(rest)).likeness(term) <= likeness - _WORTH for rest in rests)


def _joined(words: Sequence[_Word]) -> str:
    return "".join(word.letters for word in words)
