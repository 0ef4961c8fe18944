"""What an engine writes when nothing was said: its prompt, a film's credits, a farewell, a mark.

Only a whole segment counts, also where it is repeated. The sure ones are what nobody dictates.
"Thank you." is written for silence, too, but people do say it: it is among the likely ones, which
are off by default.
"""

# ruff: noqa: RUF001 - the real characters

from __future__ import annotations

import re
from collections.abc import Sequence

from tray_dictate.core.text.credits import is_credit
from tray_dictate.core.text.farewells import is_farewell
from tray_dictate.core.text.marks import after_marks, is_mark

_SURE = """
please subscribe
amara org
www amara org
transcript emily beynon
sync and corrections by explosiveskull
untertitelung im auftrag des zdf für funk 2017
untertitel im auftrag des zdf für funk 2017
sous titres réalisés para la communauté d'amara org
legenda adriana zanotto
sous titrage radio canada
ترجمة نانسي قنقر
продолжение следует
vielen dank für's zuschauen
danke für die aufmerksamkeit und bis zum nächsten video
tak for at se med
köszönöm a figyelmet és iratkozzatok fel
hãy đăng ký kênh
hãy subscribe cho kênh ghiền mì gõ để không bỏ lỡ những video hấp dẫn
ghiền mì gõ
www mooji org
más información www alimmenta com
transcription by eso translation by
transcription by eso
请订阅
"""
_LIKELY = """
thank you
thank you very much
thanks
you
bye
bye bye
okay
so
vielen dank
danke
tschüss
merci
gracias
grazie
"""
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|[。！？]\s*")
_LONGEST = 600  # characters of a credit, or of some
_FEWEST = 3  # words: a shorter prompt, or fewer keywords, may well be what was said
LEVELS = ("off", "sure", "likely")


class Unsaid:
    """Tells a segment that nobody spoke."""

    def __init__(self, level: str, prompt: str = "", keywords: Sequence[str] = ()) -> None:
        self._never = set(_lines(_SURE)) if level != "off" else set[str]()
        if level == "likely":
            self._never |= set(_lines(_LIKELY))
        asked = [_plain(prompt), _plain(" ".join(keywords))]
        counts = [len(asked[0].split()), len(keywords)]
        hints = [text for text, count in zip(asked, counts, strict=True) if count >= _FEWEST]
        again = "|".join(map(re.escape, hints))
        self._echo = re.compile(rf"(?:{again})(?: (?:{again}))*") if hints else None

    def __call__(self, segment: str) -> bool:
        """Tell whether all of `segment` is an echo of the prompt or was made up in silence."""
        plain = _plain(segment)
        if self._echo and self._echo.fullmatch(plain):
            return True
        if not self._never or not segment:
            return False
        for text in (segment, segment := _once(segment)):
            if len(text) <= _LONGEST and self._knows(text):
                return True
        if len(segment) > _LONGEST:
            return False
        sentences = [after_marks(part) for part in _SENTENCE_END.split(after_marks(segment))]
        return all(not sentence.strip() or self._knows(sentence) for sentence in sentences)

    def _knows(self, text: str) -> bool:
        plain = _plain(text)
        return plain in self._never or is_mark(text) or is_credit(text) or is_farewell(text)


def _plain(text: str) -> str:
    """Return the words of `text` in small letters without punctuation."""
    return " ".join(re.findall(r"[\w'’]+", text.casefold())).replace("’", "'")


def _once(segment: str) -> str:
    """Return what `segment` repeats from its beginning to its end; all of it where nothing is."""
    words = segment.split()
    plain = [_plain(word).replace(" ", "") for word in words]
    blank = " " if len(words) > 1 else ""  # there are no blanks in Chinese
    whole = blank.join(plain) + blank
    period = (whole + whole).find(whole, 1)
    if not 0 < period < len(whole):
        return segment
    if not blank:
        return whole[:period]
    return " ".join(words[: whole.count(" ", 0, period)])


def _lines(text: str) -> list[str]:
    return [_plain(line) for line in text.split("\n") if line]
