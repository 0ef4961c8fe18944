"""What an engine writes when nothing was said: its prompt again, or a film's credits.

Only a whole segment counts. The sure ones are what nobody dictates. "Thank you." is written for
silence, too, but people do say it: it is among the likely ones, which are off by default.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SURE = """
thanks for watching
thank you for watching
thank you so much for watching
thanks for watching and see you in the next video
please subscribe to my channel
please like and subscribe
don't forget to like and subscribe
subtitles by the amara org community
transcription by castingwords
transcribed by https otter ai
untertitel der amara org community
untertitel von stephanie geiges
untertitelung des zdf 2020
untertitel im auftrag des zdf für funk 2017
untertitelung im auftrag des zdf für funk 2017
vielen dank fürs zuschauen
sous titres réalisés para la communauté d'amara org
sous titres réalisés par la communauté d'amara org
merci d'avoir regardé cette vidéo
subtítulos realizados por la comunidad de amara org
gracias por ver el video
sottotitoli creati dalla comunità amara org
sottotitoli e revisione a cura di qtss
legendas pela comunidade amara org
ご視聴ありがとうございました
字幕由amara org社区提供
请不吝点赞 订阅 转发 打赏支持明镜与点点栏目
субтитры сделал dimatorzok
продолжение следует
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
_MARKER = re.compile(  # [BLANK_AUDIO], (music), *applause*, ♪♪
    r"(?:[\[(*]+\s*(?:blank[_ ]audio|silence|no (?:speech|audio)|(?:\w+ )?music(?: playing)?|"
    r"applause|laughter|inaudible|noise|stille|musik|applaus|musique|música|musica)\s*[\])*]+[.]?|"
    r"[♪♫\s]+)",
    re.IGNORECASE,
)
_FEWEST = 3  # words: a shorter prompt, or fewer keywords, may well be what was said
LEVELS = ("off", "sure", "likely")


class Unsaid:
    """Tells a segment that nobody spoke."""

    def __init__(self, level: str, prompt: str = "", keywords: Sequence[str] = ()) -> None:
        self._markers = level != "off"
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
        if plain in self._never:
            return True
        return self._markers and _MARKER.fullmatch(segment) is not None


def _plain(text: str) -> str:
    """Return the words of `text` in small letters without punctuation."""
    return " ".join(re.findall(r"[\w'’]+", text.casefold())).replace("’", "'")  # noqa: RUF001


def _lines(text: str) -> list[str]:
    return [_plain(line) for line in text.split("\n") if line]
