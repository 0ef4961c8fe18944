"""Recognizes film credits, which speech models write in silence, by their form.

The models have learnt from films: "Subtitles by the Amara.org community", "Titulky vytvořil
JohnyX", "字幕志愿者 李宗盛". Such a line is no sentence: it begins with a word for subtitles,
translation or transcript, then names who made them, and ends. "Subtitles by default are off" goes
on, "subtitles by Friday" names no person, and "the subtitles by ..." begins like a sentence.

Names are known by their capitals, addresses, initials and the word for a community; where a script
has no capitals, only after a colon or a word for "by".
"""

# ruff: noqa: RUF001 - the real characters

from __future__ import annotations

import re

_MOST = 14  # words of a credit
_SHOUT = 5  # letters in capitals that are a name and no ON or PDF


def _begins(words: str) -> re.Pattern[str]:
    """Return an expression for words that begin with one of these; "$" ends a whole word."""
    return re.compile("|".join(words.split()))


def _is(words: str) -> re.Pattern[str]:
    """Return an expression for these words."""
    return re.compile(f"(?:{'|'.join(map(re.escape, words.split()))})$")


# what is written in two words in some languages, and in one here
_TWO = re.compile(
    r"\b(sous|alt|phụ|sari|im|a|de|על|من|closed|norske?|danske?|svensk[ae]?|engelsk[ae]?)[ -]"
    r"(titr\w*|yazı\w*|đề|kata|auftrag|cura|către|ידי|قبل|caption\w*|te[kx]s?t(?:er)?\b)",
    re.IGNORECASE,
)
_SUBTITLES = _begins(
    "subtit subs$ closedcaption captions?$ captioning captioned untertitel soustitr subtítul "
    "subtítol sottotitol legendas legendad legendag ondertitel napisy napisów titulk субтитр "
    "титлов титри "
    "undertext textning svensktext undertekst teksting tekstning tekstet tekstity tekstitt felirat "
    "υπότιτλ υποτιτλ altyazı titlov podnapis podnaslov phụđề sarikata takarir azpititul skjátext "
    "norske?te[kx]s?t danske?te[kx]s?t svensk[ae]?te[kx]s?t engelsk[ae]?te[kx]s?t tekstit$ "
    "subtiitri titra$ titrat$ titrimi$ manukuu fotheideal isdeitlau tekstai$ "
    "כתוביות زیرنویس ترجمات उपशीर्षक सबटाइटल সাবটাইটেল வசனங்கள் ఉపశీర్షిక സബ്ടൈറ്റിൽ 자막 한글자막 영어자막"
)
_TRANSLATIONS = _begins(
    "translat sync$ synced$ übersetz traduc traduit traduz tradott tradus tradu[çc] vertal "
    "vertaald "
    "tłumacz překlad přelož preklad prelož перевод перевел перевёл озвуч "
    "переклад "
    "превод översätt oversett oversæt oversat käänn suomennos suomentanut fordít μετάφρασ çeviri "
    "çeviren prijevod prevod prevedel terjemah diterjemah dịch vertimas tulkojum tõlge legenda$ "
    "απόδοση$ përkth tafsiri$ vertaling cyfieithiad aistriúchán itzulpen þýðing "
    "תרגום ترجمة الترجمة ترجمه مترجم अनुवाद অনুবাদ மொழிபெயர்ப்பு 번역"
)
_TRANSCRIPTS = _begins(
    "edited$ redaktion obrad revisão revisión revisione revisie opracow transcri transkri trascri "
    "přepis расшифров litteroi απομαγν phiên$ bản$ редактор "
    "корректор תמלול تفريغ प्रतिलेख"
)
# participles, which a name follows or precedes
_DONE = _begins(
    "translated$ subtitled$ captioned$ transcribed$ übersetzt$ untertitelt$ transkribiert$ traduit "
    "soustitré traducid subtitulad tradott sottotitolat traduzid legendad vertaald$ ondertiteld$ "
    "přelož prelož перевел перевёл översatt$ textad$ oversat tekstet suomentanut fordította "
    "çeviren "
    "diterjemah"
)
_ACTIVITY = _begins("untertitelung soustitrage subtitling captioning ondertiteling")
_OPENING = _begins("تمت$ تم$")  # "done", before it
_IN = _is("in en em auf på po ve v na на in")
_ALSO = _begins(
    "al$ testo$ וסנכרון$ ועריכה$ והגהה$  revis correct korrekt korekt timing adapt redak sync &$ "
    "and$ und$ et$ y$ e$ "
    "i$ і$ en$ och$ og$ časov revíz kontrol edit$ edited und&$ وتدقيق ومراجعة وتعديل وإعداد "
    "وتوقيت obrad montaž montaż lektor dubb dublaj synchron "
    "ja$ a$ și$ ve$ και$ и$ та$ và$ dan$ ו$ و$ और$"
)
_LANGUAGES = _begins(
    "live$ engl engels angl ingl german deutsch allem alem duits niem něm нем french franz franç "
    "franc span españ espa portug brazil ital polsk polish česk czech slov рус укр англ svensk "
    "swedish norsk norweg dansk danish suomen finnish magyar hungar român romani ελλην greek türk "
    "turk arab hebr hindi tiếng$ việt$ ngữ$ indones bahasa korean japan chinese nederland dutch "
    "original "
    "বাংলা$ हिंदी$ हिन्दी$ தமிழ்$ తెలుగు$ മലയാളം$ اردو$ فارسی$ עברית$ العربية$ shqip eesti latvi "
    "lietuv "
    "official additional fan$ hrvatsk srpsk latin бълг az?$"
)
_BY = _is(
    "by durch imauftrag ved nga par por pela pelo pelas pelos door przez av af genom από oleh bởi "
    "acura "
    "decătre עלידי ע״י מאת بواسطة منقبل توسط 제공 제작"
)
_OF = _is("von vom de des der di da dal dalla del della do fra from från van od от від per")
_BEHIND = _is("tarafından által द्वारा দ্বারা")  # "by", after the name
_MADE = _begins(
    "made$ possible$ creat provid prepar produc perform submit contribut realiz realitz "
    "réalis créé propos "
    "cread criad feit hech fatt gemaakt ingediend verzorgd erstellt созда сдела делал подготов "
    "подогн перев vytvoř přelož připrav vytvor prelož priprav wykona stworz przygot opracow készít "
    "fordít hazırla oluştur çevir створ зроб підготув направ izrad uradi odradi naprav prevo "
    "skapad gjor lavet "
    "laget oprettet opprettet făcut δημιουργ dibuat disediakan được$ thực$ hiện$ tạo$ "
    "tekstittämä द्वारा निर्मित"
)
_ARTICLE = _is(
    "the la le les los las el il lo gli die der das den dem de het et o os a as az na la des di do "
    "της τη τον την του το των τους η"
)
_COMMUNITY = _begins(
    "communit communaut comunid comunit gemeinschaft gemeenschap społecznoś komunit сообществ "
    "спільнот общност fællesskab fellesskap gemenskap yhteisö közösség κοινότητ topluluk topluluğ "
    "zajednic skupnost cộng$ đồng$ volunteer team$ équipe$ equip קהילת مجتمع समुदाय সম্প্রদায় 커뮤니티"
)
_LINK = _is(
    "and & und et y e i en och og ja a și ve και и та de von van der den la del di da du le the of "
    "af av dos das na на az"
)
_TEXTS = _begins("tekst teks$ text")
_SAID = _is(  # a sentence about subtitles there
    "is are was were has have had can on at to in for about see find get und ist sind war "
    "waren wird "
    "wurde wurden hat gibt auf bei für est sont était sur pour es está están en son para è sono su "
    "sulla per são estão em op voor zijn są na dla jsou pro på är finns för er ligger til till для "
    "есть были лежат"
)
_ADDRESS = re.compile(r"https?://|www\.|@\w|\w(?:[\w-]*\.)+[a-z]{2,}\b", re.IGNORECASE)
_INITIALS = re.compile(r"(?:\w\.)+\w*")
_MIXED = re.compile(r"\w*[a-zа-яё][A-ZА-Я]\w*|(?=\w*\d)[^\W\d]\w*")
_CASELESS = re.compile("[\u0590-\u08ff\u0900-\u0dff\uac00-\ud7af]")
_WHEN = _is(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december christmas easter"
)
_STRIPPED = ".,;!?\"'()[]{}«»“”„*|/‘’"
_ELIDED = re.compile(r"[lLdD]['’](?=\w)")
_QUOTED = re.compile(r'[«„“"]([^\W\d]\w*)[»”“"]')  # a nickname
_SIGNS = re.compile(r"\s*[:：|©](?!//)\s*|\s[-–—]\s")

# Chinese, Japanese and Thai have no blanks between words
_SUBJECT = (
    "(?:中文|英文|日本語|繁體|简体|简中|双语|中英)?"
    "(?:字幕|翻译|翻譯|翻訳|听译|聽打|校对|校對|时间轴|時間軸|คำบรรยาย|ซับไตเติ้ล|ซับไทย|คำแปล"
    "|แปล(?=โดย)|(?<=[ยล์])ไทย|[・/＆&と](?=字幕|翻訳|翻译))+"
)
_ROLE = "(?:志愿者|志願者|组|組|製作|制作|作成|提供|来源|來源|作者|担当)"
_UNSPACED = re.compile(
    rf"{_SUBJECT}(?:{_ROLE}+\s*[:：]?|\s*[:：]|\s*by(?![a-z])|\s*(?:จัดทำ)?โดย)\s*[^，。、のをはがにで了的吗嗎]{{0,24}}"
    rf"|\S{{0,4}}{_SUBJECT}由.{{1,30}}(?:提供|製作|制作|翻譯|翻译|校對|校对|完成|上傳|上传)"
    rf"|由.{{1,30}}(?:提供|製作|制作)的?{_SUBJECT}"
    rf"|\S{{2,30}}による{_SUBJECT}{_ROLE}?"
    rf"|{_SUBJECT}は?.{{0,12}}amara\.org.{{0,6}}(?:社群|社区|社區|コミュニティ).{{0,20}}"
    rf"|{_SUBJECT}(?:來自|来自)\s*amara\.org"
    rf"|.{{0,10}}amara\.org.{{0,20}}{_SUBJECT}{_ROLE}?",
    re.IGNORECASE,
)
_STATION = (
    r"(?:ARD|ZDF|WDR|SWR|NDR|MDR|RBB|BR|HR|ORF|SRF|BBC|ITV|NOS|NPO|NRK|SVT|YLE|RÚV|TVP|RTP|RTVE|RAI|"
    r"France Télévisions|Radio-Canada|Australian Broadcasting Corporation)"
)
_YEAR = r"(?:19|20)\d\d"
_BROADCAST = re.compile(
    rf"(?:(?i:copyright)|©|\([cC]\)|(?i:copyright) ©) (?:{_STATION}(?: [A-Z]\w+)?,? {_YEAR}"
    rf"|{_YEAR},? {_STATION}(?: [A-Z]\w+)?)"
    rf"|(?:ARD|ZDF|WDR|SWR|NDR|MDR|RBB|ORF|SRF|BBC)(?: \w+)?,? {_YEAR}"
    rf"|Untertitel(?:ung)? (?:im Auftrag )?(?:des |der )?{_STATION}(?: für funk)?(?:,? {_YEAR})?"
    rf"|TV [A-Z]\w+,? {_YEAR}"
    rf"|(?:[A-Z]\w+ )?(?:Text|Tekst|Subtitling|Captioning) (?:Service|Group)(?:,? {_YEAR})?"
    # a newsreader's last words
    r"|(?:지금까지\s*)?(?:\S+에서\s*)?(?:MBC|KBS|SBS|YTN|JTBC|TV조선|채널A|연합)\s*뉴스"
    r"(?:\s*\S{2,4}(?:입니다|였습니다)?)?"
    r"|.{0,12}独播剧场.{0,40}|.{0,12}獨播劇場.{0,40}|(?:\w+ )?Television Series Exclusive"
)
# who does subtitles for a living, or for fun: "par SousTitreur.com"
_BY_SITE = re.compile(
    r"\W*(?:by|par|por|von|da|di|av|af|door|od|от)\s+(?:www\.)?[\w-]*"
    r"(?:subtit|subs|sous-?titr|untertit|sottotit|subtít|legend|napisy|titulk|ondertit)[\w-]*\.[a-z]{2,4}",
    re.IGNORECASE,
)


def is_credit(segment: str) -> bool:
    """Whether all of a short segment has the form of a credit."""
    segment = _QUOTED.sub(r"@\1", segment).strip(_STRIPPED + " ")
    if any(form.fullmatch(segment) for form in (_UNSPACED, _BROADCAST, _BY_SITE)):
        return True
    signed = _SIGNS.sub(" : ", _TWO.sub(r"\1\2", segment), count=2)
    words = [_ELIDED.sub("", word.strip(_STRIPPED)) or word for word in signed.split()]
    return len(words) <= _MOST and (
        _is_of_amara(words) or _names_first(words) or _Line(words).is_credit()
    )


def _is_of_amara(words: list[str]) -> bool:
    """Whether the line names the Amara community, which most credits are from, and says no more."""
    small = [word.lower() for word in words]
    subjects = (_SUBTITLES, _TRANSLATIONS, _TRANSCRIPTS, _TEXTS)
    return (
        any("amara.org" in word for word in small)
        and (
            any(one.match(word) for one in subjects for word in small[:2])
            or (
                any(_COMMUNITY.match(word) for word in small)
                and any(one.match(word) for one in subjects for word in small[:4])
                and any(_MADE.match(word) for word in small)
            )
        )
        and any(_ADDRESS.search(word) or _COMMUNITY.match(word) for word in small[-2:])
        and not any(map(_SAID.match, small))
    )


def _names_first(words: list[str]) -> bool:
    """Whether the line is an address, then names and "by", then a word for subtitles."""
    if len(words) < 2 or not any(map(_ADDRESS.search, words[:2])):
        return False
    between = (_COMMUNITY, _BEHIND, _MADE, _BY, _ARTICLE, _ADDRESS)
    last = words[-1].lower()
    return bool(_SUBTITLES.match(last) or _TRANSLATIONS.match(last)) and all(
        any(one.match(word.lower()) for one in between) for word in words[:-1]
    )


class _Line:
    """Reads the words of a line from its beginning."""

    def __init__(self, words: list[str]) -> None:
        self._words, self._at = words, 0

    def is_credit(self) -> bool:
        """Whether the line is a credit."""
        activity = self._here(_ACTIVITY)
        strong, weak, strict, done = self._subjects()
        if not (strong or weak or strict):
            return False
        signed, made = self._sign(), self._skip(_MADE) or done
        by = self._skip(_BY)
        of = not by and not signed and self._skip(_OF)  # "Tekst: Per Olsen"
        if by or of or made:
            self._skip(_OF)
            self._skip(_ARTICLE)
        signed = self._sign() or signed
        names, known = _names(self._words[self._at :], caseless=by or signed)
        if by or known > 2:  # who made them is said, or there is an address
            return names > 0
        if strong or made:
            return names > 1 or known > 1 or (known > 0 and (of or made or activity))
        return (weak and signed and names > 1) or (strict and names > 0 and known == 2)

    def _subjects(self) -> list[bool]:
        """Skip the words for the work and its language.

        Return whether it is subtitles, a translation, a transcript, and whether it is "done".
        """
        subjects = (_SUBTITLES, _TRANSLATIONS, _TRANSCRIPTS, _DONE)
        found = [False] * len(subjects)
        while self._at < len(self._words):
            here = [self._here(one) for one in subjects]
            if any(here):
                found = [*map(any, zip(found, here, strict=True))]
            elif not (
                self._language()
                or (self._at == 0 and self._here(_OPENING))
                or (any(found) and (self._here(_ALSO) or self._joins(subjects)))
            ):
                break
            self._at += 1
        return found

    def _joins(self, subjects: tuple[re.Pattern[str], ...]) -> bool:
        """Whether the next word is the "in" that means "and" in Slovenian."""
        following = self._words[self._at + 1 : self._at + 2]
        return self._here(_IN) and any(one.match(w.lower()) for one in subjects for w in following)

    def _language(self) -> bool:
        """Whether a language is named next; skip a word for "in" before it."""
        named = self._at + 1
        if self._here(_IN) and named < len(self._words):
            if _LANGUAGES.match(self._words[named].lower()):
                self._at = named
                return True
            return False
        return self._here(_LANGUAGES)

    def _here(self, wanted: re.Pattern[str]) -> bool:
        return self._at < len(self._words) and bool(wanted.match(self._words[self._at].lower()))

    def _skip(self, wanted: re.Pattern[str]) -> bool:
        """Skip such words; return whether there was one."""
        before = self._at
        while self._here(wanted):
            self._at += 1
        return self._at > before

    def _sign(self) -> bool:
        if self._words[self._at : self._at + 1] != [":"]:
            return False
        self._at += 1
        return True


def _names(words: list[str], *, caseless: bool) -> tuple[int, int]:
    """Return the number of names in the words, and the best grade of one.

    Both are 0 if anything else is among them, except "by" and "made" after them.
    """
    behind = [bool(_BEHIND.match(word.lower())) for word in words]
    if any(behind):
        words = words[: behind.index(True)] if len(words) - behind.index(True) <= 3 else []
    while words and _MADE.match(words[-1].lower()):
        words = words[:-1]
    if not words or _LINK.match(words[-1]) or _WHEN.match(words[-1].lower()):
        return 0, 0
    grades = [_grade(word, caseless=caseless or any(behind)) for word in words]
    if None in grades:
        return 0, 0
    known = max(grade or 0 for grade in grades)
    return sum(not _LINK.match(word) for word in words), 3 if any(behind) else known


def _grade(word: str, *, caseless: bool) -> int | None:
    """Return how surely a word is a name; None if it is not.

    3 for an address or a community, 2 for initials, 1 for a word with capitals or digits in it, 0
    for a word that may be anything.
    """
    if _ADDRESS.search(word) or _COMMUNITY.match(word.lower()):
        return 3
    if _INITIALS.fullmatch(word) or (word.isupper() and len(word) >= _SHOUT):
        return 2
    if _MIXED.fullmatch(word) or (word.isupper() and len(word) > 1):
        return 1
    if word[0].isupper() or word[0].isdigit() or _LINK.match(word) or word == ":":
        return 0
    return 0 if caseless and _CASELESS.match(word) else None
