"""Recognizes descriptions of sounds that engines write: [Music], (laughter), *sighs*, <|nospeech|>.

They stand in brackets or stars of any script, and are known by how their words begin, in many
languages. Other words in brackets were dictated.
"""

# ruff: noqa: RUF001 - the real characters

from __future__ import annotations

import re

_MOST = 5  # words of a description
_OPEN = r"\[(（【〔［{｛<「『〈《"
_CLOSE = r"\])）】〕］}｝>」』〉》"
_PIECE = re.compile(
    r"<\|[^|<>]{0,60}\|>"
    rf"|[{_OPEN}]+\s*(?P<in>[^{_OPEN}{_CLOSE}]{{1,80}}?)\s*[{_CLOSE}]+"
    r"|\*{1,3}\s*(?P<stars>[^*]{1,80}?)\s*\*{1,3}"
    r"|_(?P<lines>[^_]{1,80})_"
)
_NOTES = "♪♫♬🎵🎶🎼"
_BETWEEN = f" .,;:!?~～…-–—。、\ufe0f{_NOTES}"
_SUNG = re.compile(rf"[{_NOTES}](?:.{{0,300}}[{_NOTES}])?", re.DOTALL)
_CODE = re.compile(r"[A-Z0-9]*_[A-Z0-9_ ]*|SPN|UNK|SIL|NSN")
_SOUNDS = (
    # English
    "music applau laugh chuckl giggl snicker silen inaudibl unintelligib indistinct noise cough "
    "sigh gasp breath exhal inhal cheer clap sob sniff groan moan grunt scream whisper whistl "
    "humming chant beep buzz ringing rings ringtone chime footsteps rustl static crackl thunder "
    "whir crinkl crunch rumbl squeal squeak hissing creak$ creaking clank clatter clink gurgl "
    "slurp "
    "gulp bark$ barks barking meow growl howl chirp clucking pants$ panting gunfire explosion "
    "crosstalk chatter throat yawn sneez hiccup snor growl mumbl murmur gunshot siren honk "
    "speech$ audio$ instrumental jingle "
    # German, Dutch
    "musik applaus beifall lachen lacht gelächter stille rauschen geräusch husten seufz räusper "
    "unverständlich klatschen jubel schluchz gähn niest pfeif flüstert stöhnt muziek gelach "
    "stilte geluid hoest zucht onverstaanbaar gejuich "
    # French, Spanish, Portuguese, Italian, Catalan, Romanian
    "musique applaudiss rires?$ rire silence bruit toux tousse soupir inaudible sifflement "
    "música musica palmas aplaus aplauso risas?$ ríe silencio ruido tos$ tose suspir risos?$ "
    "risada "
    "silêncio ruído tosse inaudível applaus risat silenzio rumor sospir incomprensibil ride$ "
    "rit$ riure muzică aplauze râs râset liniște zgomot tuse oftea oftat "
    # Slavic
    "muzyk oklaski śmiech śmieje cisza szum kaszel westchn niezrozumiał brawa hudb potlesk "
    "smích směje ticho hluk kašel vzdech nesrozumit smiech šum kašeľ музык аплодисмент смех "
    "смеет смеёт тишин шум кашел кашля вздох вздыха неразборчив музик оплеск сміх тиша кашель "
    "зітхан "
    "звонит$ звонок гудок лай$ лает$ сирен выстрел взрыв песня$ мелоди стук$ рёв$ рев$ плеск "
    "ръкоплескан ръкопляскан смях тишина glazb muzik pljesak smijeh smeh tišina buka kašalj "
    "aplauz muzika "
    "музика смеј аплауз "
    # Nordic, Baltic, Finnish, Hungarian
    "musik applåd skratt tystnad brus hostning hostar hosta$ suck$ musikk latter sukk$ sukker "
    "stillhet støy hoste "
    "applaus bifald klapsalv stilhed støj tónlist hlátur klapp musiikki aplod nauru naura "
    "hiljaisuus "
    "melu yskä yskii huokau taputus zene taps nevet csend zaj köhög sóhaj muusika naer vaikus "
    "muzika "
    "juok tyla mūzika "
    # Greek, Turkish, Albanian
    "μουσικ χειροκροτ χειροκρότ γέλι γελ σιωπή θόρυβ βήχ αναστεν müzik alkış gülüş gülme kahkaha "
    "sessizlik gürültü öksür muzikë "
    # Semitic, Persian, Urdu
    "موسيقى تصفيق ضحك صمت ضوضاء سعال تنهد ضجيج مسموع מוזיקה מוסיקה מחיאות תשואות צחוק שתיקה שקט "
    "רעש "
    "שיעול אנחה موسیقی تشویق خنده سکوت سرفه صدای تالیاں "
    # South and South-East Asia
    "संगीत तालियाँ तालियां हँसी हंसी मौन शोर खांसी সঙ্গীত হাসি করতালি இசை கைதட்டல் சிரிப்பு "
    "సంగీతం ดนตรี เสียง หัวเราะ ปรบมือ เงียบ เพลง nhạc vỗ cười musik tepuk tawa tertawa hening "
    "batuk bising muzik "
    # crying, shouting, singing, whispering, breathing, knocking, shots, in all of them
    "cries$ weep wail shout yell sings$ singing knock weint$ schreit$ schreie$ singt$ "
    "flüstern$ klopf atmet$ huilt$ gehuil schreeuw fluister klopt$ pleurs$ pleure$ sanglot cris$ "
    "crie$ chante$ chuchot gémi respire$ llanto llora grito gime gemido canta$ susurr respira$ "
    "choro$ chora$ canto$ sussurr geme$ gemidos pianto piang urla$ grida$ bussa$ plâns plânge țip "
    "șopt cântă płacz płacze krzy szept śpiewa puka$ wystrzał pláč pláče křik křičí šept zpívá "
    "klepán "
    "plače$ plač$ krik$ šapuće viče$ плач крик кричит кричить поёт$ поет$ співа шёпот шепот шепче "
    "шепчет стон стонет вопль вика$ пее$ gråt gråter skrik sjunger viskar gråtende roper synger "
    "hvisker banker gråd græder råber itkua itkee huuto huutaa laulaa kuiskaa sírás sír$ kiabál "
    "sikol énekel suttog kopog κλάμα κλαί κραυγ φωνάζει τραγουδ ψιθυρ ağlama ağlıyor ağlar çığlık "
    "bağır şarkı fısıld بكاء يبكي صراخ غناء همس בכי בוכה צעק שירה לחיש گریه فریاد آواز رونا$ रोना "
    "रोने चीख गाना फुसफुसा কান্না চিৎকার গান அழுகை பாடல் ఏడుపు పాట ร้อง กรีด กระซิบ khóc hét hát "
    "menangis tangis teriak nyanyi bisik 哭 尖叫 唱歌 歌声 歌聲 低语 叹息 喘息 枪声 槍聲 爆炸 敲门 "
    "泣き 叫び 悲鳴 歌声 ささや ノック 銃声 足音 울음 비명 속삭 노크 총성 발소리 "
    # East Asia
    "音乐 音樂 音楽 掌声 掌聲 拍手 笑 笑声 笑聲 笑い 无声 無聲 無音 沈黙 沉默 静音 噪音 雑音 咳 "
    "叹气 嘆氣 ため息 鼓掌 背景音 歓声 欢呼 음악 박수 웃음 침묵 소음 기침 한숨 노래 환호 잡음 "
)
_MUSIC = ("musik", "musikk", "muziek")  # ends of words such as "Hintergrundmusik"
_SOUND = re.compile("|".join(dict.fromkeys(_SOUNDS.split())))
_PHRASE = re.compile(
    r"(?:speaking|speaks|speak|singing|sings) (?:in )?[\w ]*(?:language|english|spanish|french"
    r"|german|russian|chinese|japanese|korean|arabic|hindi|italian|portuguese)"
    r"|foreign(?: language)?|(?:no|not) (?:speech|audio|sound|voice)\w*|sound of .+"
    r"|(?:phone|door|dog|birds?|wind|bell|bells|baby|engine|rain|water|keyboard|mouse) \w+(?:ing|s)"
    r"|(?:\w+ ){0,2}(?:sounds?|noises?)"
    r"|(?:\w+ )?(?:typing|clicking|knocking|crying|singing|barking|meowing|chirping|thud|bang)"
)
_SENTENCE = re.compile(
    r"\b(?:he|she|we|they|i|you|it|is|are|was|were|by|please|see|the|that|this|if|of|to|for|only|my|your|und|ist|der|die"
    r"|folder|files?|list|link|chart|name|title|page|section|lesson|teacher|app|player|settings"
    r"|das|bitte|est|le|la|les|por|es|el|per|favore|jest|proszę|не|и|на)\b"
)


def is_sound_description(segment: str) -> bool:
    """Whether all of a short segment describes sounds, or is sung (between notes)."""
    if _SUNG.fullmatch(segment.replace("\ufe0f", "").strip()):
        return True
    if _is_shouted(segment.strip(_BETWEEN)):
        return True
    rest = after_sound_descriptions(segment)
    noted = any(sign in segment for sign in _NOTES)
    return not rest.strip(_BETWEEN) and (rest != segment or noted)


def _is_shouted(text: str) -> bool:
    """Whether a sound is named in capitals alone, as in subtitles for the deaf."""
    words = text.split()
    if not text.isupper() or not 1 < len(words) <= _MOST:
        return False
    return any(_SOUND.match(word.casefold()) for word in words)


def after_sound_descriptions(segment: str) -> str:
    """Return `segment` without the descriptions that it begins with."""
    while (piece := _PIECE.match(segment.lstrip(_BETWEEN))) and _is_sound(piece):
        segment = segment.lstrip(_BETWEEN)[piece.end() :]
    return segment


def _is_sound(piece: re.Match[str]) -> bool:
    """Whether the words in brackets describe a sound."""
    if piece["in"] is None and piece["stars"] is None and piece["lines"] is None:
        return True
    inside: str = piece["in"] or piece["stars"] or piece["lines"]
    if _CODE.fullmatch(inside.strip()):
        return True
    words = inside.casefold().split()
    plain = " ".join(words).strip(_BETWEEN)
    if _PHRASE.fullmatch(plain):
        return True
    if len(words) > _MOST or _SENTENCE.search(plain):
        return False
    return any(_SOUND.match(word) or word.endswith(_MUSIC) for word in words)
