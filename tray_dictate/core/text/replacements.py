"""Phrases that become others, terms that are spelled one way, and patterns of the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from tray_dictate.core.text.characters import compose
from tray_dictate.core.text.expressions import compiled
from tray_dictate.core.text.words import AnyOf, Phrase, is_word, phrase

Rewrite = Callable[[str], str]
Apply = Callable[[Mapping[str, str], str], str]  # patterns with their values, text -> text

LONGEST_MATCHED = 1000  # characters that a user's pattern sees
_SHORT = 5  # letters: a shorter term is not looked for in pieces ("Nord" in "no rd")
_ORDINARY = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")  # noqa: RUF001 - words that follow a case
_GAP = r"(?:\s+|[-\u2010\u2011])"  # what may stand in a term that is written in one
_LOOSE = " -\u2010\u2011._"  # what a term may be heard without


def replacer(replacements: Mapping[str, str]) -> Rewrite:
    """Return what puts the values of `replacements` for their phrases, longest first, once each.

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


def speller(vocabulary: Sequence[str]) -> Rewrite:
    """Return what spells each term of `vocabulary` as it stands there.

    Raises ValueError for a term without a letter or digit.
    """
    terms = sorted(map(compose, vocabulary), key=len, reverse=True)
    return _rewrite([_term(term) for term in terms], lambda _, which: terms[which].strip())


def substitute(patterns: Mapping[str, str], text: str) -> str:
    """Apply regular expressions here and now, however long that takes."""
    for pattern, value in patterns.items():
        text = re.sub(pattern, value, text)
    return text


def patterner(patterns: Mapping[str, str], apply: Apply = substitute) -> Rewrite:
    """Return what has `apply` apply the regular expressions `patterns` to a text.

    They see no long text. Raises ValueError naming the expression that is wrong.
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
    """Return `value`; ordinary small words follow the capitals of what was `heard`."""
    if value != value.lower() or not _ORDINARY.fullmatch(value):
        return value
    if len(heard) > 1 and heard.isupper():
        return value.upper()
    return value[0].upper() + value[1:] if heard[0].isupper() else value


def _term(term: str) -> Phrase:
    """Return an expression for the letters of `term`, with blanks or hyphens anywhere."""
    term = term.strip()
    letters = sum(map(is_word, term))
    if not letters:
        raise ValueError(f"the term {term!r} has no letter")
    if letters >= _SHORT:
        return Phrase(_spaced(term, inside=rf"{_GAP}?"), term)
    return Phrase(f"{_spaced(term, inside='')}|{_spaced(term, inside=_GAP)}", term)  # API, A P I


def _spaced(term: str, inside: str) -> str:
    """Return `term` with `inside` between its letters and its own blanks and dots optional."""
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
