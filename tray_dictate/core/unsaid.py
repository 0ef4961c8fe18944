"""What an engine writes when nothing was said: its prompt again, a film's credits, or a mark.

Only a whole segment counts, also where it is repeated. The sure ones are what nobody dictates.
"Thank you." is written for silence, too, but people do say it: it is among the likely ones, which
are off by default.
"""

# ruff: noqa: RUF001 - the real characters

from __future__ import annotations

import re
from collections.abc import Sequence

from tray_dictate.core.credits import is_credit
from tray_dictate.core.marks import after_marks, is_mark

_SURE = """
please subscribe
please subscribe to my channel
please subscribe to our channel
please like and subscribe
like and subscribe
like share and subscribe
please like share and subscribe
don't forget to like and subscribe
don't forget to subscribe
don't forget to subscribe to my channel
thanks for watching and see you in the next video
see you in the next video
i'll see you in the next video
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
请不吝点赞 订阅 转发 打赏支持明镜与点点栏目
продолжение следует
vielen dank fürs zuschauen
danke fürs zuschauen
vielen dank für's zuschauen
danke für die aufmerksamkeit und bis zum nächsten video
bis zum nächsten video
abonniert meinen kanal
abonniert den kanal
merci d'avoir regardé cette vidéo
merci d'avoir regardé
merci d'avoir regardé la vidéo
abonnez vous à la chaîne
n'oubliez pas de vous abonner
gracias por ver
gracias por ver el video
gracias por ver el vídeo
gracias por ver este video
muchas gracias por ver el video
suscríbete al canal
suscríbanse al canal
no olvides suscribirte
obrigado por assistir
obrigada por assistir
obrigado por assistirem
muito obrigado por assistir
inscreva se no canal
grazie per aver guardato il video
grazie per aver guardato
grazie per la visione
iscrivetevi al canale
iscriviti al canale
bedankt voor het kijken
dank u voor het kijken
abonneer je op mijn kanaal
dziękuję za oglądanie
dziękuję za obejrzenie
dzięki za oglądanie
dziękuje za oglądanie
zasubskrybuj kanał
subskrybujcie kanał
děkuji za sledování
děkujeme za sledování
děkuji za zhlédnutí
ďakujem za pozeranie
спасибо за просмотр
спасибо за просмотр этого видео
спасибо что смотрели
подписывайтесь на канал
подпишитесь на канал
ставьте лайки и подписывайтесь на канал
дякую за перегляд
дякуємо за перегляд
підписуйтесь на канал
благодаря за гледането
благодаря ви че гледахте
hvala na gledanju
hvala što ste gledali
хвала на гледању
tack för att du tittade
tack för att ni tittade
tack för att ni har tittat
tack för att du har tittat
glöm inte att prenumerera
takk for at du så på
takk for at dere så på
takk for at du ser på
tak fordi du så med
tak fordi i så med
tak for at se med
kiitos kun katsoit
kiitos katsomisesta
kiitos kun katsoitte
köszönöm hogy megnézted
köszönöm a figyelmet és iratkozzatok fel
köszönjük hogy megnézte
köszönöm hogy megnéztétek
iratkozz fel a csatornára
mulțumesc pentru vizionare
mulțumim pentru vizionare
vă mulțumesc pentru vizionare
abonați vă la canal
ευχαριστώ που παρακολουθήσατε
ευχαριστούμε που παρακολουθήσατε
ευχαριστώ για την παρακολούθηση
izlediğiniz için teşekkür ederim
izlediğiniz için teşekkürler
i̇zlediğiniz için teşekkür ederim
i̇zlediğiniz için teşekkürler
kanala abone olmayı unutmayın
abone olmayı unutmayın
videoyu beğenmeyi ve abone olmayı unutmayın
شكرا للمشاهدة
شكرا لكم على المشاهدة
شكرا على المشاهدة
اشتركوا في القناة
لا تنسوا الاشتراك في القناة
תודה על הצפייה
תודה רבה על הצפייה
תודה שצפיתם
תודה רבה שצפיתם
با تشکر از تماشای شما
ممنون که تماشا کردید
देखने के लिए धन्यवाद
वीडियो देखने के लिए धन्यवाद
चैनल को सब्सक्राइब करें
দেখার জন্য ধন্যবাদ
ขอบคุณที่รับชม
ขอบคุณที่รับชมครับ
ขอบคุณที่รับชมค่ะ
cảm ơn các bạn đã theo dõi
cảm ơn các bạn đã xem
cảm ơn đã xem
cảm ơn bạn đã xem
cảm ơn các bạn đã theo dõi và hẹn gặp lại
hãy đăng ký kênh
hãy subscribe cho kênh ghiền mì gõ để không bỏ lỡ những video hấp dẫn
terima kasih telah menonton
terima kasih kerana menonton
terima kasih sudah menonton
jangan lupa subscribe
jangan lupa like dan subscribe
시청해주셔서 감사합니다
시청해 주셔서 감사합니다
구독과 좋아요 부탁드립니다
구독과 좋아요 알림설정 부탁드립니다
ご視聴ありがとうございました
ご視聴ありがとうございます
最後までご視聴いただきありがとうございました
チャンネル登録お願いします
チャンネル登録よろしくお願いします
高評価とチャンネル登録お願いします
谢谢观看
感谢观看
謝謝觀看
感謝觀看
谢谢收看
謝謝收看
感谢您的观看
请订阅
请订阅我的频道
請訂閱我的頻道
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
_WATCHING = re.compile(
    r"(?:(?:many )?thanks|thank you)(?: (?:so|very) much)?(?: (?:all|everyone|everybody|guys))?"
    r" for (?:watching|viewing)(?: (?:this|my|the|our) videos?)?(?: (?:all|everyone|guys))?"
    r"(?: (?:and )?(?:i'll )?see you (?:in the )?next (?:time|video|one))?(?: bye(?: bye)?)?"
)
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
        segment = _once(segment)
        if len(segment) > _LONGEST:
            return False
        if self._knows(segment):
            return True
        sentences = [after_marks(part) for part in _SENTENCE_END.split(after_marks(segment))]
        return all(not sentence.strip() or self._knows(sentence) for sentence in sentences)

    def _knows(self, text: str) -> bool:
        plain = _plain(text)
        known = plain in self._never or _WATCHING.fullmatch(plain) is not None
        return known or is_mark(text) or is_credit(text)


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
