"""Removes words that the user did not mean to say: hallucinations, and fillers ("um", "uh").

A hallucination is dropped only as a whole segment, also a repeated one: an echo of the prompt, film
credits, the outro of a video, a description of a sound. The sure ones are never dictated. "Thank
you." is written for silence, too, but people do say it: it is among the likely ones, which are off
by default. Fillers are left out with the commas around them; off unless a language is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tray_dictate.core.text.film_credits import is_credit
from tray_dictate.core.text.replacements import Phrase, whole
from tray_dictate.core.text.sound_descriptions import after_sound_descriptions, is_sound_description
from tray_dictate.core.text.video_outros import is_outro

# ruff: noqa: RUF001 - the real characters


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
_LONGEST = 600  # characters of a credit, or of several
_FEWEST = 3  # words: a shorter prompt, or fewer keywords, may well have been dictated
LEVELS = ("off", "sure", "likely")


class HallucinationFilter:
    """Recognizes segments that the engine wrote without hearing speech."""

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
        """Whether all of `segment` is an echo of the prompt, or was hallucinated in silence."""
        plain = _plain(segment)
        if self._echo and self._echo.fullmatch(plain):
            return True
        if not self._never or not segment:
            return False
        for text in (segment, segment := _once(segment)):
            if len(text) <= _LONGEST and self._is_hallucinated(text):
                return True
        if len(segment) > _LONGEST:
            return False
        sentences = [
            after_sound_descriptions(part)
            for part in _SENTENCE_END.split(after_sound_descriptions(segment))
        ]
        return all(
            not sentence.strip() or self._is_hallucinated(sentence) for sentence in sentences
        )

    def _is_hallucinated(self, text: str) -> bool:
        plain = _plain(text)
        return (
            plain in self._never or is_sound_description(text) or is_credit(text) or is_outro(text)
        )


def _plain(text: str) -> str:
    """Return the words of `text` in lower case without punctuation."""
    return " ".join(re.findall(r"[\w'’]+", text.casefold())).replace("’", "'")


def _once(segment: str) -> str:
    """Return the part that `segment` repeats from beginning to end; all if it repeats none."""
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


FILLERS = {
    "en": ("um", "umm", "uh", "uhh", "uhm", "erm", "er", "hmm"),
    "de": ("äh", "ähm", "öh", "öhm", "hm", "hmm"),
    "fr": ("euh", "heu", "hum"),
}
_WORDS = {"de": {"um", "er"}, "fr": {"er"}}  # fillers elsewhere, but words here
_END = r"[.!?…]"


class Fillers:
    """Removes the fillers of some languages; a word of one language is no filler of another."""

    def __init__(self, languages: Sequence[str]) -> None:
        words = {word for language in languages for word in FILLERS[language]}
        for language in languages:
            words -= _WORDS.get(language, set())
        self._pattern: re.Pattern[str] | None = None
        if words:
            any_word = "|".join(sorted(words, key=len, reverse=True))
            one = rf"(?<![-\u2010\u2011]){whole(Phrase(any_word, 'um'))}(?![-\u2010\u2011])"
            self._pattern = re.compile(
                rf"(?P<before>\s*[,–—])?\s*(?P<filler>{one})(?:[\s,–—]*{one})*"
                rf"(?P<after>\s*[,–—])?(?P<end>{_END}+)?\s*",
                re.IGNORECASE,
            )

    def without(self, text: str) -> str:
        """Return `text` without fillers; a sentence keeps its capital and its end."""
        if not self._pattern:
            return text
        result, at, capital = "", 0, False
        for match in self._pattern.finditer(text):
            if match["filler"].isupper() and len(match["filler"]) > 1:  # ER is a hospital's
                continue
            result += _capital(text[at : match.start()], needed=capital)
            begins = not result or re.search(rf"{_END}[\"'”’)]*\s*$", result)
            capital = bool(begins) and match["filler"][0].isupper()
            if not begins:
                result += match["end"] or ""
            if result and not result.endswith(" ") and match.end() < len(text):
                result += " "
            at = match.end()
        return result + _capital(text[at:], needed=capital)


def _capital(text: str, *, needed: bool) -> str:
    return text[:1].upper() + text[1:] if needed else text


_HEARD_IN_NOISE = frozenset(
    {
        "bye", "i", "mm", "oh", "okay", "so", "thank you", "thank you for watching",
        "thank you very much", "thanks for watching", "the", "you",
    }
)  # fmt: skip
_SHORT = 0.3  # seconds of voice


def drop_noise_words(text: str, voiced: float) -> str:
    """Return "" for words that the model writes for noises, if they are too short to be spoken.

    Its training data were subtitles: a click, a cough or a chair becomes "You" or "Thank you for
    watching". `voiced` is the length of the voiced sound in seconds.
    """
    words = re.findall(r"[\w']+", text.lower())
    if not words:  # musical notes, lone punctuation
        return ""
    return "" if voiced < _SHORT and " ".join(words) in _HEARD_IN_NOISE else text
