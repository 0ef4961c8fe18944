r"""What a whole word is, as parts of a regular expression.

Python's `\w` knows no combining marks, so that it finds "कम" in "कमी"; nor does it know that
"don" is no word in "don't", that "github" in "github.com" is part of a name, and that Chinese and
Thai have no blanks around a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tray_dictate.core.characters import NO_SPACES

_MARKS = "".join(
    chr(code) for code in range(0x300, 0x1E950) if unicodedata.category(chr(code))[0] == "M"
)
_LETTER = rf"[\w{_MARKS}\u200c\u200d]"
_IS_LETTER, _IS_UNSPACED = re.compile(_LETTER), re.compile(f"[{NO_SPACES}]")
_START = (
    rf"(?:(?<!{_LETTER})|(?<=[{NO_SPACES}]))(?<!{_LETTER}[.@])"
    # l'API and d'API are two words, o'clock is one
    rf"(?:(?<!{_LETTER}['’])|(?<=(?<!['’])(?<!{_LETTER})[ldjmtsncLDJMTSNC]['’]))"  # noqa: RUF001
)
_END = (
    rf"(?:(?!{_LETTER})|(?=[{NO_SPACES}]))(?![.@]{_LETTER})"
    rf"(?!['’](?!s(?!{_LETTER})){_LETTER})"  # noqa: RUF001 - GitHub's is a word and an s
)
GAP = r"(?:,?\s+|[-\u2010\u2011])"  # what an engine may write between the words of a phrase


@dataclass(frozen=True, slots=True)
class Phrase:
    """An expression, and an example of what it matches: where that ends decides the boundaries."""

    inner: str
    example: str


def phrase(words: str, gap: str = GAP) -> Phrase:
    """Return the expression for a phrase, however its `words` are set apart."""
    words = words.strip()
    parts = [part for part in re.split(r"[\s\-\u2010\u2011]+", words) if part]
    inner = gap.join(map(re.escape, parts or [words]))
    return Phrase(inner, parts[0][0] + parts[-1][-1] if parts else words)


def whole(one: Phrase) -> str:
    """Return an expression for `one` that matches whole words only."""
    return _edge(_START, one.example[0]) + _ended(one)


class AnyOf:
    """Finds whichever of many phrases stands at a place, in any case, whole words only.

    They are grouped by their first letter, so that a thousand of them cost little more than ten;
    of those with the same first letter the earlier wins.
    """

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        by_letter: dict[str, list[int]] = {}
        for which, one in enumerate(phrases):
            by_letter.setdefault(one.example[0].lower()[0], []).append(which)
        edges = {letter: _edge(_START, letter) for letter in by_letter}
        letters = sorted(by_letter, key=edges.__getitem__)  # those with the same boundary together
        self._order = [which for letter in letters for which in by_letter[letter]]
        groups: list[str] = []
        for edge in sorted(set(edges.values())):
            alike = [letter for letter in letters if edges[letter] == edge]
            branches = [
                _branch(letter, [phrases[i] for i in by_letter[letter]]) for letter in alike
            ]
            groups.append(f"{edge}(?:{'|'.join(branches)})")
        self._pattern = re.compile("|".join(groups), re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self._order)

    def find(self, text: str) -> Iterator[tuple[re.Match[str], int]]:
        """Yield every match, and which phrase it is."""
        for match in self._pattern.finditer(text) if self else ():
            assert match.lastindex is not None
            yield match, self._order[match.lastindex - 1]


def is_word(char: str) -> bool:
    """Tell whether `char` can be part of a word."""
    return _IS_LETTER.match(char) is not None


def _branch(letter: str, phrases: list[Phrase]) -> str:
    return f"(?={re.escape(letter)})(?:{'|'.join(f'({_ended(one)})' for one in phrases)})"


def _ended(one: Phrase) -> str:
    return f"(?:{one.inner})" + _edge(_END, one.example[-1])


def _edge(boundary: str, char: str) -> str:
    return boundary if is_word(char) and not _IS_UNSPACED.match(char) else ""
