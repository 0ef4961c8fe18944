"""Corrects what an engine wrote for one of the user's terms, if it is nearly that term.

An engine that does not know a name writes what it heard: "Voychek" or "Kowal check". One to three
words are compared with each term, letters only. Words that are right must stay, so:

- Only English is corrected, as there is a list of its ordinary words. Where the language is not
  known, the text must read like English.
- An ordinary word or a well-known name alone is never a term, and several of them only if they are
  almost the same. Neither is a term with an ending: "Wojciechs".
- No word disappears in a term that is found as well without it: "a Kubernets".
- What has a digit, stands in an address or is in capitals is no misspelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from tray_dictate.core.text.normalize import NO_SPACES, compose
from tray_dictate.core.text.proper_names import NAMES
from tray_dictate.core.text.replacements import LETTER, Rewrite, is_word

_LIKE = 80.0  # percent: from here on a word is a misspelt term
_LIKE_ORDINARY = 90.0  # percent, for several ordinary words
_LONG_ORDINARY = 8  # letters that these have at least
_OTHER_FIRST_LETTER = 10.0  # percent less: engines seldom mistake it
_WORTH = 5.0  # percent: what the first and the last of several words must each add
_SHORTEST = 4  # letters of a term and of a misspelling; shorter words count as ordinary
_LENGTHENED = 3  # letters by which their lengths may differ
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
_CONTRACTED = re.compile(r"['’](?:t|re|ve|ll|d|m)$")  # noqa: RUF001
_ACCENTS = re.compile("[\u0300-\u036f]")
_SOUNDS = [
    (re.compile(letters), sound)
    for letters, sound in (
        ("ph", "f"), ("ck|q", "k"), ("c(?=[eiy])", "s"), ("ch?", "k"), ("y", "i"), ("z", "s"),
        ("w", "v"), ("(?<=.)h", ""), (r"(.)\1+", r"\1"), ("(?<=..)e$", ""),
    )
]  # fmt: skip


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

    @property
    def fixed(self) -> bool:
        """Whether it was most likely meant as it is."""
        return self.ordinary or self.name


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
        self._exact = {_plain(term) for term in terms}
        self._spelled = {
            letters: compose(term).strip()
            for term in terms
            if len(letters := _letters(term)) >= _SHORTEST
            and not _CODE.search(letters)
            and not _UNSPACED.search(letters)
        }

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
        """Return the misspellings, those that are most like a term first where they overlap."""
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
                if _plain(text[joined[0].start : word.end]) in self._exact:
                    yield _Found(tuple(joined), float("inf"))
                elif found := self._like(tuple(joined)):
                    yield found

    def _like(self, words: Sequence[_Word]) -> _Found | None:
        """Return the term that the words are most like; None if they are like no term."""
        heard = "".join(word.letters for word in words)
        if len(heard) < _SHORTEST or (len(words) == 1 and words[0].ordinary):
            return None
        near: list[_Found] = []
        for letters, _, _ in process.extract(
            heard, list(self._spelled), scorer=fuzz.ratio, score_cutoff=_LIKE, limit=None
        ):
            likeness = _likeness(heard, letters)
            if likeness < _LIKE or not _needs_all(words, letters, likeness):
                continue
            if _is_right(words, heard, letters, likeness):
                continue
            near.append(_Found(words, likeness, self._spelled[letters]))
        return max(near, key=lambda found: found.likeness, default=None)


def _word(match: re.Match[str], ordinary: Container[str]) -> _Word | None:
    """Return the word; None if it is no ordinary writing: a code, an abbreviation, Chinese."""
    word = match[1]
    if _CODE.search(word) or _UNSPACED.search(word) or (len(word) > 1 and word.isupper()):
        return None
    small, letters = word.lower(), _letters(word)
    return _Word(
        match.start(1),
        match.end(1),
        letters,
        ordinary=len(letters) < _SHORTEST or small in ordinary or bool(_CONTRACTED.search(small)),
        name=small in NAMES,
    )


def _reads_english(words: Sequence[_Word | None], misspelt: Sequence[_Found]) -> bool:
    """Whether most of the longer words that are right are English."""
    wrong = {word.start for found in misspelt for word in found.words}
    longer = [
        word.ordinary for word in words
        if word and len(word.letters) >= _SHORTEST and word.start not in wrong and not word.name
    ]  # fmt: skip
    return sum(longer) >= max(_TELLING, _ENGLISH * len(longer))


def _likeness(heard: str, letters: str) -> float:
    """Return how like a term the letters are, in percent."""
    if abs(len(heard) - len(letters)) > _LENGTHENED:
        return 0.0
    other = _OTHER_FIRST_LETTER if heard[:1] != letters[:1] else 0.0
    return fuzz.ratio(heard, letters) - other


def _needs_all(words: Sequence[_Word], letters: str, likeness: float) -> bool:
    """Whether the first and the last word belong to the term."""
    rests = (words[1:], words[:-1]) if len(words) > 1 else ()
    return all(
        _likeness("".join(word.letters for word in rest), letters) <= likeness - _WORTH
        for rest in rests
    )


def _is_right(words: Sequence[_Word], heard: str, letters: str, likeness: float) -> bool:
    """Whether these words were most likely meant as they are, in spite of the likeness."""
    if all(word.fixed for word in words) and len(words) > 1:
        long = min(len(heard), len(letters)) >= _LONG_ORDINARY
        return not long or likeness < _LIKE_ORDINARY or _is_derived(heard, letters)
    alone = len(words) == 1 and words[0].name
    return (alone or _is_derived(heard, letters)) and _sound(heard) != _sound(letters)


def _is_derived(heard: str, letters: str) -> bool:
    """Whether one is the beginning of the other: an ending, or another term."""
    return heard.startswith(letters) or letters.startswith(heard)


def _plain(text: str) -> str:
    """Return the letters and digits in small letters."""
    return "".join(filter(is_word, compose(text).casefold()))


def _letters(text: str) -> str:
    """Return the letters and digits in small letters, without accents."""
    return _plain(_ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def _sound(letters: str) -> str:
    """Return roughly how a word sounds."""
    for pattern, sound in _SOUNDS:
        letters = pattern.sub(sound, letters)
    return letters
