"""Sounds of thinking, left out with the commas around them; off unless a language is named."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tray_dictate.core.text.words import Phrase, whole

FILLERS = {
    "en": ("um", "umm", "uh", "uhh", "uhm", "erm", "er", "hmm"),
    "de": ("äh", "ähm", "öh", "öhm", "hm", "hmm"),
    "fr": ("euh", "heu", "hum"),
}
_WORDS = {"de": {"um", "er"}, "fr": {"er"}}  # fillers elsewhere, but words here
_END = r"[.!?…]"


class Fillers:
    """The fillers of some languages; a word of one language is no filler of another."""

    def __init__(self, languages: Sequence[str]) -> None:
        words = {word for language in languages for word in FILLERS[language]}
        for language in languages:
            words -= _WORDS.get(language, set())
        self._pattern: re.Pattern[str] | None = None
        if words:
            any_word = "|".join(sorted(words, key=len, reverse=True))
            one = rf"(?<![-\u2010\u2011]){whole(Phrase(any_word, 'um'))}(?![-\u2010\u2011])"
            self._pattern = re.compile(
                rf"(?P<before>\s*[,–—])?\s*(?P<filler>{one})(?:[\s,–—]*{one})*"  # noqa: RUF001
                rf"(?P<after>\s*[,–—])?(?P<end>{_END}+)?\s*",  # noqa: RUF001
                re.IGNORECASE,
            )

    def without(self, text: str) -> str:
        """Return `text` without them; a sentence keeps its capital and its end."""
        if not self._pattern:
            return text
        result, at, capital = "", 0, False
        for match in self._pattern.finditer(text):
            if match["filler"].isupper() and len(match["filler"]) > 1:  # ER is a hospital's
                continue
            result += _capital(text[at : match.start()], needed=capital)
            begins = not result or re.search(rf"{_END}[\"'”’)]*\s*$", result)  # noqa: RUF001
            capital = bool(begins) and match["filler"][0].isupper()
            if not begins:
                result += match["end"] or ""
            if result and not result.endswith(" ") and match.end() < len(text):
                result += " "
            at = match.end()
        return result + _capital(text[at:], needed=capital)


def _capital(text: str, *, needed: bool) -> str:
    return text[:1].upper() + text[1:] if needed else text
