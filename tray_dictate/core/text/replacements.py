r"""Applies the user's replacements, terms and patterns, to whole words only.

Python's `\w` does not match combining marks, so that it finds "कम" in "कमी"; nor does it know that
"don" is no word in "don't", that "github" in "github.com" is part of a name, and that Chinese and
Thai have no spaces around a word. So word boundaries are expressions of our own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tray_dictate.core.text.expressions import compiled
from tray_dictate.core.text.normalize import NO_SPACES, compose


def _marks() -> str:
    """Return the combining marks of Unicode as ranges of a character class."""
    codes = [c for c in range(0x300, 0x1E950) if unicodedata.category(chr(c))[0] == "M"]
    known = set(codes)
    starts = [chr(code) for code in codes if code - 1 not in known]
    ends = [chr(code) for code in codes if code + 1 not in known]
    return "".join(f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


_MARKS = _marks()
LETTER = rf"[\w{_MARKS}\u200c\u200d]"
_IS_LETTER, _IS_UNSPACED = re.compile(LETTER), re.compile(f"[{NO_SPACES}]")
_START = (
    rf"(?:(?<!{LETTER})|(?<=[{NO_SPACES}]))(?<!{LETTER}[.@])"
    # l'API and d'API are two words, o'clock is one
    rf"(?:(?<!{LETTER}['’])|(?<=(?<!['’])(?<!{LETTER})[ldjmtsncLDJMTSNC]['’]))"  # noqa: RUF001
)
_END = (
    rf"(?:(?!{LETTER})|(?=[{NO_SPACES}]))(?![.@]{LETTER})"
    rf"(?!['’](?!s(?!{LETTER})){LETTER})"  # noqa: RUF001 - GitHub's is a word and an s
)
GAP = r"(?:,?\s+|[-\u2010\u2011])"  # what an engine may write between the words of a phrase


@dataclass(frozen=True, slots=True)
class Phrase:
    """An expression, and an example of its matches, whose ends decide the word boundaries."""

    inner: str
    example: str


def phrase(words: str, gap: str = GAP) -> Phrase:
    """Return the expression for a phrase, with any separators between its `words`."""
    words = compose(words).strip()
    parts = [part for part in re.split(r"[\s\-\u2010\u2011]+", words) if part]
    inner = gap.join(map(re.escape, parts or [words]))
    return Phrase(inner, parts[0][0] + parts[-1][-1] if parts else words)


def whole(phrase: Phrase) -> str:
    """Return the expression for a phrase that matches whole words only."""
    return f"{_start(phrase)}(?:{phrase.inner}){_end(phrase)}"


class AnyOf:
    """Finds any of many phrases in a text, in upper or lower case, whole words only.

    They are grouped by their first letter, so that a thousand of them cost little more than ten;
    of those with the same first letter the earlier wins.
    """

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        alike: dict[tuple[str, str], dict[str, list[int]]] = {}  # by boundaries and first letter
        for which, phrase in enumerate(phrases):
            letter, edges = phrase.example[0].lower()[0], (_start(phrase), _end(phrase))
            alike.setdefault(edges, {}).setdefault(letter, []).append(which)
        self._order: list[int] = []
        groups: list[str] = []
        for edges in sorted(alike):  # first those without a boundary: "c++" before "c"
            branches: list[str] = []
            for letter, found in alike[edges].items():
                inner = "|".join(f"({phrases[which].inner})" for which in found)
                branches.append(f"(?={re.escape(letter)})(?:{inner})")
                self._order += found
            groups.append(f"{edges[0]}(?:{'|'.join(branches)}){edges[1]}")
        letters = {letter for found in alike.values() for letter in found}
        any_letter = f"(?=[{re.escape(''.join(sorted(letters)))}])" if letters else ""
        self._pattern = re.compile(f"{any_letter}(?:{'|'.join(groups)})", re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self._order)

    def find(self, text: str) -> Iterator[tuple[re.Match[str], int]]:
        """Yield every match, and the number of its phrase."""
        for match in self._pattern.finditer(text) if self else ():
            assert match.lastindex is not None
            yield match, self._order[match.lastindex - 1]


def is_word(char: str) -> bool:
    """Whether `char` can be part of a word."""
    return _IS_LETTER.match(char) is not None


def _start(phrase: Phrase) -> str:
    return _START if _has_boundary(phrase.example[0]) else ""


def _end(phrase: Phrase) -> str:
    return _END if _has_boundary(phrase.example[-1]) else ""


def _has_boundary(char: str) -> bool:
    return is_word(char) and not _IS_UNSPACED.match(char)


Rewrite = Callable[[str], str]
Apply = Callable[[Mapping[str, str], str], str]  # patterns with their values, text -> text

LONGEST_MATCHED = 1000  # characters that a user's pattern sees
_SHORT = 5  # letters: a shorter term is not looked for in pieces ("Nord" in "no rd")
_ORDINARY = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")  # noqa: RUF001 - words that follow a case
_GAP = r"(?:\s+|[-\u2010\u2011])"  # what may stand in a term that is written in one
_LOOSE = " -\u2010\u2011._"  # what a term may be heard without


def replacer(replacements: Mapping[str, str]) -> Rewrite:
    """Return a function that replaces the phrases by their values, longest first, once each.

    Raises ValueError for an empty phrase.
    """
    heard = sorted(replacements, key=len, reverse=True)
    if not all(map(str.strip, heard)):
        raise ValueError("a phrase to replace is empty")
    values = [replacements[words] for words in heard]
    return _rewrite(
        [phrase(words) for words in heard],
        lambda heard, which: _in_case(heard, values[which]),
    )


def speller(words: Sequence[str]) -> Rewrite:
    """Return a function that spells each term as `words` does.

    Raises ValueError for a term without a letter or digit.
    """
    terms = sorted(map(compose, words), key=len, reverse=True)
    return _rewrite([_term(term) for term in terms], lambda _, which: terms[which].strip())


def substitute(patterns: Mapping[str, str], text: str) -> str:
    """Apply regular expressions without a time limit."""
    for pattern, value in patterns.items():
        text = re.sub(pattern, value, text)
    return text


def patterner(patterns: Mapping[str, str], apply: Apply = substitute) -> Rewrite:
    """Return a function that has `apply` apply the regular expressions to a text.

    Long texts are left unchanged. Raises ValueError naming the expression that is wrong.
    """
    composed_patterns = {compose(pattern): compose(value) for pattern, value in patterns.items()}
    for pattern, value in composed_patterns.items():
        try:
            compiled(pattern, value)
        except ValueError as error:
            shown = repr(pattern[:100])
            raise ValueError(f"the regular expression {shown} is wrong: {error}") from error

    def rewrite(text: str) -> str:
        return apply(composed_patterns, text) if len(text) <= LONGEST_MATCHED else text

    return rewrite if patterns else lambda text: text


def _rewrite(phrases: list[Phrase], spelled: Callable[[str, int], str]) -> Rewrite:
    found = AnyOf(phrases)

    def rewrite(text: str) -> str:
        result, at = "", 0
        for match, which in found.find(text):
            result += text[at : match.start()] + spelled(match[0], which)
            at = match.end()
        return result + text[at:]

    return rewrite


def _in_case(heard: str, value: str) -> str:
    """Return `value`; if it is in lower case, with the capitals of the `heard` words."""
    if value != value.lower() or not _ORDINARY.fullmatch(value):
        return value
    if len(heard) > 1 and heard.isupper():
        return value.upper()
    return value[0].upper() + value[1:] if heard[0].isupper() else value


def _term(term: str) -> Phrase:
    """Return the expression for the letters of `term`, with spaces or hyphens anywhere."""
    term = term.strip()
    letters = sum(map(is_word, term))
    if not letters:
        raise ValueError(f"the term {term!r} has no letter")
    if letters >= _SHORT:
        return Phrase(_spaced(term, inside=rf"{_GAP}?"), term)
    return Phrase(f"{_spaced(term, inside='')}|{_spaced(term, inside=_GAP)}", term)  # API, A P I


def _spaced(term: str, inside: str) -> str:
    """Return `term` with `inside` between its letters and its own spaces and dots optional."""
    start, end = len(term) - len(term.lstrip(_LOOSE)), len(term.rstrip(_LOOSE))
    pattern, before = re.escape(term[:start]), ""
    for char in term[start:end]:
        if char not in _LOOSE:
            if before and before in _LOOSE:
                pattern += rf"(?:{_GAP}|[._])?"
            elif before and is_word(before) and is_word(char):
                pattern += inside
            pattern += re.escape(char)
        before = char
    return pattern + re.escape(term[end:])
